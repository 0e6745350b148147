"""A top-level loop as a function of its own: `void kernel(ptr args, i64 from, i64 to)`.

The text depends on the loop alone, not on names, so equal loops make equal kernels. What the loop needs from outside
(pointers, lengths, strides, scalars, accumulators) it loads from `args`, whose layout the caller learns from `Kernel.arguments`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from neano.backends.native.emit.accumulators import Accumulator
from neano.backends.native.emit.across import Across
from neano.backends.native.emit.kept_indices import keep_indices
from neano.backends.native.emit.memory import Memory, Size, load, offset, size_add, size_mul
from neano.backends.native.emit.nest import Nest
from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.emit.panels import Panel
from neano.backends.native.emit.plan import Analysis, Plan
from neano.backends.native.emit.row_passes import RowPasses
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.target import Options, Target
from neano.backends.native.emit.text import Builder, Module, Value
from neano.backends.native.emit.vector_loop import VectorLoop
from neano.backends.native.ir import (
    Alloc,
    Check,
    Dim,
    Invoke,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    View,
)
from neano.backends.native.runtime.abi import (
    CONTEXT_ERROR_ARGS,
    CONTEXT_ERROR_CODE,
    KERNEL_PREFIX,
    SCRATCH_GIVE,
    SCRATCH_TAKE,
)
from neano.backends.native.traverse import defined_names, postorder, statements

SLOT = 16
"""Bytes of an argument: room for a complex number."""

OUT_OF_MEMORY = 2
"""What a kernel leaves in its status where it found no scratch memory; 1 where a check failed."""

STACK_LIMIT = 16384
"""Bytes of a row's scratch memory that a kernel takes from its stack."""

Key = tuple[str, ...]
"""An argument: ("data", buffer), ("dim", buffer, axis), ("stride", buffer, axis), ("value", name, dtype),
("accumulator", name, dtype), ("extent", position), ("flat",), ("streams",), ("context",), ("status",)."""

NAMED = frozenset(("data", "dim", "stride", "value", "accumulator"))
"""The arguments that name something of the program."""


@dataclass(frozen=True)
class Innermost:
    """How an innermost loop runs: elements in a vector, vectors in a turn; if in scalar code, for what reason."""

    index: str
    lanes: int = 1
    unroll: int = 1
    reason: str = ""


@dataclass(frozen=True)
class Kernel:
    """A kernel as text.

    Attributes:
        name: made from its content.
        text: the module.
        arguments: what stands in the slots of `args`, in order.
        symbols: outside names that it needs.
        weight: cost of one iteration of the innermost loops, in simple operations.
        can_fail: whether it may leave something in its status.
        innermost: what became of each loop that holds no other.
    """

    name: str
    text: str
    arguments: tuple[Key, ...]
    symbols: frozenset[str]
    weight: int
    can_fail: bool
    innermost: tuple[Innermost, ...]

    @property
    def vectors(self) -> tuple[bool, ...]:
        """For each innermost loop, whether it runs in vectors."""
        return tuple(not each.reason for each in self.innermost)

    def renamed(self, names: Mapping[str, str]) -> Kernel:
        """Return the kernel of a loop that is the same but for names."""
        arguments = tuple((key[0], names[key[1]], *key[2:]) if key[0] in NAMED else key for key in self.arguments)
        innermost = tuple(replace(each, index=names[each.index]) for each in self.innermost)
        return replace(self, arguments=arguments, innermost=innermost)


class KernelEmitter(StatementEmitter):
    """Emits the statements of one kernel."""

    def __init__(
        self,
        program: Program,
        target: Target,
        options: Options,
        views: dict[str, str],
        nest: Nest,
        unread: frozenset[str] = frozenset(),
        libraries: dict[str, str] | None = None,
    ) -> None:
        super().__init__(Builder(Module(libraries), target, options), program, Numbering())
        self.views, self.nest, self.unread = views, nest, unread
        self.streams = ""
        self.arguments: dict[Key, str] = {}
        self.bounds: dict[str, tuple[Size, Size]] = {}
        self.rows: dict[str, str] = {}
        self.to_free: list[str] = []
        self.panels: dict[int, Panel] = {}
        self._plans: dict[str, Plan | None] = {}
        self._reasons: dict[str, str] = {}
        self.can_fail = False
        self.weight = 0
        self.innermost: list[Innermost] = []
        self.finish = self.b.label("finish")
        self.passes = RowPasses(self)
        self._across = Across(self)

    def emit(self) -> Kernel:
        """Write the kernel."""
        loop = self.nest.loops[0]
        self._bounds()
        self._row_scratch(loop)
        if self.nest.columns:
            self.passes.run_by_columns(loop)
        else:
            self.loop(loop)
        self.b.jump(self.finish)
        self.b.place(self.finish)
        if self.streams:
            self._settle()
        for slot in self.to_free:
            self.b.call(SCRATCH_GIVE, "void", ("ptr", self.b.op(f"load ptr, ptr {slot}")))
        self.b.do("ret void")
        body = self.b.module.text(self.b.text("define void @KERNEL(ptr %args, i64 %from, i64 %to) nounwind"))
        name = KERNEL_PREFIX + hashlib.blake2s(body.encode(), digest_size=16).hexdigest()
        text = body.replace("@KERNEL(", f"@{name}(")
        symbols = frozenset(self.b.module.symbols)
        return Kernel(
            name, text, tuple(self.arguments), symbols, max(self.weight, 1), self.can_fail, tuple(self.innermost)
        )

    def argument(self, key: Key, kind: str = "i64") -> str:
        """Return what the caller hands over under a key."""
        if key not in self.arguments:
            slot = self.b.early(f"getelementptr i8, ptr %args, i64 {SLOT * len(self.arguments)}")
            self.arguments[key] = self.b.early(f"load {kind}, ptr {slot}")
        return self.arguments[key]

    def _bounds(self) -> None:
        """Set the bounds of the loops: the range of the call on the outermost one, or on the innermost where all are merged."""
        loops, b = self.nest.loops, self.b
        self.bounds[loops[0].index] = ("%from", "%to")
        if self.nest.merged_from == len(loops) - 1 and not self.nest.columns:
            return
        for position, loop in enumerate(loops):
            self.bounds[loop.index] = (0, self.argument(("extent", str(position))))
        flat = b.op(f"trunc i64 {self.argument(('flat',))} to i1")
        outer = self.argument(("extent", "0"))
        ends = [b.op(f"select i1 {flat}, i64 {x}, i64 {y}") for x, y in ((0, "%from"), (outer, "%to"))]
        self.bounds[loops[0].index] = (ends[0], ends[1])
        inner = self.argument(("extent", str(len(loops) - 1)))
        ends = [b.op(f"select i1 {flat}, i64 {x}, i64 {y}") for x, y in (("%from", 0), ("%to", inner))]
        self.bounds[loops[-1].index] = (ends[0], ends[1])

    # What comes from outside.

    def value(self, name: str, dtype: str) -> Value:
        if name in self.values or name in self.accumulators:
            return super().value(name, dtype)
        key = ("value", name, dtype)
        if key not in self.arguments:
            slot = self.b.early(f"getelementptr i8, ptr %args, i64 {SLOT * len(self.arguments)}")
            kept, self.b.lines = self.b.lines, self.b.entry
            self.values[name] = load(self.b, dtype, slot)
            self.b.lines = kept
            self.arguments[key] = slot
        return self.values[name]

    def accumulator(self, name: str, dtype: str) -> Accumulator:
        if name not in self.accumulators:
            return Accumulator(dtype, self.argument(("accumulator", name, dtype), "ptr"))
        return self.accumulators[name]

    def memory(self, name: str) -> Memory:
        if name not in self.memories:
            data = self.argument(("data", name), "ptr")
            self.memories[name] = Memory(
                self.program.buffers[name], data, lambda what, axis: self.argument((what, name, str(axis)))
            )
        return self.memories[name]

    def past_cache(self, name: str) -> str:
        if name not in self.unread or self.b.target.vector_bytes < 32:
            return ""
        if not self.streams:
            self.streams = self.b.early(f"trunc i64 {self.argument(('streams',))} to i1")
        return self.streams

    def _settle(self) -> None:
        """Let what went past the cache be seen before the kernel's end is."""
        wait, settled = self.b.label("wait"), self.b.label("settled")
        self.b.branch(self.streams, wait, settled)
        self.b.place(wait)
        self.b.do("fence seq_cst")
        self.b.jump(settled)
        self.b.place(settled)

    # Loops.

    def loop(self, loop: Loop) -> None:
        first, stop = self.bounds[loop.index] if loop.index in self.bounds else (0, self.sizes((loop.extent,))[0])
        if not any(isinstance(s, Loop) for s in loop.body):
            self._run(loop, first, stop)
        elif not self._across.run(loop, first, stop):
            self.passes.run(loop, first, stop)

    def _run(self, loop: Loop, first: Size, stop: Size) -> None:
        """Run a loop that holds no other, in vectors where it can."""
        plan = self.plan(loop)
        reason = self._reasons.get(loop.index, "")
        found = Innermost(loop.index, reason=reason) if plan is None else Innermost(loop.index, plan.lanes, plan.unroll)
        self.innermost.append(found)
        self.weight += 4 * len(loop.body) if plan is None else plan.weight
        if plan is None:
            self.plain_loop(loop, first, stop)
        else:
            VectorLoop(self, loop, plan, first, stop, self.panels).emit()

    def plan(self, loop: Loop) -> Plan | None:
        """Return how a loop runs in vectors."""
        if loop.index not in self._plans:
            analysis = Analysis(self.program, self.numbering, self.b.target, self.views, loop)
            plan = self._plans[loop.index] = analysis.run()
            if plan is not None:
                keep_indices(analysis, plan)
            self._reasons[loop.index] = analysis.reason
        return self._plans[loop.index]

    # Memory of one iteration.

    def _row_scratch(self, loop: Loop) -> None:
        """Find one block for all allocations inside the loop whose lengths are known before it starts."""
        inner = defined_names((loop,))
        made = {s.buffer for s in statements((loop,)) if isinstance(s, (Alloc, View, Reinterpret))}
        total: Size = 0
        places: dict[str, Size] = {}
        for statement in statements((loop,)):
            if isinstance(statement, Alloc) and self._known_outside(statement, inner, made):
                count = self.byte_count(statement.buffer, self.sizes(statement.dims))
                places[statement.buffer] = total
                total = size_add(self.b, total, self._rounded(count))
        if places:
            block = self._block(total)
            self.rows = {name: offset(self.b, block, size_mul(self.b, place, 1)) for name, place in places.items()}

    def _known_outside(self, alloc: Alloc, inner: set[str], made: set[str]) -> bool:
        parts = postorder(alloc.dims)
        return not any(
            isinstance(e, Load) or (isinstance(e, Ref) and e.name in inner) or (isinstance(e, Dim) and e.buffer in made)
            for e in parts
        )

    def _rounded(self, count: Size) -> Size:
        if isinstance(count, int):
            return (count + 63) // 64 * 64
        return self.b.op(f"and i64 {self.b.op(f'add i64 {count}, 63')}, -64")

    def _block(self, total: Size) -> str:
        """Return memory for the whole call: of the stack where it is small."""
        b = self.b
        if isinstance(total, int) and total <= STACK_LIMIT:
            return b.stack(f"[{total} x i8]", 64)
        fixed = b.stack(f"[{STACK_LIMIT} x i8]", 64)
        slot = self._slot()
        large, ready = b.label("large"), b.label("ready")
        b.branch(b.op(f"icmp sgt i64 {total}, {STACK_LIMIT}"), large, ready)
        b.place(large)
        self._take(slot, total)
        b.jump(ready)
        b.place(ready)
        taken = b.op(f"load ptr, ptr {slot}")
        return b.op(f"select i1 {b.op(f'icmp eq ptr {taken}, null')}, ptr {fixed}, ptr {taken}")

    def _slot(self) -> str:
        """Return a place in the frame for a block that is given back at the end."""
        slot = self.b.stack("ptr")
        self.b.entry.append(f"  store ptr null, ptr {slot}")
        self.to_free.append(slot)
        return slot

    def _take(self, slot: str, count: Size) -> None:
        """Take scratch memory, or leave the kernel where there is none."""
        b = self.b
        block = b.call(SCRATCH_TAKE, "ptr", ("i64", str(count)))
        b.do(f"store ptr {block}, ptr {slot}")
        none, some = b.label("none"), b.label("some")
        b.branch(b.op(f"icmp eq ptr {block}, null"), none, some)
        b.place(none)
        self._claim(OUT_OF_MEMORY)
        b.jump(self.finish)
        b.place(some)

    def alloc(self, alloc: Alloc) -> None:
        dims = self.sizes(alloc.dims)
        if alloc.buffer in self.rows:
            self.place(alloc.buffer, self.rows[alloc.buffer], dims)
            return
        slot = self._slot()
        self.b.call(SCRATCH_GIVE, "void", ("ptr", self.b.op(f"load ptr, ptr {slot}")))
        self.b.do(f"store ptr null, ptr {slot}")
        self._take(slot, self.byte_count(alloc.buffer, dims))
        self.place(alloc.buffer, self.b.op(f"load ptr, ptr {slot}"), dims)

    # Failure.

    def _claim(self, code: int) -> str:
        """Note a failure, unless another thread has noted one; return whether this one counts."""
        self.can_fail = True
        status = self.argument(("status",), "ptr")
        pair = self.b.op(f"cmpxchg ptr {status}, i64 0, i64 {code} monotonic monotonic")
        return self.b.op(f"extractvalue {{ i64, i1 }} {pair}, 1")

    def fail(self, check: Check, args: Sequence[Value]) -> None:
        b = self.b
        note = b.label("note")
        b.branch(self._claim(1), note, self.finish)
        b.place(note)
        context = self.argument(("context",), "ptr")
        b.do(f"store i64 {check.error}, ptr {offset(b, context, CONTEXT_ERROR_CODE)}")
        for position, value in enumerate(args):
            b.do(f"store i64 {value.text}, ptr {offset(b, context, CONTEXT_ERROR_ARGS + 8 * position)}")
        b.jump(self.finish)

    def invoke(self, invoke: Invoke) -> None:
        raise NotImplementedError(f"a call of {invoke.routine!r} inside a loop")
