"""How a kernel combines rows: several in a pass, into one (`grouped_rows`) or each into a number (`summed_rows`), and part by
part of their columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neano.backends.native.emit.grouped_rows import HEAVIEST, ROWS, Grouped, grouped_rows, loads_of, renamed
from neano.backends.native.emit.memory import Size, size_add, size_mul
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.plan import Kind
from neano.backends.native.emit.summed_rows import SummedRows
from neano.backends.native.emit.text import SIZE, Value
from neano.backends.native.ir import Loop, Stmt, Update

if TYPE_CHECKING:
    from neano.backends.native.emit.kernel import KernelEmitter

COLUMN_BYTES = 8192
"""Bytes of the row that others are combined into, which one part of it takes: a quarter of a small first-level cache."""


class RowPasses:
    """Writes such loops of one kernel."""

    def __init__(self, host: KernelEmitter) -> None:
        self.host, self.b = host, host.b
        self._summed = SummedRows(host)

    def run_by_columns(self, loop: Loop) -> None:
        """Run a nest that combines rows into one for some of their columns after the other, which then stay in cache."""
        inner = self.host.nest.loops[-1]
        size = max(SIZE[s.value.dtype] for s in inner.body if isinstance(s, Update))

        def columns(column: str, end: str) -> None:
            self.host.bounds[inner.index] = (column, end)
            self.host.loop(loop)

        first, stop = self.host.bounds[inner.index]
        steps(self.b, "part", first, stop, COLUMN_BYTES // size, columns)

    def run(self, loop: Loop, first: Size, stop: Size) -> None:
        """Run a loop that holds others, several iterations in a pass where they are rows combined into one."""
        grouped = grouped_rows(loop, self.host.views)
        if grouped is None or not self._is_light(grouped.inner):
            self.host.plain_loop(loop, self._summed.run(loop, first, stop), stop)
            return
        b = self.b
        each = b.op(f"sdiv i64 {b.op(f'sub i64 {stop}, {first}')}, {ROWS}")
        end, middle = size_add(b, each, first), size_add(b, size_mul(b, each, ROWS), first)
        weight, found = self.host.weight, len(self.host.innermost)
        steps(b, "group", first, end, 1, lambda row, _: self._group(loop, grouped, row, each))
        self.host.weight = weight
        del self.host.innermost[found:]
        self.host.plain_loop(loop, middle, stop)

    def _is_light(self, inner: Loop) -> bool:
        """Return whether the loops inside run in vectors, write consecutive elements, and compute little."""
        while isinstance(inner.body[0], Loop):
            inner = inner.body[0]
        plan = self.host.plan(inner)
        if plan is None or plan.weight > HEAVIEST * ROWS:
            return False
        return all(access.kind is not Kind.GATHERED for access in plan.accesses)

    def _group(self, loop: Loop, grouped: Grouped, first: str, apart: str) -> None:
        """Write one pass over several rows that are some rows apart."""
        inner: list[Loop] = [grouped.inner]
        while isinstance(inner[-1].body[0], Loop):
            inner.append(inner[-1].body[0])
        names = dict(zip(_indices(loop.body[-1]), (each.index for each in inner), strict=True))
        for name, other in names.items():
            if name in self.host.bounds:
                self.host.bounds[other] = self.host.bounds[name]
        row: Size = first
        for index in grouped.indices:
            self.host.values[index] = Value(str(row), "int64")
            self._take_panels(loop, index, {**names, loop.index: index})
            row = size_add(self.b, row, apart)
        self.host.block((*grouped.lets, grouped.inner))

    def _take_panels(self, loop: Loop, index: str, names: dict[str, str]) -> None:
        """Let the loads of one of several rows read from the panels of the loads that they are copies of."""
        for each in loads_of(loop) if self.host.panels else ():
            panel = self.host.panels.get(self.host.numbering.number(each))
            if panel is not None:
                self.host.panels[self.host.numbering.number(renamed(each, names))] = replace(panel, index=index)


def _indices(statement: Stmt) -> list[str]:
    """Return the indices of a loop and of the loops right inside it, down to the innermost."""
    found: list[str] = []
    while isinstance(statement, Loop):
        found.append(statement.index)
        statement = statement.body[0]
    return found
