"""Matrix products: calls of BLAS on operands as they lie in memory; nests for the dtypes that BLAS does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.backends.native import ir
from neano.backends.native.calls.matrix import begin_products
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation, Operand, Root, Stored
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.batched import BatchedDot, ScaledBatchedDot
from neano.tensor.blas import Dot22, Dot22Scalar, Gemm, Gemv, Ger
from neano.tensor.dot import Dot

BLAS_DTYPES = frozenset(["float32", "float64", "complex64", "complex128"])
UNALIGNED = "Dot: shapes not aligned: the lengths that are summed over are {0} and {1}"
MISFIT = "{op}: axis {axis} of the result has length {{0}}, of what it is added to {{1}}"


def in_blas(node: Apply) -> bool:
    """Say whether BLAS computes in the dtype of a node's result."""
    return node.outputs[0].type.dtype in BLAS_DTYPES  # type: ignore[attr-defined]


def blas_operand(variable: Variable, dtype: str, planner: Planner) -> Operand:
    """Return a variable as an operand of BLAS, converted where it is of another dtype."""
    begin_products(dtype)
    if variable.type.dtype == dtype:  # type: ignore[attr-defined]
        return planner.operand(variable)
    lengths = planner.lengths(variable)
    converted = planner.new_stored(dtype, lengths)
    value = planner.value(variable, planner.loop_index(lengths))
    planner.fill(converted, planner.x.cast(value, dtype))
    return converted


def _routine(a: Variable, b: Variable) -> tuple[str, bool]:
    """Return the routine of a product of vectors and matrices, and whether its operands change places."""
    ranks = (a.type.ndim, b.type.ndim)  # type: ignore[attr-defined]
    return {(2, 1): ("gemv", False), (1, 2): ("gemv", True), (2, 2): ("gemm", False)}[ranks]


# Products


def by_nest(node: Apply) -> bool:
    """Say whether a product is a nest: in dtypes that BLAS does not have; of two vectors, which is like any reduction."""
    return not in_blas(node) or node.outputs[0].type.ndim == 0  # type: ignore[attr-defined]


@needs_buffers.register(Dot)
@needs_buffers.register(Dot22)
@needs_buffers.register(Dot22Scalar)
def _(op: Any, node: Apply) -> Sequence[int]:
    return () if by_nest(node) else (0, 1)


@plan_node.register(Dot)
@plan_node.register(Dot22)
@plan_node.register(Dot22Scalar)
def _(op: Any, node: Apply, planner: Planner) -> None:
    a, b = node.inputs[:2]
    left, right = planner.lengths(a), planner.lengths(b)
    planner.unify(left[-1], right[0], "ValueError", UNALIGNED, node)
    lengths = [*left[:-1], *right[1:]]
    output = node.outputs[0]
    if by_nest(node):
        _plan_nest(node, lengths, planner)
        return
    dtype = output.type.dtype  # type: ignore[attr-defined]
    routine, turned = _routine(a, b)
    operands = [blas_operand(v, dtype, planner) for v in (a, b)]
    scalars: tuple[Expr, ...] = ()
    if isinstance(op, Dot22Scalar):
        scalars = (planner.value(node.inputs[2], ()), planner.x.const(0, dtype))
    attributes: tuple[tuple[str, Any], ...] = ()
    if turned:  # a vector from the left is the transposed matrix times the vector
        operands.reverse()
        attributes = (("transpose_a", True),)
    target = planner.place(output, lengths)
    planner.add(Invocation(routine, (target,), tuple(operands), scalars, attributes))


def _plan_nest(node: Apply, lengths: Sequence[Expr], planner: Planner, batch: int = 0) -> None:
    """Plan a product as a reduction, in the order of loops that reads both matrices along their rows.

    Args:
        batch: how many leading axes both operands and the result have in common.
    """
    a, b = node.inputs[:2]
    output = node.outputs[0]
    dtype = output.type.dtype  # type: ignore[attr-defined]
    accumulator = "float32" if dtype == "float16" else dtype
    x = planner.x
    left, right = planner.lengths(a), planner.lengths(b)
    loops = [*lengths[:batch], *left[batch:], *right[batch + 1 :]]
    index = planner.loop_index(loops)
    summed = len(left) - 1
    first = x.cast(planner.value(a, index[: summed + 1]), accumulator)
    second = x.cast(planner.value(b, [*index[:batch], *index[summed:]]), accumulator)
    combine, times = ("or_", "and_") if dtype == "bool" else ("add", "mul")
    term = x.scalar(times, (first, second), accumulator)
    kept = [i for axis, i in enumerate(index) if axis != summed]
    target = planner.place(output, lengths) if accumulator == dtype else planner.new_stored(accumulator, lengths)
    along = index[summed]
    if isinstance(along, ir.Ref):
        reduced = frozenset([int(along.name[1:])])
        init = x.const(0, accumulator)
        planner.add(Root(target, planner.loop_extents(loops), tuple(kept), term, combine, init, reduced))
    else:
        planner.fill(target, term)
    if accumulator != dtype:
        planner.define(output, lengths, lambda at: x.cast(planner.read(target, at), dtype))


# Products that are added to something


@needs_buffers.register
def _(op: Gemm, node: Apply) -> Sequence[int]:
    return (2, 3)


@needs_buffers.register
def _(op: Gemv, node: Apply) -> Sequence[int]:
    return (2, 3)


@needs_buffers.register
def _(op: Ger, node: Apply) -> Sequence[int]:
    return (2, 3)


@plan_node.register
def _(op: Gemm, node: Apply, planner: Planner) -> None:
    _, alpha, x, y, beta = node.inputs
    left, right = planner.lengths(x), planner.lengths(y)
    planner.unify(left[1], right[0], "ValueError", UNALIGNED, node)
    _plan_update("gemm", node, (left[0], right[1]), (x, y), (alpha, beta), planner)


@plan_node.register
def _(op: Gemv, node: Apply, planner: Planner) -> None:
    _, alpha, matrix, vector, beta = node.inputs
    rows, columns = planner.lengths(matrix)
    planner.unify(columns, planner.lengths(vector)[0], "ValueError", UNALIGNED, node)
    _plan_update("gemv", node, (rows,), (matrix, vector), (alpha, beta), planner)


@plan_node.register
def _(op: Ger, node: Apply, planner: Planner) -> None:
    _, alpha, x, y = node.inputs
    lengths = (planner.lengths(x)[0], planner.lengths(y)[0])
    _plan_update("ger", node, lengths, (x, y), (alpha, None), planner)


def _plan_update(
    routine: str,
    node: Apply,
    lengths: Sequence[Expr],
    factors: Sequence[Variable],
    scalars: Sequence[Variable | None],
    planner: Planner,
) -> None:
    """Plan `beta * base + alpha * product` in a copy of the base, or without it where beta is 0."""
    base, output = node.inputs[0], node.outputs[0]
    dtype = output.type.dtype  # type: ignore[attr-defined]
    for axis, (ours, theirs) in enumerate(zip(lengths, planner.lengths(base), strict=True)):
        planner.unify(ours, theirs, "ValueError", MISFIT.format(op=_in_template(node), axis=axis), node)
    operands = tuple(blas_operand(v, dtype, planner) for v in factors)
    values = tuple(planner.x.const(1, dtype) if v is None else planner.value(v, ()) for v in scalars)
    beta = scalars[1]
    if isinstance(beta, Constant) and beta.data == 0:
        target = planner.place(output, [planner.find(n) for n in lengths])
        planner.add(Invocation(routine, (target,), operands, values))
        return
    target = planner.copy_of(node)
    planner.add(Invocation(routine, (target,), (*operands, target), values))


def _in_template(node: Apply) -> str:
    """Return the name of a node's Op with its braces doubled, as the text of an error wants them."""
    return str(node.op).replace("{", "{{").replace("}", "}}")


# Batches


@needs_buffers.register
def _(op: BatchedDot, node: Apply) -> Sequence[int]:
    return (0, 1) if in_blas(node) else ()


@plan_node.register
def _(op: BatchedDot, node: Apply, planner: Planner) -> None:
    a, b = node.inputs[:2]
    left, right = planner.lengths(a), planner.lengths(b)
    text = "BatchedDot: the batches have lengths {0} and {1}"
    batch = planner.unify(left[0], right[0], "ValueError", text, node)
    planner.unify(left[-1], right[1], "ValueError", UNALIGNED, node)
    lengths = [batch, *left[1:-1], *right[2:]]
    if not in_blas(node):
        _plan_nest(node, lengths, planner, batch=1)
        return
    scalars: tuple[Expr, ...] = ()
    if isinstance(op, ScaledBatchedDot):
        scalars = (planner.value(node.inputs[2], ()), planner.x.const(0, node.outputs[0].type.dtype))  # type: ignore[attr-defined]
    dtype = node.outputs[0].type.dtype  # type: ignore[attr-defined]
    first, second = (blas_operand(v, dtype, planner) for v in (a, b))
    one = planner.x.const(1)
    if len(left) == 2:
        first = planner.with_axis(first, 1)
    if len(right) == 2:
        second = planner.with_axis(second, 2)
    target = planner.place(node.outputs[0], lengths)
    result: Stored = target
    if len(left) == 2 or len(right) == 2:  # the routine writes matrices: the same memory with axes of length 1
        rows = one if len(left) == 2 else left[1]
        columns = one if len(right) == 2 else right[2]
        result = planner.new_stored(dtype, [batch, rows, columns], "view")
        planner.add(Invocation("reinterpret", (result,), (target,)))
    call = Invocation("batched_gemm", (result,), (first, second), scalars)
    planner.add(call)
    if result is not target:
        target.writers.append(call)
