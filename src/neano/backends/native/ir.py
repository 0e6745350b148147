"""The loop IR: what a compiled function does, as loops over scalars. Between the schedule and LLVM.

A `Program` is a list of statements over named buffers. Expressions give one scalar each. A top-level `Loop` becomes a
kernel of its own; everything else at top level (lengths, checks, allocations, library calls, 0-d work) is the function's
body. The same program is printed (`printing`), checked (`spec`), interpreted with NumPy (`interpreter`: a test oracle) and
emitted as LLVM IR (`emit`).

Dtypes are NumPy's names; indices and lengths are int64. Names are unique in a program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

# Expressions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    """A number written in the program. `value` is a Python bool, int, float or complex, exact in `dtype`."""

    value: Any
    dtype: str


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a loop index, a `Let` or an accumulator."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Dim:
    """The run-time length of a buffer along an axis (int64)."""

    buffer: str
    axis: int
    dtype: str = "int64"


@dataclass(frozen=True, slots=True)
class Load:
    """The element of a buffer at an index, one int64 expression for each axis; never out of bounds."""

    buffer: str
    index: tuple[Expr, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function of the scalar table, by its row's name, of operands already of the dtypes that it computes in."""

    function: str
    args: tuple[Expr, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Cast:
    """A value converted to another dtype, as NumPy's astype does on this platform, with defined results."""

    value: Expr
    dtype: str


@dataclass(frozen=True, slots=True)
class Select:
    """`then` where the bool `condition` holds, else `otherwise`. Loads in the branch not taken are not performed."""

    condition: Expr
    then: Expr
    otherwise: Expr
    dtype: str


Expr = Const | Ref | Dim | Load | Scalar | Cast | Select

# Statements ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Let:
    """Names a value for the statements that follow in the same block and in blocks inside it."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Store:
    """Writes an element of a buffer."""

    buffer: str
    index: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Update:
    """Combines a value into an element of a buffer: `buffer[index] = combine(buffer[index], value)`.

    `unique` promises that no two iterations of the innermost loop meet the same element, so that it may run in vectors.
    """

    buffer: str
    index: tuple[Expr, ...]
    combine: str
    value: Expr
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Declare:
    """Creates an accumulator, a scalar that `Accumulate` changes and `Ref` reads once its loop is done."""

    name: str
    dtype: str
    init: Expr


@dataclass(frozen=True, slots=True)
class Accumulate:
    """Combines a value into an accumulator by an associative function of the scalar table (add, mul, maximum, and_ ...).

    The order of combination is the emitter's; it is at least as accurate as pairwise summation for `add`.
    """

    name: str
    combine: str
    value: Expr


@dataclass(frozen=True, slots=True)
class AccumulateArg:
    """Keeps in two accumulators the extreme value so far and the int64 position where it first stood; a NaN wins over all.

    `combine` is "maximum" or "minimum"; positions are visited in increasing order.
    """

    value_name: str
    position_name: str
    combine: Literal["maximum", "minimum"]
    value: Expr
    position: Expr


@dataclass(frozen=True, slots=True)
class Loop:
    """Runs the body for index = 0 .. extent-1.

    `parallel` promises that iterations are independent of each other, but for what they combine (`Accumulate`, `AccumulateArg`,
    `Update`) into accumulators and elements from outside of the loop, which none of them reads.
    """

    index: str
    extent: Expr
    body: tuple[Stmt, ...]
    parallel: bool = False


@dataclass(frozen=True, slots=True)
class If:
    """Runs one of two blocks."""

    condition: Expr
    then: tuple[Stmt, ...]
    otherwise: tuple[Stmt, ...] = ()


@dataclass(frozen=True, slots=True)
class Alloc:
    """Gives a buffer its lengths and memory, C contiguous, not initialised; inside a loop it lives for one iteration."""

    buffer: str
    dims: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Lets a buffer be a strided window on another, without a copy.

    Element (j0, j1 ...) of the view is element `start` of the base, moved along base axis `axes[k]` by `j_k * steps[k]`;
    an axis of None does not move (broadcasting). An empty window is never read.
    """

    buffer: str
    base: str
    start: tuple[Expr, ...]
    dims: tuple[Expr, ...]
    axes: tuple[int | None, ...]
    steps: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Reinterpret:
    """Lets a buffer be the elements of another C contiguous one under other lengths (a reshape without a copy)."""

    buffer: str
    base: str
    dims: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Stops the function with an error of the program's table unless the condition holds.

    `args` (int64) are handed to the error's message template in their order. `error` indexes `Program.errors`.
    """

    condition: Expr
    error: int
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoke:
    """Calls something outside the program: a routine registered in `neano.backends.native.calls` under this name.

    Args:
        routine: "gemm", "gemv", "dot", "ger", "python", "ufunc", "copy", "random_draw", "sort" ...
        results: buffers written (for "python" and others of `spec.GIVING`: buffers that get their memory from the call).
        operands: buffers read, in the routine's order (a buffer both read and written stands in both).
        scalars: scalar arguments, in the routine's order.
        attributes: hashable constants of the routine (transposes, the position in `Program.objects` of a callable ...).
    """

    routine: str
    results: tuple[str, ...]
    operands: tuple[str, ...]
    scalars: tuple[Expr, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()


Stmt = (
    Let
    | Store
    | Update
    | Declare
    | Accumulate
    | AccumulateArg
    | Loop
    | If
    | Alloc
    | View
    | Reinterpret
    | Check
    | Invoke
)

# Programs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Buffer:
    """A strided array of the program.

    Attributes:
        name, dtype, ndim: what it is; dtype "object" (ndim 0) is an opaque Python object that only calls read.
        kind: "input" (given, any strides, read only), "output" (a new NumPy array that is returned), "array" (a new NumPy
            array that Python code inside the call may see), "scratch" (memory of the call), "constant" (C contiguous
            `Program.constants` entry), "view" (set by `View`, `Reinterpret` or by a call's result).
        static: lengths known at compile time, None elsewhere.
        contiguous: C contiguous for certain.
    """

    name: str
    dtype: str
    ndim: int
    kind: Literal["input", "output", "array", "scratch", "constant", "view"]
    static: tuple[int | None, ...] = ()
    contiguous: bool = False


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error that a `Check` raises: an exception class's name and a message template for `str.format(*args)`.

    `node` is the position in `Program.nodes` of the graph node that is to blame, -1 where there is none.
    """

    exception: str
    template: str
    node: int = -1


@dataclass(frozen=True)
class Program:
    """A whole function.

    Attributes:
        inputs: names of the buffers that are given, in the order of the call.
        results: names of the buffers that are handed back, in order: the function's outputs, then the new values of
            updated inputs. A name may be an input's (handed back as it is) and may occur twice.
        buffers: every buffer, by name.
        body: what is done.
        errors: what checks raise.
        constants: NumPy arrays (or Python objects) of the "constant" buffers, by name.
        objects: Python callables that "python" calls name by position.
        nodes: the graph nodes that errors may blame; the emitter does not look at them.
    """

    inputs: tuple[str, ...]
    results: tuple[str, ...]
    buffers: dict[str, Buffer]
    body: tuple[Stmt, ...]
    errors: tuple[ErrorText, ...] = ()
    constants: dict[str, Any] = field(default_factory=dict)
    objects: tuple[Any, ...] = ()
    nodes: tuple[Any, ...] = ()
