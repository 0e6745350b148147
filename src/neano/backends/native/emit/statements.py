"""Statements of the loop IR as scalar code: what kernels and the body of a function share.

A subclass says where memory comes from, what becomes of loops, and how a failed check leaves the function.
"""

from __future__ import annotations

from collections.abc import Sequence

from neano.backends.native.emit import accumulators
from neano.backends.native.emit.accumulators import Accumulator
from neano.backends.native.emit.expressions import Evaluator
from neano.backends.native.emit.memory import (
    Memory,
    Size,
    address,
    as_size,
    load,
    size_mul,
    size_value,
    store,
)
from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.emit.text import SIZE, Builder, Value
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Buffer,
    Check,
    Declare,
    Dim,
    Expr,
    If,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Stmt,
    Store,
    Update,
    View,
)
from neano.backends.native.traverse import statements


class StatementEmitter:
    """Emits blocks of statements into one function.

    Attributes:
        values: indices and `Let`s that are defined here.
        accumulators: by name.
        memories: of the buffers that have memory here.
    """

    def __init__(self, b: Builder, program: Program, numbering: Numbering) -> None:
        self.b, self.program, self.numbering = b, program, numbering
        self.values: dict[str, Value] = {}
        self.accumulators: dict[str, Accumulator] = {}
        self.memories: dict[str, Memory] = {}

    # What subclasses decide.

    def value(self, name: str, dtype: str) -> Value:
        """Return the value of a name."""
        if name in self.values:
            return self.values[name]
        return accumulators.result(self.b, self.accumulator(name, dtype))

    def accumulator(self, name: str, dtype: str) -> Accumulator:
        return self.accumulators[name]

    def memory(self, name: str) -> Memory:
        """Return where a buffer is."""
        return self.memories[name]

    def past_cache(self, name: str) -> str:
        """Return whether a buffer is to be written past the cache: an i1, "" for never."""
        return ""

    def loop(self, loop: Loop) -> None:
        raise NotImplementedError

    def alloc(self, alloc: Alloc) -> None:
        raise NotImplementedError

    def invoke(self, invoke: Invoke) -> None:
        raise NotImplementedError

    def fail(self, check: Check, args: Sequence[Value]) -> None:
        """Leave the function because a check failed; the last block is closed here."""
        raise NotImplementedError

    # Expressions.

    def evaluator(self) -> Evaluator:
        """Return what computes scalars at this place."""
        made: Evaluator

        def leaf(number: int, guard: Value | None) -> Value | None:
            node = self.numbering.nodes[number]
            match node:
                case Ref():
                    return self.value(node.name, node.dtype)
                case Dim():
                    return size_value(self.memory(node.buffer).dim(node.axis))
                case Load():
                    index = [made.get(k, guard) for k in self.numbering.kids[number]]
                    return self.load(node.buffer, [as_size(i) for i in index if i is not None], guard)
                case _:
                    return None

        made = Evaluator(self.b, self.numbering, 1, leaf)
        return made

    def load(self, name: str, index: Sequence[Size], guard: Value | None) -> Value:
        """Load an element; where the guard does not hold from a place that can be read, for nothing."""
        memory = self.memory(name)
        pointer = address(self.b, memory, list(index))
        if guard is not None:
            pointer = self.b.op(f"select i1 {guard.text}, ptr {pointer}, ptr {self.b.zeros()}")
        return load(self.b, memory.buffer.dtype, pointer)

    def scalars(self, exprs: Sequence[Expr]) -> list[Value]:
        """Compute scalars."""
        evaluator = self.evaluator()
        return [evaluator.evaluate(self.numbering.number(e)) for e in exprs]

    def scalar(self, expr: Expr) -> Value:
        return self.scalars((expr,))[0]

    def sizes(self, exprs: Sequence[Expr]) -> list[Size]:
        """Compute int64 scalars as sizes."""
        return [as_size(value) for value in self.scalars(exprs)]

    # Statements.

    def block(self, block: Sequence[Stmt]) -> None:
        for statement in block:
            self.statement(statement)

    def statement(self, statement: Stmt) -> None:
        match statement:
            case Let():
                self.values[statement.name] = self.scalar(statement.value)
            case Store():
                self._store(statement)
            case Update():
                self._update(statement)
            case Declare():
                self.declare(statement)
            case Accumulate():
                value = self.scalar(statement.value)
                accumulators.combine(self.b, self.accumulator(statement.name, value.dtype), statement.combine, value)
            case AccumulateArg():
                self._accumulate_arg(statement)
            case Loop():
                self.loop(statement)
            case If():
                self._if(statement)
            case Alloc():
                self.alloc(statement)
            case View():
                self.view(statement)
            case Reinterpret():
                self.reinterpret(statement)
            case Check():
                self._check(statement)
            case Invoke():
                self.invoke(statement)

    def _store(self, statement: Store) -> None:
        *index, value = self.scalars((*statement.index, statement.value))
        store(self.b, value, address(self.b, self.memory(statement.buffer), [as_size(i) for i in index]))

    def _update(self, statement: Update) -> None:
        *index, value = self.scalars((*statement.index, statement.value))
        self.update(statement, [as_size(i) for i in index], value)

    def update(self, statement: Update, index: list[Size], value: Value) -> None:
        """Combine a value into an element of a buffer."""
        pointer = address(self.b, self.memory(statement.buffer), index)
        before = load(self.b, value.dtype, pointer)
        store(self.b, SCALAR[statement.combine](self.b, [before, value], value.dtype), pointer)

    def declare(self, statement: Declare) -> None:
        cell = self.b.stack(f"[{accumulators.CELL} x i8]", 64)
        made = self.accumulators[statement.name] = Accumulator(statement.dtype, cell)
        accumulators.start(self.b, made, self.scalar(statement.init))

    def _accumulate_arg(self, statement: AccumulateArg) -> None:
        value, position = self.scalars((statement.value, statement.position))
        into = self.accumulator(statement.value_name, value.dtype), self.accumulator(statement.position_name, "int64")
        accumulators.combine_extreme(self.b, *into, statement.combine, value, position)

    def _if(self, statement: If) -> None:
        condition = self.scalar(statement.condition)
        then, otherwise, after = (self.b.label(purpose) for purpose in ("then", "else", "after"))
        self.b.branch(condition.text, then, otherwise)
        for label, block in ((then, statement.then), (otherwise, statement.otherwise)):
            self.b.place(label)
            self.block(block)
            self.b.jump(after)
        self.b.place(after)

    def _check(self, statement: Check) -> None:
        condition = self.scalar(statement.condition)
        good, bad = self.b.label("good"), self.b.label("bad")
        self.b.branch(condition.text, good, bad)
        self.b.place(bad)
        self.fail(statement, self.scalars(statement.args))
        self.b.place(good)

    def plain_loop(self, loop: Loop, first: Size, extent: Size) -> None:
        """Run a block for each value of an index, one after the other."""
        b = self.b
        head, inside, after = (b.label(purpose) for purpose in ("loop", "body", "done"))
        before = b.current
        b.jump(head)
        b.place(head)
        index, phi = b.fresh(), b.reserve()
        more = b.op(f"icmp slt i64 {index}, {extent}")
        b.branch(more, inside, after)
        b.place(inside)
        self.values[loop.index] = Value(index, "int64")
        self.block(loop.body)
        following = b.op(f"add i64 {index}, 1")
        b.fill(phi, f"{index} = phi i64 [{first}, %{before}], [{following}, %{b.current}]")
        b.jump(head)
        b.place(after)

    # Buffers.

    def place(
        self, name: str, data: str, dims: Sequence[Size], strides: Sequence[Size] | None = None, owner: str = ""
    ) -> Memory:
        """Give a buffer its memory; C contiguous where no strides are given."""
        buffer = self.program.buffers[name]
        if strides is None:
            strides = self.contiguous_strides(buffer, dims)
        sizes = {"dim": list(dims), "stride": list(strides)}
        made = self.memories[name] = Memory(buffer, data, lambda what, axis: sizes[what][axis], owner)
        return made

    def contiguous_strides(self, buffer: Buffer, dims: Sequence[Size]) -> list[Size]:
        strides: list[Size] = [SIZE[buffer.dtype]] * buffer.ndim
        for axis in range(buffer.ndim - 2, -1, -1):
            strides[axis] = size_mul(self.b, strides[axis + 1], dims[axis + 1])
        return strides

    def view(self, view: View) -> None:
        base = self.memory(view.base)
        dims, start, steps = self.sizes(view.dims), self.sizes(view.start), self.sizes(view.steps)
        data = address(self.b, base, start)
        strides: list[Size] = [
            0 if axis is None else size_mul(self.b, base.stride(axis), step)
            for axis, step in zip(view.axes, steps, strict=True)
        ]
        self.place(view.buffer, data, dims, strides, base.owner)

    def reinterpret(self, statement: Reinterpret) -> None:
        base = self.memory(statement.base)
        self.place(statement.buffer, base.data, self.sizes(statement.dims), None, base.owner)

    def byte_count(self, name: str, dims: Sequence[Size]) -> Size:
        """Return how many bytes a contiguous buffer of these lengths takes."""
        total: Size = SIZE[self.program.buffers[name].dtype]
        for length in dims:
            total = size_mul(self.b, total, length)
        return total


def views_of(program: Program) -> dict[str, str]:
    """Return the base of each buffer that is a window on another, or may be one."""
    found: dict[str, str] = {}
    for each in statements(program.body):
        if isinstance(each, (View, Reinterpret)):
            found[each.buffer] = each.base
        elif isinstance(each, Invoke) and each.routine == "as_contiguous":
            found[each.results[0]] = each.operands[0]
    return found
