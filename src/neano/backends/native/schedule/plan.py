"""The plan of a function: stored values, and the items that compute them, before loops are settled.

An item is a `Root` (a loop nest that fills a value or reduces to one), an `Invocation` (a library call) or a `Guard` (a check
on run-time numbers). Items stand in a topological order; `fuse` decides which roots share loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Access, Expr, Expressions, accesses_in

StoredKind = Literal["input", "constant", "output", "array", "scratch", "view"]


@dataclass(eq=False, slots=True)
class Stored:
    """A value that has a place of its own.

    Attributes:
        name, dtype, lengths: what it is; lengths are int64 expressions.
        kind: where it lives. "scratch" values lose the axes along which they never leave their loop, down to a register.
        contiguous: C contiguous for certain.
        writers: the items that fill it, in order; none for inputs and constants.
    """

    name: str
    dtype: str
    lengths: tuple[Expr, ...]
    kind: StoredKind
    contiguous: bool = True
    writers: list[Item] = field(default_factory=list)

    @property
    def ndim(self) -> int:
        return len(self.lengths)

    def __repr__(self) -> str:
        return self.name


@dataclass(eq=False, slots=True)
class Root:
    """One loop nest: for each point of its loops, a value stored at an index, or combined into it.

    Attributes:
        target: what it fills.
        loops: the extent of each loop, outermost first.
        index: where in the target the value of a point goes.
        value: the expression, in terms of the loop indices i0, i1 ...
        combine: None to store; else the scalar function that combines the value into what is there (a reduction, or a
            scatter where `init` is None).
        init: what a reduction starts from.
        reduced: the loops that a reduction runs over.
        position: for arg-reductions the expression of the position, and `companion` the value that holds it.
        unique: no two points write the same element.
    """

    target: Stored
    loops: tuple[Expr, ...]
    index: tuple[Expr, ...]
    value: Expr
    combine: str | None = None
    init: Expr | None = None
    reduced: frozenset[int] = frozenset()
    position: Expr | None = None
    companion: Stored | None = None
    unique: bool = True
    deps: set[Item] = field(default_factory=set)

    @property
    def is_whole(self) -> bool:
        """Whether it alone fills its target, element by element in the order of its loops."""
        return len(self.target.writers) == 1 and self.kept_loops is not None

    @property
    def kept_loops(self) -> tuple[int, ...] | None:
        """For each axis of the target the loop that runs along it (-1 for an axis of length 1); None where that is not so."""
        loops: list[int] = []
        for expr in self.index:
            name = getattr(expr, "name", None)
            if name is None:
                if getattr(expr, "value", None) != 0:
                    return None
                loops.append(-1)
            else:
                loops.append(int(name[1:]))
        return tuple(loops)

    def expressions(self) -> list[Expr]:
        """Return every expression that one point evaluates."""
        found = [self.value, *self.index]
        if self.position is not None:
            found.append(self.position)
        return found


@dataclass(eq=False, slots=True)
class Invocation:
    """A call of a library routine on stored values; see `ir.Invoke`."""

    routine: str
    results: tuple[Stored, ...]
    operands: tuple[Operand, ...]
    scalars: tuple[Expr, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()
    deps: set[Item] = field(default_factory=set)
    loops: tuple[Expr, ...] = ()

    def expressions(self) -> list[Expr]:
        return list(self.scalars)


@dataclass(eq=False, slots=True)
class Guard:
    """A condition on run-time numbers that must hold before what depends on it runs."""

    condition: Expr
    error: int
    args: tuple[Expr, ...] = ()
    deps: set[Item] = field(default_factory=set)
    loops: tuple[Expr, ...] = ()

    def expressions(self) -> list[Expr]:
        return [self.condition, *self.args]


@dataclass(eq=False, slots=True)
class Written:
    """A piece of the loop IR written out by hand, for what neither nests nor calls say: recurrences, compactions.

    Attributes:
        name: what it does, for texts.
        results: what it fills; they have their memory when it runs.
        operands: what it reads.
        write: gets a function from expressions to loop IR and the names of the operands' buffers, and returns statements.
        scalars: expressions that `write` reads.
    """

    name: str
    results: tuple[Stored, ...]
    operands: tuple[Operand, ...]
    write: Callable[[Callable[[Expr], ir.Expr], Sequence[str]], Sequence[ir.Stmt]]
    scalars: tuple[Expr, ...] = ()
    deps: set[Item] = field(default_factory=set)
    loops: tuple[Expr, ...] = ()

    def expressions(self) -> list[Expr]:
        return list(self.scalars)


Item = Root | Invocation | Guard | Written


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A strided window on a stored value, as an operand of a library call: see `ir.View`."""

    base: Stored
    start: tuple[Expr, ...]
    lengths: tuple[Expr, ...]
    axes: tuple[int | None, ...]
    steps: tuple[Expr, ...]
    dtype: str


Operand = Stored | Window


def operand_base(operand: Operand) -> Stored:
    """Return the stored value that an operand reads."""
    return operand.base if isinstance(operand, Window) else operand


@dataclass(eq=False, slots=True)
class Plan:
    """Everything that a function does, in a topological order.

    Attributes:
        items: roots, calls and checks.
        inputs: the values given, in the order of the call.
        results: the values handed back, in order.
        values: all stored values.
        errors: exception class, message template and node of each guard's error.
        constants: the arrays of "constant" values, by name.
        objects: Python callables of "python" calls.
        nodes: the graph nodes that errors may blame.
    """

    expressions: Expressions
    items: list[Item] = field(default_factory=list)
    inputs: list[Stored] = field(default_factory=list)
    results: list[Stored] = field(default_factory=list)
    values: list[Stored] = field(default_factory=list)
    errors: list[tuple[str, str, int]] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    objects: list[Any] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Append an item, with its dependencies worked out from what it reads and overwrites."""
        for expr in (*item.expressions(), *item.loops):
            item.deps.update(self.expressions.facts(expr).needs)
            for access in accesses_in(expr):
                item.deps.update(access.stored.writers)
        if isinstance(item, Root):
            for stored in (item.target, item.companion):
                if stored is not None:
                    self._write(item, stored)
        elif isinstance(item, (Invocation, Written)):
            for operand in item.operands:
                item.deps.update(operand_base(operand).writers)
                if isinstance(operand, Window):
                    for expr in (*operand.start, *operand.lengths, *operand.steps):
                        item.deps.update(self.expressions.facts(expr).needs)
                        for access in accesses_in(expr):
                            item.deps.update(access.stored.writers)
            for stored in item.results:
                self._write(item, stored)
        item.deps.discard(item)
        self.items.append(item)

    def _write(self, item: Item, stored: Stored) -> None:
        for expr in stored.lengths:
            item.deps.update(self.expressions.facts(expr).needs)
            for access in accesses_in(expr):
                item.deps.update(access.stored.writers)
        item.deps.update(stored.writers)
        stored.writers.append(item)


def reads_of(item: Item) -> list[Access]:
    """Return what the expressions of an item read of stored values."""
    return [access for expr in item.expressions() for access in accesses_in(expr)]
