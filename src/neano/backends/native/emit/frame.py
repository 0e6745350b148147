"""The frame of a body: how it is left, what it drops then, and when it holds the GIL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native.emit.body_helpers import ACQUIRE, CONSIDER, RELEASE
from neano.backends.native.emit.memory import Size, offset
from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.target import Options, Target
from neano.backends.native.emit.text import Builder, Module, Value
from neano.backends.native.ir import Check, Invoke, Program
from neano.backends.native.runtime import abi
from neano.backends.native.traverse import statements

RELEASED_INLINE = 8
"""How many times the body compares work with the limit itself; in longer bodies a function does, which is less code."""


class Frame(StatementEmitter):
    """Emits what is around the statements of a body.

    Attributes:
        leave: label of the end, where what is owned is dropped.
        code: place of the code that the function returns.
        releases: whether the GIL may be released at all.
        held: name of an i1, whether the GIL is not to be released any more; "" for never.
    """

    def __init__(self, program: Program, target: Target, options: Options) -> None:
        super().__init__(Builder(Module(), target, options), program, Numbering())
        self.target, self.options = target, options
        self.releases = not any(isinstance(s, Invoke) and s.routine == "python" for s in statements(program.body))
        self.held = ""
        self.leave = self.b.label("leave")
        self.code = self.b.stack("i32")
        self._temporaries: list[str] = []
        self._waiting: list[str] = []
        self._gil = ""
        self._released = 0
        self._exits: dict[str, tuple[str, Callable[[], None]]] = {}

    # Leaving.

    def end(self, code: int) -> None:
        """Leave the function with a code."""
        self.b.do(f"store i32 {code}, ptr {self.code}")
        self.b.jump(self.leave)

    def fail(self, check: Check, args: Sequence[Value]) -> None:
        b = self.b
        b.do(f"store i64 {check.error}, ptr {offset(b, '%context', abi.CONTEXT_ERROR_CODE)}")
        for position, value in enumerate(args):
            b.do(f"store i64 {value.text}, ptr {offset(b, '%context', abi.CONTEXT_ERROR_ARGS + 8 * position)}")
        self.end(abi.CHECK_FAILED)

    def require(self, condition: str) -> None:
        """Leave with the Python error that is set unless an i1 holds."""
        self.leave_where(condition, False, "python error", lambda: self.end(abi.PYTHON_ERROR))

    def leave_where(self, condition: str, value: bool, name: str, write: Callable[[], None]) -> None:
        """Leave by an exit if an i1 has a value. An exit is written once, at the end of the function, whoever leaves by it."""
        if name not in self._exits:
            self._exits[name] = self.b.label("exit"), write
        leave, good = self._exits[name][0], self.b.label("good")
        self.b.branch(condition, leave if value else good, good if value else leave)
        self.b.place(good)

    def write_exits(self) -> None:
        written: set[str] = set()
        while len(written) < len(self._exits):  # an exit may leave by another
            for name in [name for name in self._exits if name not in written]:
                label, write = self._exits[name]
                written.add(name)
                self.b.place(label)
                write()

    def require_object(self, pointer: str) -> None:
        """Leave with the Python error that is set if a pointer is null."""
        self.require(self.b.op(f"icmp ne ptr {pointer}, null"))

    def require_or_raise(self, condition: str, exception: str, message: str) -> None:
        """Leave with a Python error of a class (`PyExc_TypeError`) unless an i1 holds."""
        b = self.b

        def write() -> None:
            self.acquire()
            kind = b.op(f"load ptr, ptr {b.module.declare_data(exception)}")
            b.call("PyErr_SetString", "void", ("ptr", kind), ("ptr", b.module.string(message)))
            self.end(abi.PYTHON_ERROR)

        self.leave_where(condition, False, f"{exception}: {message}", write)

    def temporary(self, pointer: str) -> None:
        """Keep a new reference, or null, until `drop_temporaries`; it is dropped too where the function stops before."""
        slot = self.null_slot()
        self.b.do(f"store ptr {pointer}, ptr {slot}")
        self._temporaries.append(slot)
        self._waiting.append(slot)

    def drop_all_temporaries(self) -> None:
        """Drop every temporary reference that there is at the end of the function."""
        for slot in self._temporaries:
            self.b.call("Py_DecRef", "void", ("ptr", self.b.op(f"load ptr, ptr {slot}")))

    def drop_temporaries(self) -> None:
        """Drop the temporary references, the latest first."""
        for slot in reversed(self._waiting):
            self.b.call("Py_DecRef", "void", ("ptr", self.b.op(f"load ptr, ptr {slot}")))
            self.b.do(f"store ptr null, ptr {slot}")
        self._waiting.clear()

    def no_memory(self, condition: str) -> None:
        """Leave with a MemoryError if an i1 holds."""

        def write() -> None:
            self.acquire()
            self.b.call("PyErr_NoMemory", "ptr")
            self.end(abi.PYTHON_ERROR)

        self.leave_where(condition, True, "no memory", write)

    def repeat(self, count: Size, work: Callable[[str], None]) -> None:
        """Write a loop outside of kernels: `work` gets the name of the index."""
        b = self.b
        head, inside, after = (b.label(purpose) for purpose in ("repeat", "repeat.body", "repeated"))
        before = b.current
        b.jump(head)
        b.place(head)
        index, phi = b.fresh(), b.reserve()
        b.branch(b.op(f"icmp slt i64 {index}, {count}"), inside, after)
        b.place(inside)
        work(index)
        following = b.op(f"add i64 {index}, 1")
        b.fill(phi, f"{index} = phi i64 [0, %{before}], [{following}, %{b.current}]")
        b.jump(head)
        b.place(after)

    # The GIL.

    def acquire(self) -> None:
        """Make sure that the GIL is held."""
        if self._gil:
            self.b.module.declare("PyEval_RestoreThread", "void", "ptr")
            self.b.module.helpers["gil.acquire"] = ACQUIRE
            self.b.do(f"call void @gil.acquire(ptr {self._gil})")

    def release(self, work: Size) -> None:
        """Release the GIL if an estimate of nanoseconds is large."""
        limit = self.options.release_after
        if not self.releases or (isinstance(work, int) and work <= limit):
            return
        b = self.b
        if self.held:
            work = b.op(f"select i1 {self.held}, i64 0, i64 {work}")
        if not self._gil:
            self._gil = self.null_slot()
        b.module.declare("PyEval_SaveThread", "ptr")
        b.module.helpers["gil.release"] = RELEASE
        self._released += 1
        if self._released > RELEASED_INLINE:
            b.module.helpers["gil.consider"] = CONSIDER
            b.do(f"call void @gil.consider(ptr {self._gil}, i64 {work}, i64 {limit})")
            return
        large, ready = b.label("large"), b.label("ready")
        b.branch(b.op(f"icmp sgt i64 {work}, {limit}"), large, ready)
        b.place(large)
        b.do(f"call void @gil.release(ptr {self._gil})")
        b.jump(ready)
        b.place(ready)

    def null_slot(self) -> str:
        """Return a place in the frame for a pointer, null at first."""
        slot = self.b.stack("ptr")
        self.b.entry.append(f"  store ptr null, ptr {slot}")
        return slot
