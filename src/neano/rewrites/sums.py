"""Sums in one form: nested additions, subtractions and negations become terms minus terms, equal terms are collected.

x + x becomes 2 x, x - x becomes 0, constants become one and stand first; a sum that has nothing to collect stays as the
user wrote it, but for nesting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import canonicalize, registers, specialize, stabilize
from neano.rewrites.values import (
    constant_value,
    function_of,
    in_type_of,
    is_constant,
    only_reader,
    scalar_constant,
    widened,
)
from neano.scalar.dtypes import is_complex, is_discrete
from neano.scalar.rows import row

_ADD, _SUB, _NEG, _MUL = row("add"), row("sub"), row("neg"), row("mul")
Family = frozenset[int]
"""Rows of the scalar table, by identity: there is one of each."""


def family_of(*functions: Any) -> Family:
    """Return a family of rows."""
    return frozenset(map(id, functions))


_SUMS = family_of(_ADD, _SUB, _NEG)


def belongs_to(function: Any, family: Family) -> bool:
    """Say whether a scalar function is one of a family."""
    return id(function) in family


def is_part_of_larger(fgraph: FunctionGraph, node: Apply, family: Family) -> bool:
    """Say whether the only reader of a node is of the same family and type, so that the node is taken care of there."""
    reader = only_reader(fgraph, node.outputs[0])
    if reader is None or not belongs_to(function_of(reader.outputs[0]), family):
        return False
    return bool(reader.outputs[0].type == node.outputs[0].type)


@dataclass
class Sum:
    """A sum taken apart.

    Attributes:
        constant: the constants together.
        coefficients: term -> how often it is there; terms in the order of their first place.
        nested: how many sums stood inside the sum.
        collected: whether equal terms or several constants met, or a zero stood there.
    """

    dtype: str
    constant: Any
    coefficients: dict[Any, Any] = field(default_factory=dict)
    nested: int = 0
    collected: bool = False

    def add_constant(self, value: Any) -> None:
        if self.constant != 0 or value == 0:
            self.collected = True
        with np.errstate(all="ignore"):
            self.constant = np.asarray(self.constant + np.asarray(value).astype(self.dtype)).astype(self.dtype)[()]

    def add_term(self, term: Any, coefficient: int) -> None:
        if term in self.coefficients:
            self.collected = True
            self.coefficients[term] += coefficient
        else:
            self.coefficients[term] = coefficient


def take_apart(fgraph: FunctionGraph, root: Apply) -> Sum:
    """Return the terms of a sum, those of sums inside included that nothing else reads."""
    like = root.outputs[0]
    dtype = like.type.dtype  # type: ignore[attr-defined]
    found = Sum(dtype, np.asarray(0, dtype=dtype)[()])
    pending: list[tuple[Any, int]] = [(like, 1)]
    while pending:
        variable, sign = pending.pop()
        function = function_of(variable)
        inside = belongs_to(function, _SUMS) and (
            variable is like or (variable.type == like.type and only_reader(fgraph, variable) is not None)
        )
        if inside:
            found.nested += variable is not like
            inputs = variable.owner.inputs
            signs = [sign, -sign] if function is _SUB else [-sign if function is _NEG else sign] * len(inputs)
            pending.extend(zip(reversed(inputs), reversed(signs), strict=True))
            continue
        value = constant_value(variable)
        if value is not None:
            found.add_constant(value * sign if sign > 0 else -np.asarray(value).astype(dtype))
        else:
            found.add_term(variable, sign)
    return found


def collect_multiples(found: Sum) -> None:
    """Let multiples of one term by constants (x and 2 x) be one term, where there is more than one of them."""
    by_base: dict[Any, list[Any]] = {}
    for term in found.coefficients:
        by_base.setdefault(_base(term)[0], []).append(term)
    for base, terms in by_base.items():
        if len(terms) > 1:
            total = sum(found.coefficients.pop(term) * _base(term)[1] for term in terms)
            found.coefficients[base] = total
            found.collected = True


def _base(term: Any) -> tuple[Any, Any]:
    """Return what a term is a constant multiple of, and the constant."""
    if function_of(term) is _NEG:
        base, factor = _base(term.owner.inputs[0])
        return base, -factor
    if function_of(term) is _MUL and len(term.owner.inputs) == 2:
        for number, rest in (term.owner.inputs, reversed(term.owner.inputs)):
            value = constant_value(number)
            if value is not None and rest.type == term.type:
                return rest, value
    return term, 1


def build(found: Sum, ndim: int) -> Any:
    """Return the sum as an expression: the constant first, what is added, minus what is taken off."""
    added: list[Any] = []
    removed: list[Any] = []
    for term, coefficient in found.coefficients.items():
        if coefficient == 0:
            found.collected = True
            continue
        size = abs(coefficient)
        wide = widened(term, found.dtype) if is_discrete(found.dtype) else term
        multiple = wide if size == 1 else _MUL(scalar_constant(size, found.dtype, term.ndim), wide)
        (added if coefficient > 0 else removed).append(multiple)
    if found.constant != 0 or not (added or removed):
        if added or found.constant > 0 or not removed:
            added.insert(0, scalar_constant(found.constant, found.dtype, ndim))
        else:
            added.append(scalar_constant(found.constant, found.dtype, ndim))
    if not removed:
        return _together(added, found.dtype)
    less = _together(removed, found.dtype)
    return _SUB(_together(added, found.dtype), less) if added else _NEG(less)


def _together(terms: list[Any], dtype: str) -> Any:
    """Return the sum of terms, computed in a dtype."""
    if len(terms) == 1:
        return terms[0]
    if not any(term.dtype == dtype for term in terms):
        terms = [widened(term, dtype) for term in terms]
    return _ADD(*terms)


@registers(canonicalize, stabilize, specialize)
@rewriter(_ADD, _SUB, _NEG, name="local_add_canonizer", depth=2)
def canonical_sum(fgraph: FunctionGraph, node: Apply) -> Any:
    """Bring a sum into its one form."""
    like: Any = node.outputs[0]
    if like.dtype == "bool" or is_complex(like.dtype) or not belongs_to(function_of(like), _SUMS):
        return None
    if is_part_of_larger(fgraph, node, _SUMS) or not _may_change(node):
        return None
    found = take_apart(fgraph, node)
    before = found.nested
    if not is_discrete(like.dtype):
        collect_multiples(found)
    built = build(found, like.ndim)
    if not found.collected and not _is_flatter(node, before, built):
        return None
    result = in_type_of(built, like)
    return None if result is None else [result]


def _may_change(node: Apply) -> bool:
    """Say, at little cost, whether a sum may have another form: a sum inside, an operand twice, a constant or a multiple."""
    seen: set[Any] = set()
    multiples = 0
    for position, operand in enumerate(node.inputs):
        function = function_of(operand)
        if id(function) in _SUMS or operand in seen:
            return True
        if constant_value(operand) is None:
            multiples += function is _MUL
            seen.add(operand)
        elif position > 0 or len(node.inputs) > 2 or is_constant(operand, 0):
            return True
    return multiples > 0 and len(seen) > 1


def _is_flatter(node: Apply, nested: int, built: Any) -> bool:
    """Say whether a sum of the same terms has less nesting than before, or another function at its root or constant's place."""
    if built.owner is None or function_of(built) is None:
        return True
    function = function_of(built)
    if function is not function_of(node.outputs[0]):
        return True
    inside = [v for v in built.owner.inputs if belongs_to(function_of(v), _SUMS) and v.owner is not None]
    own = [v for v in inside if v not in node.inputs]
    if len(own) < nested:
        return True
    first = constant_value(built.owner.inputs[0]) is not None
    return first and constant_value(node.inputs[0]) is None
