"""The executable specification of the loop IR: `check_program` raises `SpecError` where a program breaks a rule.

Run after every pass in tests. It checks that names are unique and defined before use, that the dtypes of operands agree,
that indices are int64 and as many as the buffer has axes, and that buffers are used as their kind allows.
"""

from __future__ import annotations

from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Buffer,
    Cast,
    Check,
    Const,
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
    Scalar,
    Select,
    Stmt,
    Store,
    Update,
    View,
)
from neano.backends.native.printing import statement_text
from neano.backends.native.traverse import expressions, postorder

DTYPES = frozenset(
    ["bool", "float16", "float32", "float64", "complex64", "complex128"]
    + [f"{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64)]
)
KINDS = frozenset(["input", "output", "array", "scratch", "constant", "view"])
PREDICATES = frozenset(["lt", "gt", "le", "ge", "eq", "neq", "isnan", "isinf", "inopenrange", "inclosedrange"])
MAX_CHECK_ARGS = 8
GIVING = frozenset(["as_contiguous", "python", "random_write", "random_new", "argsort"])
"""Routines whose results get their memory, or are objects that come, from the call."""


class SpecError(Exception):
    """A program of the loop IR breaks a rule."""


class _Checker:
    """Walks a program with the names that are defined so far."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.dtypes: dict[str, str] = {}
        self.ever: set[str] = set()
        self.accumulators: set[str] = set()
        self.bound = {n for n, b in program.buffers.items() if b.kind in ("input", "constant")}
        self.where: Stmt | None = None

    def require(self, holds: bool, message: str) -> None:
        if not holds:
            raise SpecError(message if self.where is None else f"{message}\nin: {statement_text(self.where):.400}")

    def buffer(self, name: str, *, bound: bool = True) -> Buffer:
        self.require(name in self.program.buffers, f"there is no buffer {name!r}")
        self.require(not bound or name in self.bound, f"buffer {name!r} has no memory yet")
        return self.program.buffers[name]

    def define(self, name: str, dtype: str) -> None:
        self.require(name not in self.ever, f"the name {name!r} is given twice")
        self.ever.add(name)
        self.dtypes[name] = dtype

    def index(self, buffer: Buffer, index: tuple[Expr, ...]) -> None:
        self.require(len(index) == buffer.ndim, f"{len(index)} indices for {buffer.name!r} of {buffer.ndim} axes")
        self.integers(index, "index")

    def integers(self, exprs: tuple[Expr, ...], what: str) -> None:
        for expr in exprs:
            self.require(expr.dtype == "int64", f"{what} of dtype {expr.dtype}, not int64")

    def expr(self, expr: Expr) -> None:
        self.require(expr.dtype in DTYPES, f"unknown dtype {expr.dtype!r}")
        match expr:
            case Const():
                kinds = {"b": (bool,), "i": (int,), "u": (int,), "f": (int, float), "c": (int, float, complex)}
                self.require(type(expr.value) in kinds[expr.dtype[0]], f"constant {expr.value!r} is no {expr.dtype}")
            case Ref():
                self.require(expr.name in self.dtypes, f"the name {expr.name!r} is not defined here")
                self.require(
                    self.dtypes[expr.name] == expr.dtype, f"{expr.name!r} is {self.dtypes[expr.name]}, not {expr.dtype}"
                )
            case Dim():
                buffer = self.buffer(expr.buffer)
                self.require(0 <= expr.axis < buffer.ndim, f"{expr.buffer!r} has no axis {expr.axis}")
                self.require(expr.dtype == "int64", "a length is int64")
            case Load():
                buffer = self.buffer(expr.buffer)
                self.index(buffer, expr.index)
                self.require(buffer.dtype == expr.dtype, f"{expr.buffer!r} is {buffer.dtype}, not {expr.dtype}")
            case Select():
                self.require(expr.condition.dtype == "bool", "the condition of a select is not bool")
                self.require(
                    expr.then.dtype == expr.otherwise.dtype == expr.dtype, "the branches of a select differ in dtype"
                )
            case Scalar():
                self.require(len(expr.args) >= 1, f"{expr.function} without operands")
                if expr.function in PREDICATES:
                    self.require(expr.dtype == "bool", f"{expr.function} gives bool, not {expr.dtype}")
                    self.require(len({a.dtype for a in expr.args}) == 1, f"operands of {expr.function} differ in dtype")
            case Cast():
                pass

    def block(self, block: tuple[Stmt, ...]) -> None:
        outer, outer_bound = dict(self.dtypes), set(self.bound)
        for statement in block:
            self.statement(statement)
        self.dtypes = outer
        self.bound = outer_bound

    def statement(self, statement: Stmt) -> None:
        self.where = statement
        for expr in postorder(expressions(statement)):
            self.expr(expr)
        match statement:
            case Let():
                self.define(statement.name, statement.value.dtype)
            case Store() | Update():
                buffer = self.buffer(statement.buffer)
                self.index(buffer, statement.index)
                self.require(
                    buffer.dtype == statement.value.dtype,
                    f"{statement.value.dtype} stored in {buffer.dtype} {buffer.name!r}",
                )
                self.require(buffer.kind not in ("input", "constant"), f"{buffer.name!r} is read only")
            case Declare():
                self.require(statement.init.dtype == statement.dtype, "an accumulator starts with another dtype")
                self.define(statement.name, statement.dtype)
                self.accumulators.add(statement.name)
            case Accumulate():
                self.accumulator(statement.name, statement.value.dtype)
            case AccumulateArg():
                self.accumulator(statement.value_name, statement.value.dtype)
                self.accumulator(statement.position_name, "int64")
                self.integers((statement.position,), "position")
                self.require(statement.combine in ("maximum", "minimum"), f"no extreme value: {statement.combine}")
            case Loop():
                self.integers((statement.extent,), "extent")
                self.define(statement.index, "int64")
                self.block(statement.body)
                self.dtypes.pop(statement.index, None)
            case If():
                self.require(statement.condition.dtype == "bool", "the condition of an if is not bool")
                self.block(statement.then)
                self.block(statement.otherwise)
            case Alloc():
                self.bind(statement.buffer, ("output", "array", "scratch"))
                self.lengths(statement.buffer, statement.dims)
            case View():
                base = self.buffer(statement.base)
                self.bind(statement.buffer, ("view",))
                self.lengths(statement.buffer, statement.dims)
                self.integers((*statement.start, *statement.steps), "window")
                self.require(
                    len(statement.start) == base.ndim, "a window starts at one position for each axis of its base"
                )
                view = self.program.buffers[statement.buffer]
                self.require(
                    len(statement.axes) == len(statement.steps) == view.ndim,
                    "a window has an axis and a step for each axis",
                )
                self.require(
                    all(a is None or 0 <= a < base.ndim for a in statement.axes),
                    "a window on an axis that is not there",
                )
                self.require(view.dtype == base.dtype, "a window of another dtype")
            case Reinterpret():
                base = self.buffer(statement.base)
                self.bind(statement.buffer, ("view",))
                self.lengths(statement.buffer, statement.dims)
                self.require(self.program.buffers[statement.buffer].dtype == base.dtype, "elements under another dtype")
            case Check():
                self.require(statement.condition.dtype == "bool", "the condition of a check is not bool")
                self.require(0 <= statement.error < len(self.program.errors), f"there is no error {statement.error}")
                self.integers(statement.args, "argument")
                self.require(len(statement.args) <= MAX_CHECK_ARGS, f"a check has at most {MAX_CHECK_ARGS} arguments")
            case Invoke():
                for name in statement.operands:
                    self.buffer(name)
                for name in statement.results:
                    buffer = self.buffer(name, bound=statement.routine not in GIVING)
                    self.require(buffer.kind not in ("input", "constant"), f"{name!r} is read only")
                    self.bound.add(name)

    def accumulator(self, name: str, dtype: str) -> None:
        self.require(name in self.accumulators and name in self.dtypes, f"{name!r} is no accumulator here")
        self.require(self.dtypes[name] == dtype, f"{dtype} combined into {self.dtypes[name]} {name!r}")

    def bind(self, name: str, kinds: tuple[str, ...]) -> None:
        buffer = self.buffer(name, bound=False)
        self.require(buffer.kind in kinds, f"{name!r} is of kind {buffer.kind}, not {' or '.join(kinds)}")
        self.bound.add(name)

    def lengths(self, name: str, dims: tuple[Expr, ...]) -> None:
        self.require(len(dims) == self.program.buffers[name].ndim, f"{len(dims)} lengths for {name!r}")
        self.integers(dims, "length")


def check_program(program: Program) -> None:
    """Check a program against the rules of the loop IR.

    Raises:
        SpecError: says which rule is broken and by which statement.
    """
    checker = _Checker(program)
    for name, buffer in program.buffers.items():
        checker.require(name == buffer.name, f"buffer {buffer.name!r} stands under the name {name!r}")
        checker.require(buffer.kind in KINDS, f"unknown kind {buffer.kind!r} of {name!r}")
        opaque = buffer.dtype == "object" and buffer.ndim == 0
        checker.require(opaque or buffer.dtype in DTYPES, f"unknown dtype {buffer.dtype!r} of {name!r}")
        checker.require(len(buffer.static) in (0, buffer.ndim), f"{len(buffer.static)} static lengths for {name!r}")
        checker.require(buffer.kind != "constant" or name in program.constants, f"there is no constant {name!r}")
    for name in program.inputs:
        checker.require(checker.buffer(name, bound=False).kind == "input", f"{name!r} is given but no input")
    for statement in program.body:
        checker.statement(statement)
    checker.where = None
    for name in program.results:
        kind = checker.buffer(name).kind
        checker.require(kind != "scratch", f"{name!r} is scratch memory and cannot be handed back")
