"""Patterns: expressions with placeholders, matched against the expressions of a graph.

Both sides of a rule are ordinary expressions of placeholders. `compile_pattern` turns one into a small tree (`Hole`,
`Value`, `Application`); `solutions` matches it, trying the orders of a commutative function's operands. What counts as
an application of a function, as an equal value, or as the same operand, is up to the `Language`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Constant, Variable

Bindings = dict[str, Any]
"""Name of a hole -> the variable it stands for; REST -> operands of the root that the pattern leaves over; label of an
application inside the pattern -> the variable that it matched."""

REST = "*"
"""The key in `Bindings` of what is left over at an associative and commutative root."""

_WIDEST = 24
"""Sums and products of more operands are not searched for patterns of several operands."""


class Language:
    """What patterns mean. The default takes each Op as a function of its own, compared by equality."""

    def key(self, node: Apply) -> Hashable:
        """Return what makes two nodes applications of the same function."""
        return node.op

    def normalize(self, variable: Variable) -> tuple[Hashable, list[Variable]]:
        """Return the function and operands that a node of a pattern stands for."""
        assert variable.owner is not None
        return self.key(variable.owner), variable.owner.inputs

    def operands(self, variable: Variable, key: Hashable, index: int) -> Sequence[Variable] | None:
        """Return the operands of a variable that is, or may be seen as, output `index` of the function; else None."""
        node = variable.owner
        if node is None or variable.index != index or self.key(node) != key:
            return None
        return node.inputs

    def tracked(self, key: Hashable) -> Sequence[Any]:
        """Return the functions, as rewriters track them, whose applications may be seen as one of `key`."""
        return [key]

    def is_commutative(self, key: Hashable) -> bool:
        """Say whether operands may be reordered."""
        return False

    def is_associative(self, key: Hashable) -> bool:
        """Say whether operands may be regrouped, the function taking any number of them."""
        return False

    def combine(self, key: Hashable, operands: Sequence[Variable]) -> Variable:
        """Return the associative function of some operands."""
        raise NotImplementedError

    def is_value(self, variable: Variable, constant: Constant) -> bool:
        """Say whether a variable always has the value of a constant of the pattern."""
        return constant.equals(variable)

    def same(self, a: Variable, b: Variable) -> bool:
        """Say whether two variables of a graph in which equal nodes are merged stand for the same value."""
        return a is b or (isinstance(a, Constant) and a.equals(b))

    def build(self, key: Hashable, template: Apply, operands: Sequence[Variable]) -> list[Variable]:
        """Return the outputs of a node of a replacement, on real operands."""
        return list(template.op.make_node(*operands).outputs)

    def constant(self, constant: Constant, like: Variable) -> Variable:
        """Return a constant of a replacement for use in an expression that replaces `like`."""
        return constant

    def fits(self, result: Variable, like: Variable) -> bool:
        """Say whether a replacement was computed as precisely as what it replaces."""
        return True

    def widen(self, variable: Variable, like: Variable) -> Variable:
        """Return what a hole stands for in a form that makes the replacement as precise as what it replaces."""
        return variable

    def conform(self, result: Variable, like: Variable) -> Variable | None:
        """Return a replacement in the type of what it replaces, None where that cannot be done."""
        return result if like.type.in_same_class(result.type) else like.type.convert_variable(result)


@dataclass(frozen=True, slots=True)
class Hole:
    """Matches any variable that a condition accepts."""

    name: str
    accepts: Callable[[Variable], bool]


@dataclass(frozen=True, slots=True)
class Value:
    """Matches what always has the value of a constant."""

    constant: Constant


@dataclass(frozen=True, slots=True)
class Application:
    """Matches a function of operands that match in their turn."""

    key: Hashable
    operands: tuple[Pattern, ...]
    index: int
    label: str


Pattern = Hole | Value | Application


def compile_pattern(variable: Variable, holes: dict[Variable, Hole], language: Language, label: str = "@") -> Pattern:
    """Return the pattern that an expression of placeholders says.

    Args:
        variable: the expression, whose depth is that of a rule written by hand.
        holes: placeholder -> hole.
        language: how nodes are seen.
        label: names this place in the pattern.

    Raises:
        ValueError: a root is neither a placeholder nor a constant.
    """
    if variable in holes:
        return holes[variable]
    if isinstance(variable, Constant):
        return Value(variable)
    if variable.owner is None:
        raise ValueError(f"{variable} in a pattern is neither a placeholder nor a constant")
    key, inputs = language.normalize(variable)
    operands = [compile_pattern(v, holes, language, f"{label}{i}") for i, v in enumerate(inputs)]
    if language.is_associative(key):
        operands = [
            part for p in operands for part in (p.operands if isinstance(p, Application) and p.key == key else (p,))
        ]
    if language.is_commutative(key):  # what is matched first fails first
        operands.sort(key=lambda p: (isinstance(p, Hole), isinstance(p, Application)))
    return Application(key, tuple(operands), variable.index or 0, label)


def depth(pattern: Pattern) -> int:
    """Return how many nodes deep a pattern looks."""
    return 1 + max(map(depth, pattern.operands), default=0) if isinstance(pattern, Application) else 0


def solutions(pattern: Pattern, variable: Variable, language: Language) -> Iterator[Bindings]:
    """Yield every way in which a pattern matches a variable."""
    if not isinstance(pattern, Application):
        yield from _match(pattern, variable, {}, language)
        return
    operands = language.operands(variable, pattern.key, pattern.index)
    if operands is not None:
        yield from _match_operands(pattern, operands, {}, language, at_root=True)


def _match(pattern: Pattern, variable: Variable, bound: Bindings, language: Language) -> Iterator[Bindings]:
    if isinstance(pattern, Hole):
        known = bound.get(pattern.name)
        if known is None:
            if pattern.accepts(variable):
                yield {**bound, pattern.name: variable}
        elif language.same(known, variable):
            yield bound
    elif isinstance(pattern, Value):
        if language.is_value(variable, pattern.constant):
            yield bound
    else:
        operands = language.operands(variable, pattern.key, pattern.index)
        if operands is not None:
            inside = {**bound, pattern.label: variable}
            yield from _match_operands(pattern, operands, inside, language, at_root=False)


def _match_operands(
    pattern: Application, operands: Sequence[Variable], bound: Bindings, language: Language, at_root: bool
) -> Iterator[Bindings]:
    wanted = pattern.operands
    extra = len(operands) - len(wanted)
    if not language.is_commutative(pattern.key):
        if extra == 0:
            yield from _match_in_order(wanted, operands, bound, language)
        return
    if extra < 0 or len(operands) > _WIDEST or (extra and not language.is_associative(pattern.key)):
        return
    absorbs = extra > 0 and not at_root
    if absorbs and not isinstance(wanted[-1], Hole):
        return
    first = wanted[:-1] if absorbs else wanted
    for matched, left in _match_any_order(first, tuple(operands), bound, language):
        if absorbs:
            yield from _match(wanted[-1], language.combine(pattern.key, left), matched, language)
        else:
            yield {**matched, REST: left} if left else matched


def _match_in_order(
    wanted: Sequence[Pattern], operands: Sequence[Variable], bound: Bindings, language: Language
) -> Iterator[Bindings]:
    if not wanted:
        yield bound
        return
    for matched in _match(wanted[0], operands[0], bound, language):
        yield from _match_in_order(wanted[1:], operands[1:], matched, language)


def _match_any_order(
    wanted: Sequence[Pattern], operands: tuple[Variable, ...], bound: Bindings, language: Language
) -> Iterator[tuple[Bindings, tuple[Variable, ...]]]:
    """Yield the ways to find each pattern among the operands, with the operands left over."""
    if not wanted:
        yield bound, operands
        return
    for i, operand in enumerate(operands):
        for matched in _match(wanted[0], operand, bound, language):
            yield from _match_any_order(wanted[1:], operands[:i] + operands[i + 1 :], matched, language)


class Template:
    """The right side of a rule: builds its expression from what the holes stand for."""

    def __init__(self, expression: Variable, holes: dict[Variable, Hole], language: Language) -> None:
        self.expression = expression
        self.language = language
        self._names = {variable: hole.name for variable, hole in holes.items()}
        self._steps = [(language.key(node), node) for node in toposort([expression], self._names)]

    def build(self, bound: Bindings, like: Variable) -> Variable:
        """Return the expression for bindings, to replace `like`; its type may still differ."""
        made: dict[Variable, Variable] = {}

        def real(variable: Variable) -> Variable:
            if variable in made:
                return made[variable]
            if variable in self._names:
                found: Variable = bound[self._names[variable]]
                return found
            assert isinstance(variable, Constant)
            return self.language.constant(variable, like)

        for key, node in self._steps:
            operands = [real(v) for v in node.inputs]
            made.update(zip(node.outputs, self.language.build(key, node, operands), strict=True))
        return real(self.expression)
