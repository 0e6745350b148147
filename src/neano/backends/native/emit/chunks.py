"""Reductions on several threads: chunks of the range with partial results of their own, combined in the order of the chunks.

How many chunks there are depends on the lengths alone, and each is computed in one piece. So the result has the same bits for
any number of threads.

The kernel is the one that would run over the whole range. A function around it hands it, for each chunk, accumulators and
buffers of the chunk's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neano.backends.native.emit import accumulators
from neano.backends.native.emit.accumulators import CELL, Accumulator
from neano.backends.native.emit.memory import Size, offset, size_add, size_mul
from neano.backends.native.emit.text import Builder
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Buffer,
    Const,
    Declare,
    Dim,
    Load,
    Loop,
    Ref,
    Stmt,
    Store,
    Update,
)
from neano.backends.native.runtime import abi
from neano.backends.native.traverse import all_expressions, buffers_used, statements

if TYPE_CHECKING:
    from neano.backends.native.emit.body import BodyEmitter
    from neano.backends.native.emit.kernel import Kernel

MOST_ROWS = 16
"""Chunks of a loop that combines into a buffer, at most: each of them has a copy of the buffer."""

LEAST_ROWS = 64
"""Iterations of a chunk of such a loop, at least."""


@dataclass(frozen=True)
class Reductions:
    """What a loop combines into from outside of it.

    Attributes:
        sums: accumulations, each into one accumulator, or into two for an extreme value and its position.
        rows: for each buffer the function that combines into it.
    """

    sums: tuple[Accumulate | AccumulateArg, ...]
    rows: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.sums or self.rows)


def reductions_of(loop: Loop, views: dict[str, str]) -> Reductions | None:
    """Return what a loop combines into from outside; None where that cannot be split up."""
    inside = list(statements(loop.body))
    own = {s.name for s in inside if isinstance(s, Declare)}
    made = {s.buffer for s in inside if isinstance(s, Alloc)}
    sums: dict[str, Accumulate | AccumulateArg] = {}
    rows: dict[str, str] = {}
    for each in inside:
        if isinstance(each, Accumulate) and each.name not in own:
            if sums.setdefault(each.name, each) != each:
                return None
        elif isinstance(each, AccumulateArg) and each.value_name not in own:
            if sums.setdefault(each.value_name, each) != each:
                return None
        elif isinstance(each, Update) and each.buffer not in made and _is_reduction(each, loop):
            if each.buffer in rows or each.buffer in views or identity_of(each.combine, each.value.dtype) is None:
                return None
            rows[each.buffer] = each.combine
    for statement in sums.values():
        dtype = statement.value.dtype
        if isinstance(statement, Accumulate) and accumulators.identity(statement.combine, dtype, 1) is None:
            return None
    others = {e.buffer for e in all_expressions(loop.body) if isinstance(e, Load)}
    for each in inside:
        read, written = ((), ()) if isinstance(each, Update) else buffers_used(each)
        others.update(read, written)
    return None if others & rows.keys() else Reductions(tuple(sums.values()), rows)


def _is_reduction(update: Update, loop: Loop) -> bool:
    """Return whether iterations of a loop meet the same elements: an index of inner loops' indices and numbers says so."""
    plain = all(isinstance(each, (Const, Ref)) for each in update.index)
    return plain and loop.index not in {each.name for each in update.index if isinstance(each, Ref)}


def identity_of(combine: str, dtype: str) -> Const | None:
    """Return what a function combines with any value into that value."""
    if dtype[0] == "c" and combine in ("maximum", "minimum"):
        return None
    if combine in ("maximum", "minimum"):
        return Const(_extreme(combine == "minimum", dtype), dtype)
    start = {"add": 0, "or_": 0, "xor": 0, "mul": 1, "and_": -1}.get(combine)
    if start is None:
        return None
    kinds = {"b": bool, "f": float, "c": complex}
    if dtype[0] == "u" and start == -1:
        return Const(2 ** int(dtype[4:]) - 1, dtype)
    return Const(kinds.get(dtype[0], int)(start), dtype)


def _extreme(upper: bool, dtype: str) -> Any:
    """Return a bound of the numbers of a dtype."""
    if dtype[0] == "b":
        return upper
    if dtype[0] == "f":
        return np.inf if upper else -np.inf
    limits = np.iinfo(dtype)
    return int(limits.max if upper else limits.min)


@dataclass(frozen=True)
class _Partial:
    """Buffers for the chunks of a loop: their name as one buffer, what combines them, where they are, the bytes of each."""

    name: str
    combine: Stmt
    data: str
    size: Size


class Chunks:
    """Writes the call of a kernel chunk by chunk."""

    def __init__(self, body: BodyEmitter, kernel: Kernel, reductions: Reductions) -> None:
        self.body, self.kernel, self.reductions = body, kernel, reductions
        self.cells: list[tuple[str, str]] = []
        for statement in reductions.sums:
            if isinstance(statement, Accumulate):
                self.cells.append((statement.name, statement.value.dtype))
            else:
                self.cells += [(statement.value_name, statement.value.dtype), (statement.position_name, "int64")]

    def call(self, args: str, total: Size, grain: Size, whole: str, parallel_for: str) -> None:
        """Write the call: of the kernel itself where the range is one chunk, else of chunks.

        Args:
            args: what the kernel is handed, in memory; its size is known to the kernel.
            total: length of the range.
            grain: elements that are worth a thread.
            whole: text of the kernel's call for the whole range.
            parallel_for: name of the function that runs chunks on threads.
        """
        b = self.body.b
        if self.reductions.rows:
            least = b.op(f"sdiv i64 {size_add(b, total, MOST_ROWS - 1)}, {MOST_ROWS}")
            for bound in (str(grain), str(LEAST_ROWS)):
                less = b.op(f"icmp slt i64 {least}, {bound}")
                least = b.op(f"select i1 {less}, i64 {bound}, i64 {least}")
            grain = least
        one, many, after = b.label("one.chunk"), b.label("chunks"), b.label("reduced")
        b.branch(b.op(f"icmp sle i64 {total}, {grain}"), one, many)
        b.place(one)
        b.do(whole)
        b.jump(after)
        b.place(many)
        count = b.op(f"sdiv i64 {size_add(b, size_add(b, total, grain), -1)}, {grain}")
        self._many(args, total, grain, count, parallel_for)
        b.jump(after)
        b.place(after)

    def _many(self, args: str, total: Size, grain: Size, count: str, parallel_for: str) -> None:
        b, body = self.body.b, self.body
        memory = body.null_slot()
        body.blocks[f"cells.{memory}"] = memory
        block = b.call(abi.SCRATCH_TAKE, "ptr", ("i64", b.op(f"mul i64 {count}, {max(CELL * len(self.cells), 1)}")))
        b.do(f"store ptr {block}, ptr {memory}")
        body.no_memory(b.op(f"icmp eq ptr {block}, null"))
        rows = [self._row(name, combine, count) for name, combine in self.reductions.rows.items()]
        words = [("ptr", args), ("i64", str(total)), ("i64", str(grain)), ("ptr", block)]
        for row in rows:
            words += [("ptr", row.data), ("i64", str(row.size))]
        handed = b.stack(f"[{len(words)} x i64]")
        for position, (kind, value) in enumerate(words):
            b.do(f"store {kind} {value}, ptr {offset(b, handed, 8 * position)}")
        name = self._function()
        b.call(parallel_for, "void", ("ptr", f"@{name}"), ("ptr", handed), ("i64", count), ("i64", "1"))
        body.repeat(count, lambda chunk: self._combine(b, block, chunk))
        for row in rows:
            body.statement(row.combine)
        held = [
            body.blocks[row.name] for row in rows if row.name in body.blocks
        ]  # none where a length is known to be 0
        for slot in (memory, *held):
            b.call(abi.SCRATCH_GIVE, "void", ("ptr", b.op(f"load ptr, ptr {slot}")))
            b.do(f"store ptr null, ptr {slot}")

    # Partial buffers.

    def _row(self, name: str, combine: str, count: str) -> _Partial:
        """Make a buffer for each chunk, filled with what changes nothing."""
        body, memory = self.body, self.body.memory(name)
        buffer = memory.buffer
        partial = f"{name}.chunks.{len(body.blocks)}"
        static = (None, *buffer.static) if buffer.static else ()
        body.program.buffers[partial] = Buffer(partial, buffer.dtype, buffer.ndim + 1, "scratch", static, True)
        dims: list[Size] = [memory.dim(axis) for axis in range(buffer.ndim)]
        body.alloc_scratch(partial, [count, *dims])
        start = identity_of(combine, buffer.dtype)
        assert start is not None
        index = tuple(Ref(f"{partial}.{axis}", "int64") for axis in range(buffer.ndim + 1))
        body.statement(_nest(index, Store(partial, index, start), partial, parallel=True))
        again = tuple(Ref(f"{partial}.of.{axis}", "int64") for axis in range(buffer.ndim + 1))
        update = Update(name, again[1:], combine, Load(partial, again, buffer.dtype), unique=True)
        size = self.body.byte_count(name, dims)
        return _Partial(partial, _nest(again, update, partial, parallel=False), body.memory(partial).data, size)

    # Accumulators.

    def _combine(self, b: Builder, block: str, chunk: str) -> None:
        """Combine the partial results of a chunk into the accumulators."""
        place = offset(b, block, size_mul(b, chunk, CELL * len(self.cells)))
        for statement in self.reductions.sums:
            found = []
            for _, dtype in self._cells_of(statement):
                found.append(accumulators.result(b, Accumulator(dtype, place)))
                place = offset(b, place, CELL)
            into = [self.body.accumulator(name, dtype) for name, dtype in self._cells_of(statement)]
            if isinstance(statement, Accumulate):
                accumulators.combine(b, into[0], statement.combine, found[0])
            else:
                accumulators.combine_extreme(b, into[0], into[1], statement.combine, found[0], found[1])

    def _cells_of(self, statement: Accumulate | AccumulateArg) -> Sequence[tuple[str, str]]:
        if isinstance(statement, Accumulate):
            return ((statement.name, statement.value.dtype),)
        return ((statement.value_name, statement.value.dtype), (statement.position_name, "int64"))

    # The function around the kernel.

    def _function(self) -> str:
        """Write the function that runs chunks of a range, and return its name."""
        outer = self.body.b
        b = Builder(outer.module, outer.target, outer.options)
        name = f"chunks.{len(outer.module.helpers)}"
        size = 16 * max(len(self.kernel.arguments), 1)
        own = b.stack(f"[{size} x i8]", 16)
        given, total, grain, block = (
            b.early(f"load {kind}, ptr {b.early(f'getelementptr i8, ptr %given, i64 {8 * position}')}")
            for position, kind in enumerate(("ptr", "i64", "i64", "ptr"))
        )
        outer.module.declare("llvm.memcpy.p0.p0.i64", "void", "ptr", "ptr", "i64", "i1 immarg")
        head, inside, after = b.label("chunk"), b.label("chunk.body"), b.label("chunk.done")
        before = b.current
        b.jump(head)
        b.place(head)
        chunk, phi = b.fresh(), b.reserve()
        b.branch(b.op(f"icmp slt i64 {chunk}, %to"), inside, after)
        b.place(inside)
        b.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {own}, ptr {given}, i64 {size}, i1 false)")
        self._own_places(b, own, block, chunk)
        first = b.op(f"mul i64 {chunk}, {grain}")
        end = b.op(f"add i64 {first}, {grain}")
        short = b.op(f"icmp slt i64 {total}, {end}")
        last = b.op(f"select i1 {short}, i64 {total}, i64 {end}")
        b.do(f"call void @{self.kernel.name}(ptr {own}, i64 {first}, i64 {last})")
        following = b.op(f"add i64 {chunk}, 1")
        b.fill(phi, f"{chunk} = phi i64 [%from, %{before}], [{following}, %{b.current}]")
        b.jump(head)
        b.place(after)
        b.do("ret void")
        outer.module.helpers[name] = b.text(f"define internal void @{name}(ptr %given, i64 %from, i64 %to) nounwind")
        return name

    def _own_places(self, b: Builder, own: str, block: str, chunk: str) -> None:
        """Let the kernel's arguments point to the accumulators and buffers of a chunk."""
        slots = {key: 16 * position for position, key in enumerate(self.kernel.arguments)}
        place = offset(b, block, size_mul(b, chunk, CELL * len(self.cells)))
        for statement in self.reductions.sums:
            starts = [accumulators.identity(statement.combine, statement.value.dtype, 1)]
            if isinstance(statement, AccumulateArg):
                starts.append(accumulators.identity("add", "int64", 1))
            for (name, dtype), start in zip(self._cells_of(statement), starts, strict=True):
                assert start is not None
                accumulators.start(b, Accumulator(dtype, place), start)
                b.do(f"store ptr {place}, ptr {offset(b, own, slots['accumulator', name, dtype])}")
                place = offset(b, place, CELL)
        for position, name in enumerate(self.reductions.rows):
            base, size = (
                b.early(
                    f"load {kind}, ptr {b.early(f'getelementptr i8, ptr %given, i64 {32 + 16 * position + place}')}"
                )
                for kind, place in (("ptr", 0), ("i64", 8))
            )
            row = b.op(f"getelementptr i8, ptr {base}, i64 {b.op(f'mul i64 {chunk}, {size}')}")
            b.do(f"store ptr {row}, ptr {offset(b, own, slots['data', name])}")


def _nest(index: Sequence[Ref], statement: Stmt, buffer: str, *, parallel: bool) -> Stmt:
    for axis in range(len(index) - 1, -1, -1):
        statement = Loop(index[axis].name, Dim(buffer, axis), (statement,), parallel)
    return statement
