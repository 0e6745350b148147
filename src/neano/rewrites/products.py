"""Products in one form: nested products, quotients, negations and whole powers become factors over factors, with one number.

x * x becomes sqr(x), x / x becomes 1, (a * b) / (a * c) becomes b / c, a sign stands in front of all. As in Theano, what
is cancelled is taken to be finite and not 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import canonicalize, registers, specialize, stabilize
from neano.rewrites.sums import belongs_to, family_of, is_part_of_larger
from neano.rewrites.values import (
    constant_value,
    function_of,
    in_type_of,
    is_real_float,
    number_of_readers,
    only_reader,
    scalar_constant,
    widened,
)
from neano.scalar.dtypes import is_complex, is_discrete
from neano.scalar.rows import row

_MUL, _DIV, _NEG, _INV, _SQR, _POW = (row(name) for name in ("mul", "true_div", "neg", "inv", "sqr", "pow"))
_ADD, _SUB = row("add"), row("sub")
FLOAT_PRODUCTS = family_of(_MUL, _DIV, _NEG, _INV)
_WHOLE_PRODUCTS = family_of(_MUL)
_PARTS = family_of(_MUL, _DIV, _NEG, _INV, _SQR, _POW)


@dataclass
class Product:
    """A product taken apart.

    Attributes:
        dtype: of the result.
        numbers: the constant factors together, and the constant divisors.
        exponents: base -> whole exponent, in the order of the first places.
        parts: base -> the exponents with which it stood there.
        nested: how many products stood inside the product.
        signs: how often a negation stood there.
        constants: how many constants there were.
    """

    dtype: str
    number: Any
    divisor: Any
    exponents: dict[Any, int] = field(default_factory=dict)
    parts: dict[Any, list[int]] = field(default_factory=dict)
    nested: int = 0
    signs: int = 0
    constants: int = 0

    def multiply(self, base: Any, exponent: int) -> None:
        self.exponents[base] = self.exponents.get(base, 0) + exponent
        self.parts.setdefault(base, []).append(exponent)

    def multiply_number(self, value: Any, exponent: int) -> None:
        self.constants += 1
        with np.errstate(all="ignore"):
            factor = np.asarray(value).astype(self.dtype)[()]
            if exponent > 0:
                self.number = np.asarray(self.number * factor).astype(self.dtype)[()]
            else:
                self.divisor = np.asarray(self.divisor * factor).astype(self.dtype)[()]

    def collects(self) -> bool:
        """Say whether equal bases, several numbers, or a number that changes nothing met."""
        if self.constants > 1 or (self.constants and (self.number == 0 or (self.number, self.divisor) == (1, 1))):
            return True
        if self.constants and self.number < 0 and (self.signs or self.number == -1):
            return True
        return any(len(parts) > 1 for parts in self.parts.values())


def whole_power(variable: Any) -> tuple[Any, int]:
    """Return base and whole exponent of a variable: (x, 2) for sqr(x), (x, n) for pow(x, n), else itself and 1."""
    function = function_of(variable)
    if function is _SQR:
        return variable.owner.inputs[0], 2
    if function is _POW:
        base, exponent = variable.owner.inputs
        value = constant_value(exponent)
        if (
            value is not None
            and float(np.real(value)).is_integer()
            and 0 < abs(value) <= 64
            and base.type == variable.type
        ):
            return base, int(value)
    return variable, 1


def take_apart(
    fgraph: FunctionGraph | None, like: Any, inside_shared: bool = False, inside_stretched: bool = False
) -> Product:
    """Return the factors of a product, those of products inside included that nothing else reads.

    Args:
        fgraph: the graph; None to look into every product inside, for a node that is in no graph yet.
        like: the product, or any other expression, which is then the only factor.
        inside_shared: look also into products that something else reads.
        inside_stretched: look also into products that are stretched to the shape of this one.
    """
    one = np.asarray(1, dtype=like.dtype)[()]
    found = Product(like.dtype, one, one)
    family = FLOAT_PRODUCTS if not is_discrete(like.dtype) else _WHOLE_PRODUCTS
    pending: list[tuple[Any, int]] = [(like, 1)]
    while pending:
        variable, exponent = pending.pop()
        function = function_of(variable)
        fits = variable.dtype == like.dtype if inside_stretched else variable.type == like.type
        unshared = inside_shared or fgraph is None or only_reader(fgraph, variable) is not None
        opens = variable is like or (fits and unshared) or _is_free(variable, like)
        if opens and belongs_to(function, family):
            found.nested += variable is not like
            found.signs += function is _NEG
            inputs = variable.owner.inputs
            exponents = [exponent] * len(inputs)
            if function is _DIV or function is _INV:
                exponents[-1] = -exponent
            pending.extend(zip(reversed(inputs), reversed(exponents), strict=True))
            continue
        value = constant_value(variable)
        if value is not None and (exponent > 0 or value != 0) and not is_complex(variable.dtype):
            found.multiply_number(value, exponent)
            continue
        base, power = whole_power(variable) if not is_discrete(like.dtype) else (variable, 1)
        found.multiply(base, power * exponent)
    return found


def _is_free(variable: Any, like: Any) -> bool:
    """Say whether a part of a product costs nothing more inside it: a sign, or a reciprocal that is stretched there."""
    function = function_of(variable)
    if function is _NEG:
        return bool(variable.dtype == like.dtype)
    return function is _INV and variable.dtype == like.dtype and variable.type.broadcastable != like.type.broadcastable


def build(found: Product, ndim: int) -> Any:
    """Return the product as an expression: numbers and factors over divisors, a sign in front."""
    number, divisor = found.number, found.divisor
    if found.signs % 2:
        number = -number
    if number == 0:
        return scalar_constant(0, found.dtype, ndim)
    if divisor != 1 and number not in (1, -1):
        number, divisor = number / divisor, np.asarray(1, dtype=found.dtype)[()]
    negative = not is_discrete(found.dtype) and number == -1
    above = [] if number == 1 or negative else [scalar_constant(number, found.dtype, ndim)]
    below = [] if divisor == 1 else [scalar_constant(divisor, found.dtype, ndim)]
    for base, exponent in found.exponents.items():
        if exponent:
            wide = widened(base, found.dtype) if is_discrete(base.dtype) else base
            (above if exponent > 0 else below).append(_power(wide, abs(exponent)))
    if not below:
        result = _times(above, found.dtype, ndim)
    elif not above:
        result = _INV(_times(below, found.dtype, ndim))
    else:
        result = _DIV(_times(above, found.dtype, ndim), _times(below, found.dtype, ndim))
    return _NEG(result) if negative else result


def _power(base: Any, exponent: int) -> Any:
    if exponent == 1:
        return base
    return _SQR(base) if exponent == 2 else _POW(base, scalar_constant(exponent, base.dtype))


def _times(factors: list[Any], dtype: str, ndim: int) -> Any:
    """Return the product of factors, computed in a dtype."""
    if not factors:
        return scalar_constant(1, dtype, ndim)
    if len(factors) == 1:
        return factors[0]
    if not any(factor.dtype == dtype for factor in factors):
        factors = [widened(factor, dtype) for factor in factors]
    return _MUL(*factors)


@registers(canonicalize, stabilize, specialize)
@rewriter(_MUL, _DIV, _NEG, _INV, name="local_mul_canonizer", depth=2)
def canonical_product(fgraph: FunctionGraph, node: Apply) -> Any:
    """Bring a product into its one form."""
    like: Any = node.outputs[0]
    family = FLOAT_PRODUCTS if not is_discrete(like.dtype) else _WHOLE_PRODUCTS
    if like.dtype == "bool" or is_complex(like.dtype) or not belongs_to(function_of(like), family):
        return None
    if not _may_change(node) or is_part_of_larger(fgraph, node, family):
        return None
    found = take_apart(fgraph, like)
    if not (found.collects() or found.nested or found.constants):
        return None
    built = build(found, like.ndim)
    result = in_type_of(built, like)
    if result is None or _is_same(built, like, 5):
        return None
    return [result]


def _may_change(node: Apply) -> bool:
    """Say, at little cost, whether a product may have another form: a product inside, an operand twice, a constant."""
    function = function_of(node.outputs[0])
    for position, operand in enumerate(node.inputs):
        if id(function_of(operand)) in _PARTS:
            return True
        value = constant_value(operand)
        if value is not None and (position > 0 if function is _MUL else function is not _DIV):
            return True
        if value is not None and value in (0, 1, -1):
            return True
    return len(set(node.inputs)) < len(node.inputs)


def _is_same(built: Any, old: Any, depth: int) -> bool:
    """Say whether two expressions are the same down to a depth."""
    if built is old:
        return True
    value = constant_value(built)
    if value is not None:
        return bool(value == constant_value(old)) and built.type.dtype == old.type.dtype
    a, b = built.owner, old.owner
    if depth == 0 or a is None or b is None or a.op != b.op or len(a.inputs) != len(b.inputs):
        return False
    return all(_is_same(x, y, depth - 1) for x, y in zip(a.inputs, b.inputs, strict=True))


def _terms_of(variable: Any) -> list[tuple[Any, int]]:
    """Return the terms of a sum with their signs; nothing for any other expression."""
    function = function_of(variable)
    if function is _ADD:
        return [(v, 1) for v in variable.owner.inputs]
    return [(variable.owner.inputs[0], 1), (variable.owner.inputs[1], -1)] if function is _SUB else []


@registers(stabilize)
@rewriter(_MUL, _DIV, _NEG, _INV, name="local_greedy_distributor", depth=3, priority=1)
def distribute(fgraph: FunctionGraph, node: Apply) -> Any:
    """Multiply a sum out with factors that cancel in it: (a / p - b / q) * p * q is a * q - b * p, without the divisions.

    Such products come from gradients of cross-entropies, where a p that rounds to 0 would give NaN.
    """
    like: Any = node.outputs[0]
    if not is_real_float(like) or is_part_of_larger(fgraph, node, FLOAT_PRODUCTS):
        return None
    found = take_apart(fgraph, like)
    for base, exponent in found.exponents.items():
        if exponent != 1 or number_of_readers(fgraph, base) > 1:
            continue
        terms = _terms_of(base)
        if not terms:
            continue
        parts = [take_apart(fgraph, term, inside_shared=True) for term, _ in terms]
        chosen = list(_cancelling(found, base, parts))
        if chosen:
            return _distributed(found, base, terms, parts, chosen, like)
    return None


def _cancelling(found: Product, total: Any, parts: list[Product]) -> Iterable[Any]:
    """Yield the other bases that cancel in a sum: factors that divide some term, divisors that are in every term."""
    for base, exponent in found.exponents.items():
        if base is total or exponent == 0:
            continue
        cancels = [part.exponents.get(base, 0) * exponent < 0 for part in parts]
        if any(cancels) if exponent > 0 else all(cancels):
            yield base


def _distributed(
    found: Product, total: Any, terms: list[tuple[Any, int]], parts: list[Product], chosen: list[Any], like: Any
) -> Any:
    """Return the product with the chosen bases moved into each term of the sum."""
    summed = None
    for (_, sign), part in zip(terms, parts, strict=True):
        part.dtype = like.dtype
        for base in chosen:
            part.multiply(base, found.exponents[base])
        term = build(part, like.ndim)
        summed = term if summed is None else (_ADD if sign > 0 else _SUB)(summed, term)
    for base in chosen:
        found.exponents[base] = 0
    found.exponents[total] = 0
    found.multiply(summed, 1)
    result = in_type_of(build(found, like.ndim), like)
    return None if result is None else [result]
