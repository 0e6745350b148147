"""Panels: operands whose neighbours stand in the next row, turned round a piece at a time.

A nest that walks rows meets one element on each line of the cache of a transposed operand. So the two innermost loops run
panel by panel, some rows of some columns: of each column whole lines are read and spread over the rows of a buffer, from
which the vector loop then reads consecutive elements. Which operands are turned is seen at run time; where none is, all rows
of all columns are one panel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neano.backends.native.emit.memory import Size, address, as_size, offset, size_mul
from neano.backends.native.emit.plan import Access
from neano.backends.native.emit.text import SIZE, Builder, Value
from neano.backends.native.emit.transposing import spread

if TYPE_CHECKING:
    from neano.backends.native.emit.kernel import KernelEmitter

LINE = 256
"""Bytes of a column of a panel: some lines of the cache, which follow each other."""

COLUMNS = 64
"""Columns of a panel."""

MAX_PANELS = 6
"""Operands that have panels in one nest, at most."""

WHOLE = 2**62
"""More rows or columns than there are."""


@dataclass(frozen=True)
class Panel:
    """One operand's panel.

    Attributes:
        turned: whether the operand is turned round, an i1.
        index: name of the loop over rows.
        row: pointer to the panel's elements for a row, given its index.
    """

    turned: str
    index: str
    row: Callable[[Size], str]


def steps(b: Builder, name: str, first: Size, stop: Size, step: Size, work: Callable[[str, str], None]) -> None:
    """Write a loop over pieces of a range: `work` gets the bounds of each."""
    head, inside, after = (b.label(purpose) for purpose in (name, f"{name}.body", f"{name}.done"))
    before = b.current
    b.jump(head)
    b.place(head)
    begin, phi = b.fresh(), b.reserve()
    b.branch(b.op(f"icmp slt i64 {begin}, {stop}"), inside, after)
    b.place(inside)
    left = b.op(f"sub i64 {stop}, {begin}")
    short = b.op(f"icmp slt i64 {left}, {step}")
    end = b.op(f"add i64 {begin}, {b.op(f'select i1 {short}, i64 {left}, i64 {step}')}")
    work(begin, end)
    b.fill(phi, f"{begin} = phi i64 [{first}, %{before}], [{end}, %{b.current}]")
    b.jump(head)
    b.place(after)


class Panels:
    """The panels of a nest.

    Attributes:
        width, height: columns and rows of a panel.
    """

    def __init__(self, host: KernelEmitter, accesses: Sequence[Access], axes: Sequence[tuple[int, int]]) -> None:
        self.host, self.accesses = host, accesses
        b = host.b
        self.sizes = [SIZE[host.program.buffers[access.buffer].dtype] for access in accesses]
        self.buffers = [b.stack(f"[{LINE * COLUMNS} x i8]", 64) for _ in accesses]
        self.turned: list[str] = []
        self.steps: list[Size] = []
        for access, (outer, inner), size in zip(accesses, axes, self.sizes, strict=True):
            memory = host.memory(access.buffer)
            along = b.op(f"icmp eq i64 {memory.stride(outer)}, {size}")
            across = b.op(f"icmp ne i64 {memory.stride(inner)}, {size}")
            self.turned.append(b.op(f"and i1 {along}, {across}"))
            self.steps.append(memory.stride(inner))
        some = self.turned[0]
        for turned in self.turned[1:]:
            some = b.op(f"or i1 {some}, {turned}")
        self.width = b.op(f"select i1 {some}, i64 {COLUMNS}, i64 {WHOLE}")
        self.height = b.op(f"select i1 {some}, i64 {LINE // max(self.sizes)}, i64 {WHOLE}")

    def fill(self, outer: str, inner: str, rows: tuple[str, str], columns: tuple[str, str]) -> dict[int, Panel]:
        """Turn round the operands' parts of some rows and columns; return the panels by the number of the load."""
        host, b = self.host, self.host.b
        count = b.op(f"sub i64 {rows[1]}, {rows[0]}")
        width = b.op(f"sub i64 {columns[1]}, {columns[0]}")
        host.values[outer], host.values[inner] = Value(rows[0], "int64"), Value(columns[0], "int64")
        found: dict[int, Panel] = {}
        for access, size, buffer, turned, step in zip(
            self.accesses, self.sizes, self.buffers, self.turned, self.steps, strict=True
        ):
            fill, ready = b.label("fill"), b.label("ready")
            b.branch(turned, fill, ready)
            b.place(fill)
            evaluator = host.evaluator()
            index = [as_size(evaluator.evaluate(number)) for number in access.index]
            source = address(b, host.memory(access.buffer), index)
            spread(b, size, (buffer, COLUMNS * size), (source, step), (count, width), LINE)
            b.jump(ready)
            b.place(ready)
            found[access.number] = Panel(turned, outer, self._row(buffer, rows[0], size))
        del host.values[outer], host.values[inner]
        return found

    def _row(self, buffer: str, first: str, size: int) -> Callable[[Size], str]:
        b = self.host.b
        return lambda row: offset(b, buffer, size_mul(b, b.op(f"sub i64 {row}, {first}"), COLUMNS * size))
