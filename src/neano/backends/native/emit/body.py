"""The body of a function: `i32 neano_body(ptr inputs, ptr outputs, ptr context)`, as `runtime.abi` describes it.

Everything outside loops is written here: lengths, checks, allocations, 0-d work, calls of kernels and of library routines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from neano.backends.native.emit.addresses import found_at_entry
from neano.backends.native.emit.body_helpers import GIVE
from neano.backends.native.emit.effects import root_of
from neano.backends.native.emit.frame import Frame
from neano.backends.native.emit.handing_over import HandingOver
from neano.backends.native.emit.inherited import inherited
from neano.backends.native.emit.kernel_calls import KernelCalls
from neano.backends.native.emit.memory import Memory, Size, offset, size_add
from neano.backends.native.emit.metering import Meter
from neano.backends.native.emit.pipelines import Pipeline
from neano.backends.native.emit.ranges import Ranged, run_in_pieces
from neano.backends.native.emit.routines import routine
from neano.backends.native.emit.statements import views_of
from neano.backends.native.emit.target import Options, Target
from neano.backends.native.emit.turned_reductions import Turned, turned_reduction
from neano.backends.native.emit.updates import Updates
from neano.backends.native.ir import Alloc, Buffer, Dim, Invoke, Load, Loop, Program, Stmt
from neano.backends.native.runtime import abi
from neano.backends.native.runtime.codegen import LONG_BODY
from neano.backends.native.runtime.memory_text import NEW_ARRAY
from neano.backends.native.traverse import all_expressions, buffers_used, statements


class BodyEmitter(Frame):
    """Emits the body of one program, and its kernels.

    Attributes:
        calls: the kernels and their calls.
        meter: what writes clocks; None without a profile.
        objects, constants: names (of buffers) or positions that stand in the tables of the context.
    """

    def __init__(
        self,
        program: Program,
        target: Target,
        options: Options,
        updates: Updates | None = None,
        pipelines: Mapping[int, Pipeline] | None = None,
        begin: Callable[[str, str], None] | None = None,
    ) -> None:
        super().__init__(program, target, options)
        self.views = views_of(program)
        self.calls = KernelCalls(self, begin)
        self.meter = Meter(self) if options.profile else None
        self.constants: list[str] = []
        self.objects: list[str] = []
        self.owned: dict[str, str] = {}
        self.blocks: dict[str, str] = {}
        self.updates = updates or Updates()
        self.handing_over = HandingOver(self, self.updates)
        self.result_slots = {name: k for k, name in reversed(list(enumerate(program.results)))}
        self.pipelines = pipelines or {}
        self.last_use = _last_uses(program, self.views)
        self.inherited = inherited(program, self.views, self.last_use)
        for pipeline in self.pipelines.values():
            self.inherited = pipeline.kept(self.inherited, program)

    def emit(self) -> str:
        """Write the body and return its module."""
        b = self.b
        if self.meter:
            self.meter.begin()
        position = 0
        while position < len(self.program.body):
            if position == self.updates.tail:
                self.handing_over.begin()
            pipeline = self.pipelines.get(position)
            position = self._through(pipeline) if pipeline else self._one(position)
        if self.updates.tail >= len(self.program.body):
            self.handing_over.begin()
        self._hand_over()
        self.end(abi.OK)
        self.write_exits()
        b.place(self.leave)
        for slot in self.blocks.values():
            self.drop_scratch(slot)
        self.acquire()
        for name, slot in self.owned.items():
            if name not in self.result_slots:
                b.call("Py_DecRef", "void", ("ptr", b.op(f"load ptr, ptr {slot}")))
        self.drop_all_temporaries()
        if self.meter:
            self.meter.end()
        b.do(f"ret i32 {b.op(f'load i32, ptr {self.code}')}")
        head = f"define i32 @{abi.BODY_NAME}(ptr %inputs, ptr %outputs, ptr %context) nounwind"
        text = b.module.text(b.text(head))
        if len(text) <= LONG_BODY:
            return text
        b.entry, b.lines = found_at_entry(b.entry, b.lines)
        return b.module.text(b.text(head))

    def _one(self, position: int) -> int:
        """Write a statement; return the position of the next."""
        statement = self.program.body[position]
        if not self.handing_over.is_done(position, statement):
            self.statement(statement)
        self._give_back(position)
        return position + 1

    def _through(self, pipeline: Pipeline) -> int:
        """Write the statements of a pipeline; return the position of the next."""
        members: list[Ranged] = []
        pieces: Size = 0
        for statement in self.program.body[pipeline.start : pipeline.stop]:
            if isinstance(statement, Loop):
                members.append(self.calls.ranged(statement))
            elif isinstance(statement, Invoke) and (prepare := routine(statement.routine).ranged):
                members.append(prepare(self, statement))
                pieces = members[-1].total
        handed_on: Size = 0
        for name in pipeline.handed_on:
            memory = self.memory(name)
            dims = [memory.dim(axis) for axis in range(memory.buffer.ndim)]
            handed_on = size_add(self.b, handed_on, self.byte_count(name, dims))
        run_in_pieces(self, members, pieces, handed_on)
        for member in reversed(members):
            member.finish()
        for position in range(pipeline.start, pipeline.stop):
            self._give_back(position)
        return pipeline.stop

    def root(self, name: str) -> str:
        """Return the buffer whose memory a buffer is a window on; the buffer itself where it is none."""
        return root_of(name, self.views)

    def may_be_copy(self, name: str) -> bool:
        """Return whether a buffer, or what it is a window on, may be scratch memory in place of what it stands for."""
        while name in self.views and name not in self.blocks:
            name = self.views[name]
        return name in self.blocks

    # Buffers.

    def memory(self, name: str) -> Memory:
        if name not in self.memories:
            buffer = self.program.buffers[name]
            if buffer.kind == "input":
                self.memories[name] = self._input(buffer)
            elif buffer.kind == "constant":
                self.memories[name] = self._constant(buffer)
        return self.memories[name]

    def _input(self, buffer: Buffer) -> Memory:
        b, position = self.b, self.program.inputs.index(buffer.name)

        def field(where: int) -> str:
            pointer = b.early(f"getelementptr i8, ptr %inputs, i64 {position * abi.INPUT_SIZE + where}")
            return b.early(f"load ptr, ptr {pointer}")

        tables: dict[str, str] = {}

        def fetch(what: str, axis: int) -> Size:
            if what not in tables:
                tables[what] = field(abi.INPUT_DIMS if what == "dim" else abi.INPUT_STRIDES)
            return b.early(f"load i64, ptr {b.early(f'getelementptr i64, ptr {tables[what]}, i64 {axis}')}")

        if buffer.dtype == "object":
            return Memory(buffer, "", fetch, field(abi.INPUT_OBJECT))
        made = Memory(buffer, field(abi.INPUT_DATA), fetch, "")
        for axis in range(buffer.ndim):  # before anything may release the GIL
            made.dim(axis)
            made.stride(axis)
        return made

    def input_object(self, name: str) -> str:
        """Return the PyObject* of an input, which may be null where a number was given."""
        where = self.program.inputs.index(name) * abi.INPUT_SIZE + abi.INPUT_OBJECT
        return self.b.op(f"load ptr, ptr {offset(self.b, '%inputs', where)}")

    def _constant(self, buffer: Buffer) -> Memory:
        b = self.b
        if buffer.dtype == "object":
            return Memory(buffer, "", lambda what, axis: 0, self.table_object(buffer.name))
        table = b.early(f"load ptr, ptr {b.early(f'getelementptr i8, ptr %context, i64 {abi.CONTEXT_CONSTANTS}')}")
        slot = b.early(f"getelementptr ptr, ptr {table}, i64 {len(self.constants)}")
        self.constants.append(buffer.name)
        shape = np.shape(self.program.constants[buffer.name])
        strides = self.contiguous_strides(buffer, shape)
        return Memory(
            buffer, b.early(f"load ptr, ptr {slot}"), lambda what, axis: (shape if what == "dim" else strides)[axis]
        )

    def table_object(self, name: str) -> str:
        """Return an opaque constant."""
        if name not in self.objects:
            self.objects.append(name)
        return self.object_at(len(self.program.objects) + self.objects.index(name))

    def object_at(self, position: int) -> str:
        """Return an object of the context's table."""
        b = self.b
        table = b.early(f"load ptr, ptr {b.early(f'getelementptr i8, ptr %context, i64 {abi.CONTEXT_OBJECTS}')}")
        return b.early(f"load ptr, ptr {b.early(f'getelementptr ptr, ptr {table}, i64 {position}')}")

    def alloc(self, alloc: Alloc) -> None:
        if self.handing_over.alloc(alloc):
            return
        dims = self.sizes(alloc.dims)
        old = self.inherited.get(alloc.buffer)
        if old in self.blocks:
            self.blocks[alloc.buffer] = self.blocks.pop(old)
            self.place(alloc.buffer, self.memory(old).data, dims)
        elif self.program.buffers[alloc.buffer].kind == "scratch":
            self.alloc_scratch(alloc.buffer, dims)
        else:
            self._alloc_array(alloc.buffer, dims)

    def alloc_scratch(self, name: str, dims: list[Size]) -> None:
        """Give a buffer memory that lives for the call at most."""
        b, count = self.b, self.byte_count(name, dims)
        if isinstance(count, int) and count <= 256:
            self.place(name, b.stack(f"[{max(count, 1)} x i8]", 64), dims)
            return
        slot = self.blocks[name] = self.null_slot()
        block = b.call(abi.SCRATCH_TAKE, "ptr", ("i64", str(count)))
        b.do(f"store ptr {block}, ptr {slot}")
        self.no_memory(b.op(f"icmp eq ptr {block}, null"))
        self.place(name, block, dims)

    def _give_back(self, position: int) -> None:
        """Give back the scratch memory that no statement after this one uses."""
        for name in self.last_use.get(position, ()):
            if name in self.blocks:
                self.drop_scratch(self.blocks[name])

    def drop_scratch(self, slot: str) -> None:
        """Give back the scratch memory in a place of the frame, which is null then."""
        self.b.module.declare(abi.SCRATCH_GIVE, "void", "ptr")
        self.b.module.helpers["scratch.drop"] = GIVE
        self.b.do(f"call void @scratch.drop(ptr {slot})")

    def _alloc_array(self, name: str, dims: list[Size]) -> None:
        """Make a NumPy array, and keep the reference where the results are, or where it is dropped at the end."""
        self.acquire()
        buffer = self.program.buffers[name]
        array = self.new_array(buffer.dtype, dims)
        self.keep(name, array)
        self.require_object(array)
        data = self.b.op(f"load ptr, ptr {offset(self.b, array, abi.ARRAY_DATA)}")
        self.place(name, data, dims, None, array)

    def new_array(
        self,
        dtype: str,
        dims: Sequence[Size],
        data: str = "null",
        strides: Sequence[Size] | None = None,
        flags: int = 0,
    ) -> str:
        """Make an array on memory of its own, or on some data; the GIL is held."""
        b = self.b
        number = np.dtype(dtype).num
        shape, steps = self.sizes_in_memory(dims), "null"
        if data == "null" and dims:
            size = ("i64", str(np.dtype(dtype).itemsize))
            return b.call(NEW_ARRAY, "ptr", ("i32", str(len(dims))), ("ptr", shape), ("i32", str(number)), size)
        if strides is not None:
            steps = self.sizes_in_memory(strides)
        return b.call(
            "PyArray_New",
            "ptr",
            ("ptr", b.module.declare_data("PyArray_Type")),
            ("i32", str(len(dims))),
            ("ptr", shape),
            ("i32", str(number)),
            ("ptr", steps),
            ("ptr", data),
            ("i32", "0"),
            ("i32", str(flags)),
            ("ptr", "null"),
        )

    def sizes_in_memory(self, sizes: Sequence[Size]) -> str:
        """Return a pointer to sizes, one after the other."""
        if not sizes:
            return "null"
        place = self.b.stack(f"[{len(sizes)} x i64]")
        for position, size in enumerate(sizes):
            self.b.do(f"store i64 {size}, ptr {offset(self.b, place, 8 * position)}")
        return place

    def keep(self, name: str, array: str) -> None:
        """Keep a new reference: among the results, or to be dropped at the end."""
        if name in self.result_slots:
            slot = offset(self.b, "%outputs", 8 * self.result_slots[name])
        else:
            slot = self.owned[name] = self.null_slot()
        self.b.do(f"store ptr {array}, ptr {slot}")

    def _hand_over(self) -> None:
        """Fill the results that are not there yet: objects, and inputs that are handed back as they are."""
        b = self.b
        for position, name in enumerate(self.program.results):
            buffer = self.program.buffers[name]
            first = self.result_slots[name] == position
            if buffer.kind in ("output", "array", "view") and first:
                continue
            self.acquire()
            if buffer.kind in ("input", "constant"):
                pointer = self.input_object(name) if buffer.kind == "input" else self.memory(name).owner
            else:
                pointer = b.op(f"load ptr, ptr {offset(b, '%outputs', 8 * self.result_slots[name])}")
            b.call("Py_IncRef", "void", ("ptr", pointer))
            b.do(f"store ptr {pointer}, ptr {offset(b, '%outputs', 8 * position)}")

    def loop(self, loop: Loop) -> None:
        with self._measured(loop):
            turned = turned_reduction(loop, self.program.buffers)
            if turned is None:
                self.calls.call(loop)
            else:
                self._either_way(loop, turned)

    def _either_way(self, loop: Loop, turned: Turned) -> None:
        """Run a reduction in the form that goes along memory."""
        b, memory = self.b, self.memory(turned.buffer)
        outer, inner = (memory.stride(axis) for axis in (turned.outer, turned.inner))
        squares = [b.op(f"mul i64 {stride}, {stride}") for stride in (outer, inner)]
        across, along, done = b.label("across"), b.label("along"), b.label("either")
        b.branch(b.op(f"icmp slt i64 {squares[0]}, {squares[1]}"), across, along)
        b.place(across)
        for statement in turned.statements:
            assert isinstance(statement, Loop)
            self.calls.call(statement)
        b.jump(done)
        b.place(along)
        self.calls.call(loop)
        b.jump(done)
        b.place(done)

    def invoke(self, invoke: Invoke) -> None:
        with self._measured(invoke):
            routine(invoke.routine).emit(self, invoke)

    def _measured(self, statement: Loop | Invoke) -> AbstractContextManager[None]:
        return self.meter.around(statement) if self.meter else nullcontext()


def _last_uses(program: Program, views: dict[str, str]) -> dict[int, list[str]]:
    """Return, for each statement at top level, the buffers whose memory no later statement uses."""
    last: dict[str, int] = {}
    for position, statement in enumerate(program.body):
        for name in _buffers_in(statement):
            while True:
                last[name] = position
                if name not in views:
                    break
                name = views[name]
    found: dict[int, list[str]] = {}
    for name, position in last.items():
        found.setdefault(position, []).append(name)
    return found


def _buffers_in(statement: Stmt) -> set[str]:
    names: set[str] = set()
    for each in statements((statement,)):
        reads, writes = buffers_used(each)
        names.update(reads, writes)
    for expr in all_expressions((statement,)):
        if isinstance(expr, (Load, Dim)):
            names.add(expr.buffer)
    return names
