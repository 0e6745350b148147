"""Sorting by NumPy's own compiled code, and the largest elements from the order of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native.lower.demands import either
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation, Stored
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply, Variable
from neano.tensor.sort import ArgSortOp, Sorting, SortOp, TopKOp
from neano.tensor.static import static_length

TOO_MANY = "topk: kth={0} cannot be satisfied along an axis of length {1}"


def _axis(node: Apply) -> int | None:
    """Return the axis counted from 0, None where it is known only at run time."""
    source, axis = node.inputs
    known, rank = static_length(axis), source.type.ndim  # type: ignore[attr-defined]
    return None if known is None or not -rank <= known < rank else known % rank


@needs_buffers.register(Sorting)
@needs_buffers.register(TopKOp)
def _(op: Sorting | TopKOp, node: Apply) -> Sequence[int]:
    if isinstance(op, Sorting) and _axis(node) is None:
        return (0, 1)
    return () if isinstance(op, SortOp) else (0,)


@plan_node.register
def _(op: SortOp, node: Apply, planner: Planner) -> None:
    axis = _axis(node)
    if axis is None:
        plan_node.dispatch(object)(op, node, planner)
        return
    source, output = node.inputs[0], node.outputs[0]
    lengths = planner.lengths(source)
    value = planner.value(source, planner.loop_index(lengths))
    target = planner.place(output, lengths, "output" if planner.kind_for(output) == "output" else "array")
    planner.fill(target, value)
    planner.add(Invocation("sort", (target,), (), attributes=(("axis", axis), ("kind", op.kind))))


def _order(source: Variable, axis: int, kind: str, planner: Planner) -> Stored:
    """Return the indices that sort an array along an axis."""
    order = Stored(f"v{len(planner.plan.values)}", "int64", planner.lengths(source), "view")
    planner.plan.values.append(order)
    attributes = (("axis", axis), ("kind", kind))
    planner.add(Invocation("argsort", (order,), (planner.operand(source),), attributes=attributes))
    return order


@plan_node.register
def _(op: ArgSortOp, node: Apply, planner: Planner) -> None:
    axis = _axis(node)
    if axis is None:
        plan_node.dispatch(object)(op, node, planner)
        return
    order = _order(node.inputs[0], axis, op.kind, planner)
    planner.define(node.outputs[0], order.lengths, lambda at: planner.read(order, at))


@plan_node.register
def _(op: TopKOp, node: Apply, planner: Planner) -> None:
    x = planner.x
    source, kth = node.inputs
    axis = op.axis % source.type.ndim  # type: ignore[attr-defined]
    length = planner.lengths(source)[axis]
    number = planner.scalar(kth)
    count = x.scalar("abs_", (number,), "int64")
    outside = either(x.compare("lt", count, x.const(1)), x.compare("gt", count, length), planner)
    fits = x.scalar("invert", (outside,), "bool")
    planner.guard(fits, "ValueError", TOO_MANY, node, (number, length))
    order = _order(source, axis, "stable", planner)
    last = x.sub(length, x.const(1))
    largest = x.compare("gt", number, x.const(0))

    def chosen(at: Sequence[Expr]) -> Expr:
        along = x.select(largest, x.sub(last, at[axis]), at[axis])
        return planner.read(order, [*at[:axis], along, *at[axis + 1 :]])

    def value(at: Sequence[Expr]) -> Expr:
        return planner.value(source, [*at[:axis], chosen(at), *at[axis + 1 :]])

    def position(at: Sequence[Expr]) -> Expr:
        return x.cast(chosen(at), op.idx_dtype)

    elements: list[Callable[[Sequence[Expr]], Expr]] = []
    if op.return_values:
        elements.append(value)
    if op.return_indices:
        elements.append(position)
    for output, element, lengths in zip(node.outputs, elements, planner.infer_lengths(node), strict=True):
        planner.define(output, lengths, element)
