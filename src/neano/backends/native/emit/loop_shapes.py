"""What a loop is but for names: loops of one shape make the same kernel, which is then written once.

Loops that differ in a few numbers only (the layers of a network that scale by something else each, the steps of a recurrence) are
made loops of one shape by handing those numbers over: a kernel that is compiled once for all of them runs as fast.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

from neano.backends.native.emit.statements import views_of
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Buffer,
    Check,
    Const,
    Declare,
    Dim,
    Expr,
    If,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Scalar,
    Stmt,
    Store,
    Update,
    View,
)
from neano.backends.native.traverse import blocks, defined_names, expressions, operands, postorder, with_operands

FREE = frozenset(("add", "sub", "mul", "true_div", "maximum", "minimum"))
"""Functions that take as long with a number from outside as with one that stands in the code."""

LEAST_ALIKE = 4
"""How many different kernels must become one by handing numbers over."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A loop but for names and free numbers.

    Attributes:
        key: equal for loops that differ in names and free numbers alone.
        numbers: the free ones, in the order of the text.
        names: of buffers, indices, values and accumulators, in the order of the text.
    """

    key: Hashable
    numbers: tuple[Const, ...]
    names: tuple[str, ...]

    @property
    def exact(self) -> Hashable:
        """What is equal for loops that differ in names alone."""
        return self.key, tuple((repr(number.value), number.dtype) for number in self.numbers)


def shape_of(loop: Loop, buffers: Mapping[str, Buffer], views: Mapping[str, str]) -> Shape:
    """Return the shape of a loop; `views` gives the base of each window."""
    return _Reading(buffers, views).shape(loop)


class _Reading:
    """Reads a loop in the order of its text."""

    def __init__(self, buffers: Mapping[str, Buffer], views: Mapping[str, str]) -> None:
        self.buffers, self.views = buffers, views
        self.names: dict[str, int] = {}
        self.parts: list[Hashable] = []
        self.numbers: list[Const] = []
        self._known: dict[int, int] = {}

    def shape(self, loop: Loop) -> Shape:
        self._statement(loop)
        return Shape(tuple(self.parts), tuple(self.numbers), tuple(self.names))

    def _name(self, name: str) -> int:
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = len(self.names)
            buffer = self.buffers.get(name)
            if buffer is not None:
                base = self._name(self.views[name]) if name in self.views else -1
                self.parts.append((buffer.dtype, buffer.ndim, buffer.kind, buffer.static, buffer.contiguous, base))
        return found

    def _statement(self, statement: Stmt) -> None:
        own = tuple(self._expression(each) for each in expressions(statement))
        names, rest = _words(statement)
        self.parts.append((type(statement), *map(self._name, names), *rest, own))
        for block in blocks(statement):
            self.parts.append(len(block))
            for each in block:
                self._statement(each)

    def _expression(self, root: Expr) -> Hashable:
        known = self._known
        for expr in postorder((root,)):
            if id(expr) not in known and not isinstance(expr, (Const, Ref, Dim)):
                free = set(free_operands(expr))
                parts = operands(expr)
                self.numbers.extend(parts[k] for k in sorted(free))  # type: ignore[misc]
                kids = tuple(each.dtype if k in free else self._number(each) for k, each in enumerate(parts))
                self.parts.append((*self._word(expr), kids))
                known[id(expr)] = len(known)
        return self._number(root)

    def _number(self, expr: Expr) -> Hashable:
        """Return what stands for an expression where it is read."""
        match expr:
            case Const():
                return repr(expr.value), expr.dtype
            case Ref():
                return "name", self._name(expr.name), expr.dtype
            case Dim():
                return "dim", self._name(expr.buffer), expr.axis
            case _:
                return self._known[id(expr)]

    def _word(self, expr: Expr) -> tuple[Hashable, ...]:
        match expr:
            case Load():
                return "load", self._name(expr.buffer), expr.dtype
            case Scalar():
                return expr.function, expr.dtype
            case _:
                return type(expr).__name__, expr.dtype


def _words(statement: Stmt) -> tuple[tuple[str, ...], tuple[Hashable, ...]]:
    """Return the names that stand in a statement itself, and what else it says."""
    match statement:
        case Let():
            return (statement.name,), ()
        case Store():
            return (statement.buffer,), ()
        case Update():
            return (statement.buffer,), (statement.combine, statement.unique)
        case Declare():
            return (statement.name,), (statement.dtype,)
        case Accumulate():
            return (statement.name,), (statement.combine,)
        case AccumulateArg():
            return (statement.value_name, statement.position_name), (statement.combine,)
        case Loop():
            return (statement.index,), (statement.parallel,)
        case If():
            return (), ()
        case Alloc():
            return (statement.buffer,), ()
        case View():
            return (statement.buffer, statement.base), (statement.axes,)
        case Reinterpret():
            return (statement.buffer, statement.base), ()
        case Check():
            return (), (statement.error,)
        case Invoke():
            return (*statement.results, *statement.operands), (statement.routine, statement.attributes)


def free_operands(expr: Expr) -> Iterator[int]:
    """Yield the positions of the operands that are free numbers."""
    if isinstance(expr, Scalar) and expr.function in FREE and expr.dtype in ("float32", "float64"):
        for position, each in enumerate(expr.args):
            if isinstance(each, Const) and each.dtype == expr.dtype:
                yield position


# Numbers handed over ---------------------------------------------------------------------------------------------------


def with_numbers_outside(program: Program) -> Program:
    """Return a program in which loops that differ in free numbers alone are handed those that differ, as values of the body."""
    views = views_of(program)
    alike: dict[Hashable, list[tuple[int, Shape]]] = {}
    for position, statement in enumerate(program.body):
        if isinstance(statement, Loop):
            shape = shape_of(statement, program.buffers, views)
            if shape.numbers:
                alike.setdefault(shape.key, []).append((position, shape))
    body = list(program.body)
    outside = _Outside(program)
    for members in alike.values():
        if len({shape.exact for _, shape in members}) < LEAST_ALIKE:
            continue
        columns = zip(*(shape.numbers for _, shape in members), strict=True)
        differ = [len({repr(number.value) for number in column}) > 1 for column in columns]
        for position, _ in members:
            body[position] = _Handing(differ, outside).statement(body[position])
    return replace(program, body=(*outside.lets(), *body)) if outside.names else program


class _Outside:
    """The numbers that are handed over, each with a name that nothing else in the program has."""

    def __init__(self, program: Program) -> None:
        self.names: dict[tuple[str, str], tuple[str, Const]] = {}
        self._taken = defined_names(program.body) | program.buffers.keys()

    def ref(self, number: Const) -> Ref:
        """Return the name of a number."""
        key = repr(number.value), number.dtype
        if key not in self.names:
            name = f"number_{len(self.names)}"
            while name in self._taken:
                name += "_"
            self.names[key] = name, number
        return Ref(self.names[key][0], number.dtype)

    def lets(self) -> list[Let]:
        return [Let(name, number) for name, number in self.names.values()]


class _Handing:
    """Replaces the free numbers of one loop that differ; reads it in the order that `_Reading` does."""

    def __init__(self, differ: list[bool], outside: _Outside) -> None:
        self.differ, self.outside = iter(differ), outside
        self._made: dict[int, Expr] = {}

    def statement(self, statement: Stmt) -> Stmt:
        own = [self._expression(each) for each in expressions(statement)]
        match statement:
            case Let() | Accumulate():
                return replace(statement, value=own[0])
            case Store() | Update():
                return replace(statement, index=tuple(own[:-1]), value=own[-1])
            case Loop():
                return replace(statement, extent=own[0], body=self._block(statement.body))
            case If():
                then, otherwise = self._block(statement.then), self._block(statement.otherwise)
                return replace(statement, condition=own[0], then=then, otherwise=otherwise)
            case Declare():
                return replace(statement, init=own[0])
            case AccumulateArg():
                return replace(statement, value=own[0], position=own[1])
            case _:  # lengths and checks: whole numbers
                return statement

    def _block(self, block: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        return tuple(self.statement(each) for each in block)

    def _expression(self, root: Expr) -> Expr:
        made = self._made
        for expr in postorder((root,)):
            if id(expr) in made:
                continue
            free = set(free_operands(expr))
            parts = [
                self.outside.ref(each) if k in free and next(self.differ) else made[id(each)]  # type: ignore[arg-type]
                for k, each in enumerate(operands(expr))
            ]
            made[id(expr)] = expr if all(map(_is, parts, operands(expr))) else with_operands(expr, parts)
        return made[id(root)]


def _is(a: Expr, b: Expr) -> bool:
    return a is b
