"""Tiles: nests that read some operand across, as a matrix that is transposed, a square of vectors at a time in registers.

    for i: for j: z[i, j] = f(x[j, i], y[i, j])

As many rows and columns as a vector has lanes make a tile: of each of the columns of x a vector is read, the square is turned
round in registers, and each row is computed as the vector that it then is. Nothing goes through a buffer, and rows that go
past the cache are written by whole lines. What is left at the right and below, and operands whose neighbours stand elsewhere than
the indices say, are left to the loops of panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neano.backends.native.emit import streaming
from neano.backends.native.emit.apart import stand_as_indexed
from neano.backends.native.emit.memory import (
    Size,
    address,
    as_size,
    load_vector,
    offset,
    size_add,
    size_mul,
    store_vector,
)
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.plan import Access, Plan
from neano.backends.native.emit.text import SIZE, Value
from neano.backends.native.emit.transposing import turned_round
from neano.backends.native.emit.vector_loop import VectorLoop
from neano.backends.native.ir import Let, Loop, Store

if TYPE_CHECKING:
    from neano.backends.native.emit.kernel import KernelEmitter

DTYPES = frozenset(["float32", "float64", "int32", "int64", "uint32", "uint64"])
"""Dtypes of elements that are turned round."""

HEAVIEST = 12
"""Cost of an element, in simple operations, up to which memory is what takes the time, and a tile's code is short."""

MOST = 2
"""Operands that are turned round in one tile, at most."""

COLUMNS = 1024
"""Columns that are done for all rows before the next ones: a line of the cache of each is kept for the next rows."""

LINE = 64
"""Bytes of a line of the cache."""


@dataclass(frozen=True)
class Crossed:
    """An operand that is read across: its access, and its axes of the loops over rows and columns."""

    access: Access
    outer: int
    inner: int


class Tiles:
    """Writes the tiles of the two innermost loops of a kernel."""

    def __init__(self, host: KernelEmitter, loop: Loop, inner: Loop, plan: Plan, crossed: Sequence[Crossed]) -> None:
        self.host, self.b, self.loop, self.inner, self.plan, self.crossed = host, host.b, loop, inner, plan, crossed
        self.side = plan.lanes
        stored = max(SIZE[each.value.dtype] for each in inner.body if isinstance(each, Store))
        self.wide = max(1, LINE // (self.side * stored))

    @staticmethod
    def of(
        host: KernelEmitter, loop: Loop, inner: Loop, turned: Sequence[tuple[Access, tuple[int, int]]]
    ) -> Tiles | None:
        """Return the tiles of two loops; None where nothing is read across, or much is computed.

        Args:
            turned: operands that have an axis for each of the loops, with those axes.
        """
        plan = host.plan(inner)
        if plan is None or not all(isinstance(each, (Let, Store)) for each in inner.body):
            return None
        crossed = [Crossed(access, *axes) for access, axes in turned if axes[0] > axes[1]]
        fits = 4 <= plan.lanes <= 16 and plan.weight <= HEAVIEST and 1 <= len(crossed) <= MOST
        dtypes = {host.program.buffers[each.access.buffer].dtype for each in crossed}
        return Tiles(host, loop, inner, plan, crossed) if fits and dtypes <= DTYPES else None

    def emit(self, rows: tuple[Size, Size], columns: tuple[Size, Size]) -> tuple[Size, Size]:
        """Write the tiles; return the first row and column that are left."""
        b, width = self.b, self.side * self.wide
        fits = self._fits()
        if fits is None:
            return rows[0], columns[1]
        ends = []
        for (first, stop), step, otherwise in ((rows, self.side, rows[0]), (columns, width, columns[1])):
            whole = b.op(f"and i64 {b.op(f'sub i64 {stop}, {first}')}, {-step}")
            ends.append(b.op(f"select i1 {fits}, i64 {size_add(b, first, whole)}, i64 {otherwise}"))

        def part(column: str, end: str) -> None:
            steps(b, "tiles", rows[0], ends[0], self.side, lambda row, _: self._rows(row, column, end))

        steps(b, "part", columns[0], ends[1], COLUMNS // width * width, part)
        return ends[0], ends[1]

    def _fits(self) -> str | None:
        """Return whether neighbours stand as the indices say: an i1, None where they never do."""
        crossed = {each.access.number for each in self.crossed}
        b = self.b
        total = stand_as_indexed(self.host, [each for each in self.plan.accesses if each.number not in crossed])
        if total is None:
            return None
        for each in self.crossed:
            memory = self.host.memory(each.access.buffer)
            same = b.op(f"icmp eq i64 {memory.stride(each.outer)}, {SIZE[memory.buffer.dtype]}")
            total = b.op(f"and i1 {total}, {same}")
        return total

    def _rows(self, row: str, column: str, end: str) -> None:
        """Write the tiles of some rows, between two columns."""
        b, host = self.b, self.host
        count = b.op(f"sub i64 {end}, {column}")
        bases = {each.access.number: "null" for each in self.crossed}
        rows: list[VectorLoop] = []
        for k in range(self.side):
            host.values[self.loop.index] = Value(str(size_add(b, row, k)), "int64")
            rows.append(VectorLoop(host, self.inner, self.plan, column, end, {}, direct=True, bases=bases))
            rows[-1].find(count)
            rows[-1].places.begin_chunk("0", count, lambda: None)
        host.values[self.loop.index] = Value(row, "int64")
        sources = [self._source(each, column) for each in self.crossed]
        del host.values[self.loop.index]
        past = self._past_cache(rows)
        steps(b, "tile", 0, count, self.side * self.wide, lambda i, _: self._tile(rows, sources, column, i, past))

    def _source(self, crossed: Crossed, column: str) -> str:
        """Return where an operand's first element in a row and column is; the row's index has its value."""
        host = self.host
        host.values[self.inner.index] = Value(column, "int64")
        evaluator = host.evaluator()
        index = [as_size(evaluator.evaluate(number)) for number in crossed.access.index]
        del host.values[self.inner.index]
        return address(self.b, host.memory(crossed.access.buffer), index)

    def _past_cache(self, rows: Sequence[VectorLoop]) -> str:
        """Return whether the rows go past the cache: an i1, "" where they never do. Their vectors must be whole lines."""
        b, wanted, places = self.b, "", [place for row in rows for place in row.places.writes.values()]
        for place in rows[0].places.writes.values():
            asked = self.host.past_cache(place.access.buffer) if place.size * self.side * self.wide == LINE else ""
            if not asked:
                return ""
            wanted = asked
        address_bits = "0"
        for place in places:
            address_bits = b.op(f"or i64 {address_bits}, {b.op(f'ptrtoint ptr {place.base} to i64')}")
        aligned = b.op(f"icmp eq i64 {b.op(f'and i64 {address_bits}, {LINE - 1}')}, 0")
        return b.op(f"and i1 {wanted}, {aligned}")

    def _tile(self, rows: Sequence[VectorLoop], sources: Sequence[str], column: str, i: str, past: str) -> None:
        """Write one tile, or some side by side: all values are computed before any is stored."""
        b, found = self.b, list[tuple[Value, str]]()
        squares = [self._squares(each, source, i) for each, source in zip(self.crossed, sources, strict=True)]
        for k, row in enumerate(rows):
            for part in range(self.wide):
                given = {
                    each.access.number: square[part][k] for each, square in zip(self.crossed, squares, strict=True)
                }
                found += row.stored(column, i, part * self.side, given)
        if not past:
            for value, pointer in found:
                store_vector(b, value, pointer, None)
            return
        labels = [b.label(purpose) for purpose in ("past", "into", "stored")]
        b.branch(past, labels[0], labels[1])
        for label in labels[:2]:
            b.place(label)
            for value, pointer in found:
                if label == labels[0]:
                    streaming.store_past_cache(b, value, pointer)
                else:
                    store_vector(b, value, pointer, None)
            b.jump(labels[2])
        b.place(labels[2])

    def _squares(self, crossed: Crossed, source: str, i: str) -> list[list[Value]]:
        """Return an operand's part of some tiles side by side, row by row, and ask for the lines of the rows below."""
        b, memory = self.b, self.host.memory(crossed.access.buffer)
        dtype, step = memory.buffer.dtype, memory.stride(crossed.inner)
        b.module.declare("llvm.prefetch.p0", "void", "ptr", "i32 immarg", "i32 immarg", "i32 immarg")
        pointer = offset(b, source, size_mul(b, i, step))
        squares = []
        for _ in range(self.wide):
            vectors = []
            for _ in range(self.side):
                vectors.append(load_vector(b, dtype, self.side, pointer, None, None))
                below = offset(b, pointer, self.side * SIZE[dtype])
                b.do(f"call void @llvm.prefetch.p0(ptr {below}, i32 0, i32 3, i32 1)")
                pointer = offset(b, pointer, step)
            squares.append(turned_round(b, vectors))
        return squares
