"""How a kernel runs its two innermost loops where operands may have their neighbours in the next row: in tiles, in panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neano.backends.native.emit.memory import Size
from neano.backends.native.emit.panels import MAX_PANELS, Panels, steps
from neano.backends.native.emit.plan import Access, Kind
from neano.backends.native.emit.tiles import Tiles
from neano.backends.native.ir import Loop, Ref

if TYPE_CHECKING:
    from neano.backends.native.emit.kernel import KernelEmitter

Range = tuple[Size, Size]


class Across:
    """Writes such loops of one kernel."""

    def __init__(self, host: KernelEmitter) -> None:
        self.host, self.b = host, host.b

    def run(self, loop: Loop, first: Size, stop: Size) -> bool:
        """Run the two innermost loops, if `loop` is the outer one of them and an operand may be turned round; say whether."""
        host, loops = self.host, self.host.nest.loops
        turned = self._turned() if len(loops) > 1 and loop is loops[-2] else []
        if not turned:
            return False
        inner = loops[-1]
        ends = host.bounds[inner.index] if inner.index in host.bounds else (0, host.sizes((inner.extent,))[0])
        tiles = Tiles.of(host, loop, inner, turned) if host.nest.any_order else None
        panels = Panels(host, [access for access, _ in turned], [axes for _, axes in turned])
        if tiles is None:
            self._in_panels(loop, panels, (first, stop), ends)
        else:
            self._rest(loop, panels, (first, stop), ends, tiles.emit((first, stop), ends))
        return True

    def _turned(self) -> list[tuple[Access, tuple[int, int]]]:
        """Return the operands that may be turned round, and their axes of the two loops."""
        nest, found = self.host.nest, list[tuple[Access, tuple[int, int]]]()
        plan = self.host.plan(nest.loops[-1]) if nest.turned else None
        for access in () if plan is None else plan.loads.values():
            axes = self._axes(access) if access.kind is Kind.STRIDED else None
            if axes is not None:
                found.append((access, axes))
        return found[:MAX_PANELS]

    def _axes(self, access: Access) -> tuple[int, int] | None:
        """Return the axes of an operand that the indices of the two innermost loops stand on."""
        nodes, nest = self.host.numbering.nodes, self.host.nest
        names = [node.name if isinstance(node := nodes[number], Ref) else "" for number in access.index]
        wanted = [loop.index for loop in nest.loops[-2:]]
        if any(names.count(name) != 1 for name in wanted):
            return None
        outer, inner = (names.index(name) for name in wanted)
        return (outer, inner) if (access.buffer, outer, inner) in nest.turned else None

    def _rest(self, loop: Loop, panels: Panels, rows: Range, columns: Range, done: Range) -> None:
        """Run what tiles have left: the rows from `done[0]` on, and of the others the columns from `done[1]` on."""
        b, (row, column) = self.b, done

        def part(number: str, _: str) -> None:
            below = b.op(f"icmp eq i64 {number}, 0")
            edges = ((row, rows[0]), (columns[0], column), (column, columns[1]))
            start, left, right = (b.op(f"select i1 {below}, i64 {one}, i64 {other}") for one, other in edges)
            self._in_panels(loop, panels, (start, rows[1]), (left, right))

        steps(b, "rest", 0, "2", 1, part)

    def _in_panels(self, loop: Loop, panels: Panels, rows: Range, columns: Range) -> None:
        """Run the two innermost loops panel by panel where an operand is turned round, else as one panel."""
        host, inner = self.host, self.host.nest.loops[-1]

        def part(column: str, end: str) -> None:
            host.bounds[inner.index] = (column, end)
            steps(self.b, "rows", rows[0], rows[1], panels.height, lambda row, last: panel(column, end, row, last))

        def panel(column: str, end: str, row: str, last: str) -> None:
            host.panels = panels.fill(loop.index, inner.index, (row, last), (column, end))
            host.passes.run(loop, row, last)

        steps(self.b, "columns", columns[0], columns[1], panels.width, part)
