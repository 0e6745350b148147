"""The end of a body whose function has updates: old values given away, new ones written over old ones (see `updates`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neano.backends.native.emit.memory import Size, offset, size_add, size_mul
from neano.backends.native.emit.routines import routine
from neano.backends.native.emit.text import SIZE
from neano.backends.native.emit.updates import Updates
from neano.backends.native.ir import Alloc, Invoke, Stmt
from neano.backends.native.runtime import abi

if TYPE_CHECKING:
    from neano.backends.native.emit.body import BodyEmitter

LONGEST = 10_000_000
"""Nanoseconds that the GIL may be held for the sake of writing in place; beyond, new memory is the lesser evil."""

NOBODY = 128
"""Bytes of zeros that stand for an object where an input is none: its count of references says that it is not private."""


class HandingOver:
    """Writes the tail of a body."""

    def __init__(self, body: BodyEmitter, updates: Updates) -> None:
        self.body, self.updates = body, updates
        self._allowed = "false"
        self._shared: dict[str, str] = {}

    def begin(self) -> None:
        """Write what stands before the tail: from here on nothing fails but for want of memory, and nothing is written yet."""
        body, b = self.body, self.body.b
        if not (self.updates.given_away or self.updates.in_place):
            return
        body.acquire()
        if self.updates.given_away:
            body.releases = False  # nobody may look at what is given away before it is replaced
        for position, (name, copy) in self.updates.given_away.items():
            pointer, private = self._private(name)
            share, make, done = b.label("give.away"), b.label("copy.old"), b.label("given")
            b.branch(private, share, make)
            b.place(share)
            b.call("Py_IncRef", "void", ("ptr", pointer))
            b.do(f"store ptr {pointer}, ptr {offset(b, '%outputs', 8 * position)}")
            b.jump(done)
            b.place(make)
            body.block(copy)
            b.jump(done)
            b.place(done)
        if self.updates.in_place:
            self._allowed = self._is_allowed()
            body.held = "false"

    def _private(self, name: str) -> tuple[str, str]:
        """Return an input's object and whether nobody else can see it."""
        body, b = self.body, self.body.b
        pointer = body.input_object(name)
        seen = pointer
        if not body.program.buffers[name].ndim:
            b.module.helpers["nobody"] = f"@nobody = internal constant [{NOBODY} x i8] zeroinitializer, align 16"
            seen = b.op(f"select i1 {b.op(f'icmp eq ptr {pointer}, null')}, ptr @nobody, ptr {pointer}")
        return pointer, b.call(abi.IS_PRIVATE, "i1", ("ptr", seen))

    def _is_allowed(self) -> str:
        """Return whether the tail certainly succeeds and does not take long."""
        body, b = self.body, self.body.b
        allowed, work = "true", 0  # type: tuple[str, Size]
        for statement in body.program.body[self.updates.tail :]:
            if isinstance(statement, Invoke):
                ask = routine(statement.routine).sure
                assert ask is not None
                certain, time = ask(body, statement)
                allowed, work = b.op(f"and i1 {allowed}, {certain}"), size_add(b, work, time)
        for name in self.updates.in_place.values():
            elements: Size = 1
            for axis in range(body.program.buffers[name].ndim):
                elements = size_mul(b, elements, body.memory(name).dim(axis))
            work = size_add(b, work, elements)
        return b.op(f"and i1 {allowed}, {b.op(f'icmp slt i64 {work}, {LONGEST}')}")

    def alloc(self, alloc: Alloc) -> bool:
        """Give a new value the memory of the old one where that is possible, else memory of its own; False for any other."""
        old = self.updates.in_place.get(alloc.buffer)
        if old is None:
            return False
        body, b = self.body, self.body.b
        dims = body.sizes(alloc.dims)
        pointer, private = self._private(old)
        may = b.op(f"and i1 {private}, {b.op(f'and i1 {self._allowed}, {self._same_form(old, dims)}')}")
        share, make, done = b.label("in.place"), b.label("new.value"), b.label("placed")
        b.branch(may, share, make)
        b.place(share)
        b.call("Py_IncRef", "void", ("ptr", pointer))
        before = b.current
        b.jump(done)
        b.place(make)
        fresh = body.new_array(body.program.buffers[alloc.buffer].dtype, dims)
        body.require_object(fresh)
        after = b.current
        b.jump(done)
        b.place(done)
        array = b.op(f"phi ptr [{pointer}, %{before}], [{fresh}, %{after}]")
        body.keep(alloc.buffer, array)
        data = b.op(f"load ptr, ptr {offset(b, array, abi.ARRAY_DATA)}")
        body.place(alloc.buffer, data, dims, None, array)
        self._shared[alloc.buffer] = may
        body.held = b.op(f"or i1 {body.held}, {may}")  # what is written in place nobody may see half done
        return True

    def _same_form(self, old: str, dims: list[Size]) -> str:
        """Return whether an input has some lengths and is C contiguous."""
        b, memory = self.body.b, self.body.memory(old)
        same, step = "true", SIZE[memory.buffer.dtype]  # type: tuple[str, Size]
        for axis in range(len(dims) - 1, -1, -1):
            for mine, wanted in ((memory.dim(axis), dims[axis]), (memory.stride(axis), step)):
                same = b.op(f"and i1 {same}, {b.op(f'icmp eq i64 {mine}, {wanted}')}")
            step = size_mul(b, step, dims[axis])
        return same

    def is_done(self, position: int, statement: Stmt) -> bool:
        """Write a statement that only copies an old value under the condition that it has been moved; False for any other."""
        name = self.updates.copies.get(position)
        if name is None:
            return False
        b = self.body.b
        copy, done = b.label("copy.over"), b.label("copied.over")
        b.branch(self._shared[name], done, copy)
        b.place(copy)
        self.body.statement(statement)
        b.jump(done)
        b.place(done)
        return True
