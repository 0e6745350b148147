"""Rows that are combined into a number each, several in a pass.

    for i < n: s = 0; for j: s += f(x[i, j]); y[i] = g(s)

What is done once a row takes longer than the row itself where rows are short: to switch off lanes beyond its end, to add up the
lanes of a vector, to keep what rounding has lost. The rows of a pass, as many as a vector has lanes, share all that: what
is left of each, one vector, is kept until the last of them, and then combined in vectors in which each row has a lane of its
own. Rows are still read one after the other, for several at a time share pages of memory, and are fetched at half the speed.
The terms of a row are combined in the order of the plain loop, which also takes rows longer than a chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neano.backends.native.emit import accumulators
from neano.backends.native.emit.apart import stand_as_indexed
from neano.backends.native.emit.carried import States, carried_loop
from neano.backends.native.emit.effects import root_of
from neano.backends.native.emit.grouped_rows import HEAVIEST
from neano.backends.native.emit.lanes import active_lanes
from neano.backends.native.emit.memory import (
    Size,
    address,
    as_size,
    load,
    load_vector,
    offset,
    size_add,
    size_mul,
    store_vector,
)
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.partial_results import across
from neano.backends.native.emit.plan import Access, Kind, Plan
from neano.backends.native.emit.text import ELEMENT, SIZE, Value, constant, vector_type
from neano.backends.native.emit.vector_loop import VectorLoop
from neano.backends.native.ir import Accumulate, Const, Declare, Let, Load, Loop, Ref, Stmt, Store
from neano.backends.native.traverse import all_expressions, postorder

if TYPE_CHECKING:
    from neano.backends.native.emit.kernel import KernelEmitter

DTYPES = frozenset(["float32", "float64", "int32", "int64", "uint32", "uint64"])
"""Dtypes of the numbers: those whose lanes are moved as fast as they are combined."""


MOST_LANES = 16
"""Rows of a pass, at most."""


@dataclass(frozen=True)
class Summed:
    """The body of a loop over rows, in parts.

    Attributes:
        lets: what is computed before the row.
        inner: the loop over the row.
        after: what is done with the results.
        starts: what each result starts from, by its name.
    """

    lets: tuple[Let, ...]
    inner: Loop
    after: tuple[Stmt, ...]
    starts: dict[str, Const]


def summed(loop: Loop, views: Mapping[str, str]) -> Summed | None:
    """Return the parts of a loop that combines each of some rows into numbers; None for any other."""
    found = [position for position, each in enumerate(loop.body) if isinstance(each, Loop)]
    if len(found) != 1:
        return None
    before, inner, after = loop.body[: found[0]], loop.body[found[0]], loop.body[found[0] + 1 :]
    assert isinstance(inner, Loop)
    lets = tuple(each for each in before if isinstance(each, Let))
    starts = {each.name: each.init for each in before if isinstance(each, Declare) and isinstance(each.init, Const)}
    if len(lets) + len(starts) != len(before) or not all(isinstance(each, (Let, Store)) for each in after):
        return None
    sums = [each for each in inner.body if isinstance(each, Accumulate)]
    if len(sums) + sum(isinstance(each, Let) for each in inner.body) != len(inner.body):
        return None
    fits = [each.name for each in sums] == list(starts) and all(each.value.dtype in DTYPES for each in sums)
    changing = {loop.index, *starts, *(each.name for each in lets)}
    inside = {e.name for e in all_expressions((*lets, *inner.body)) if isinstance(e, Ref)}
    if (
        not fits
        or starts.keys() & inside
        or _meets((Let("", inner.extent),), changing)
        or _reads_what_it_writes(loop, views)
    ):
        return None
    return Summed(lets, inner, after, starts)


def _meets(statements: tuple[Stmt, ...], names: set[str]) -> bool:
    return any(isinstance(e, Ref) and e.name in names for e in all_expressions(statements))


def _reads_what_it_writes(loop: Loop, views: Mapping[str, str]) -> bool:
    written = {root_of(each.buffer, views) for each in loop.body if isinstance(each, Store)}
    return any(isinstance(e, Load) and root_of(e.buffer, views) in written for e in all_expressions((loop,)))


class SummedRows:
    """Writes such loops of one kernel."""

    def __init__(self, host: KernelEmitter) -> None:
        self.host, self.b = host, host.b

    def run(self, loop: Loop, first: Size, stop: Size) -> Size:
        """Write passes over the rows, if the loop is of this kind; return the first row that is left to the plain loop."""
        parts = summed(loop, self.host.views)
        plan = None if parts is None else self.host.plan(parts.inner)
        if parts is None or plan is None or plan.weight > HEAVIEST or not 1 < plan.lanes <= MOST_LANES:
            return first
        together = stand_as_indexed(self.host, plan.accesses)
        if together is None:
            return first
        b = self.b
        extent = str(self.host.sizes((parts.inner.extent,))[0])
        some = b.op(f"icmp ult i64 {b.op(f'sub i64 {extent}, 1')}, {plan.chunk}")
        middle = b.op(f"select i1 {b.op(f'and i1 {together}, {some}')}, i64 {stop}, i64 {first}")
        _Passes(self.host, loop, parts, plan, extent).emit(first, middle)
        return middle


class _Passes:
    """Writes the passes over some rows; what all of them share is written before.

    Attributes:
        bases: for the loads that go on by the same distance from row to row, where they begin and that distance. It is added
            up in registers: a base that is computed anew would come from the stack, as much else is live, and so wait
            for what is stored there.
    """

    def __init__(self, host: KernelEmitter, loop: Loop, parts: Summed, plan: Plan, extent: str) -> None:
        self.host, self.b, self.loop, self.parts, self.plan, self.extent = host, host.b, loop, parts, plan, extent
        b, lanes = host.b, plan.lanes
        self.bulk = b.op(f"and i64 {extent}, {-lanes * plan.unroll}")
        self.whole = b.op(f"and i64 {extent}, {-lanes}")
        self.active = active_lanes(b, lanes, extent, self.whole)
        self.sums = [each for each in parts.inner.body if isinstance(each, Accumulate)]
        types = [vector_type(ELEMENT[each.value.dtype], lanes) for each in self.sums]
        self.rows = [b.stack(f"[{lanes} x {each}]", 64) for each in types]
        self.results = [b.stack(each, 64) for each in types]
        self.bases: dict[int, tuple[Value, Size]] = {}

    def emit(self, first: Size, stop: str) -> None:
        """Write the passes over the rows from one to another."""
        b = self.b
        for number, access in self.plan.loads.items():
            distance = self._distance(access) if access.kind is not Kind.INVARIANT else None
            if distance is not None:
                self.bases[number] = self._base(access, first), distance

        def several(row: str, bases: States) -> States:
            left = b.op(f"sub i64 {stop}, {row}")
            short = b.op(f"icmp slt i64 {left}, {self.plan.lanes}")
            end = b.op(f"add i64 {row}, {b.op(f'select i1 {short}, i64 {left}, i64 {self.plan.lanes}')}")
            return self._pass(row, end, bases)

        starts: States = [[[base] for base, _ in self.bases.values()]]
        carried_loop(b, "pass", str(first), stop, self.plan.lanes, starts, several)
        for name in (self.loop.index, *(each.name for each in self.parts.lets), *self.parts.starts):
            self.host.values.pop(name, None)

    def _distance(self, access: Access) -> Size | None:
        """Return how many bytes a load goes on from one row to the next; None where that may differ."""
        changing = {self.loop.index, *(each.name for each in self.parts.lets), *self.plan.lets}
        total: Size = 0
        nodes = self.host.numbering.nodes
        for axis, number in enumerate(access.index):
            parts = [each for each in postorder((nodes[number],)) if isinstance(each, (Ref, Load))]
            if any(isinstance(each, Load) for each in parts):
                return None
            if any(isinstance(each, Ref) and each.name in changing for each in parts):
                if nodes[number] != Ref(self.loop.index, "int64"):
                    return None
                total = size_add(self.b, total, self.host.memory(access.buffer).stride(axis))
        return total

    def _base(self, access: Access, row: Size) -> Value:
        """Return where a load begins in a row, as a number."""
        host, inner = self.host, self.parts.inner.index
        host.values[self.loop.index], host.values[inner] = Value(str(row), "int64"), Value("0", "int64")
        evaluator = host.evaluator()
        index = [as_size(evaluator.evaluate(number)) for number in access.index]
        del host.values[inner]
        return Value(self.b.op(f"ptrtoint ptr {address(self.b, host.memory(access.buffer), index)} to i64"), "int64")

    def _pass(self, first: str, end: str, bases: States) -> States:
        """Write one pass; return where the next one's rows begin."""

        def row(index: str, now: States) -> States:
            self._row(index, first, [base.text for (base,) in now[0]])
            distances = [distance for _, distance in self.bases.values()]
            moved = [size_add(self.b, base.text, d) for (base,), d in zip(now[0], distances, strict=True)]
            return [[[Value(str(base), "int64")] for base in moved]]

        _, bases = carried_loop(self.b, "row", first, end, 1, bases, row)
        for statement, rows, result in zip(self.sums, self.rows, self.results, strict=True):
            store_vector(self.b, self._combined(statement, rows), result, None)
        steps(self.b, "result", first, end, 1, lambda row, _: self._after(row, first))
        return bases

    def _row(self, row: str, first: str, bases: list[str]) -> None:
        """Combine the terms of a row until a vector of each result is left."""
        b, lanes, unroll = self.b, self.plan.lanes, self.plan.unroll
        self._at(row)
        known = {number: b.op(f"inttoptr i64 {base} to ptr") for number, base in zip(self.bases, bases, strict=True)}
        vectors = VectorLoop(self.host, self.parts.inner, self.plan, 0, self.extent, {}, direct=True, bases=known)
        vectors.find(self.extent)
        vectors.places.begin_chunk("0", self.extent, lambda: None)
        states = [vectors.partial.start() for _ in range(unroll)]

        def several(i: str, now: States) -> States:
            return [vectors.body(0, i, u * lanes, None, now[u]) for u in range(unroll)]

        done, states = carried_loop(b, "vector", "0", self.bulk, lanes * unroll, states, several)
        while len(states) > 1:
            pairs = zip(states[::2], states[1::2], strict=True)
            states = [vectors.partial.merge_all(one, two) for one, two in pairs]
        one = lambda i, now: [vectors.body(0, i, 0, None, now[0])]  # noqa: E731
        done, states = carried_loop(b, "rest", done, self.whole, lanes, states, one)
        last = lambda i, now: [vectors.body(0, i, 0, self.active, now[0])]  # noqa: E731
        _, states = carried_loop(b, "last", done, self.extent, lanes, states, last)
        for (value,), rows in zip(states[0], self.rows, strict=True):
            place = size_mul(b, b.op(f"sub i64 {row}, {first}"), lanes * SIZE[value.dtype])
            store_vector(b, value, offset(b, rows, place), None)

    def _combined(self, statement: Accumulate, rows: str) -> Value:
        """Return the results of the rows, each in a lane of its own; in lanes of no row stands anything."""
        b, dtype, lanes = self.b, statement.value.dtype, self.plan.lanes
        size = lanes * SIZE[dtype]
        vectors = [load_vector(b, dtype, lanes, offset(b, rows, k * size), None, None) for k in range(lanes)]
        value = across(b, statement.combine, vectors)
        start = constant(self.parts.starts[statement.name].value, dtype, lanes)
        lost = constant(0, dtype, lanes) if statement.combine == "add" and dtype[0] == "f" else None
        total, lost = accumulators.combined(b, statement.combine, start, lost, value)
        return total if lost is None else accumulators.restored(b, total, lost)

    def _after(self, row: str, first: str) -> None:
        """Do what is done with the results of a row."""
        b = self.b
        self._at(row)
        for statement, result in zip(self.sums, self.results, strict=True):
            dtype = statement.value.dtype
            place = size_mul(b, b.op(f"sub i64 {row}, {first}"), SIZE[dtype])
            self.host.values[statement.name] = load(b, dtype, offset(b, result, place))
        self.host.block(self.parts.after)

    def _at(self, row: str) -> None:
        self.host.values[self.loop.index] = Value(row, "int64")
        self.host.block(self.parts.lets)
