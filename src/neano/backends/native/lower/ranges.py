"""Ranges and patterned matrices: elements computed from their own index."""

from __future__ import annotations

from collections.abc import Sequence

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import bounds, element, needs_buffers, plan_node
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.tensor.diagonal import AllocDiag, ExtractDiag
from neano.tensor.patterned import Eye, Patterned
from neano.tensor.ranges import ARange


@plan_node.register
def _(op: ARange, node: Apply, planner: Planner) -> None:
    step = node.inputs[2]
    value = planner.value(step, ()) if not step.type.ndim else None  # type: ignore[attr-defined]
    assert value is not None
    nonzero = planner.x.scalar("neq", (value, planner.x.const(0, value.dtype)), "bool")
    planner.guard(nonzero, "ZeroDivisionError", "the step of a range must not be zero", node)
    planner.set_lengths(node.outputs[0], *planner.infer_lengths(node))


@element.register
def _(op: ARange, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    discrete = all(is_discrete(v.type.dtype) for v in node.inputs)  # type: ignore[attr-defined]
    working = "int64" if discrete else "float64"
    start, step = (x.cast(planner.value(v, ()), working) for v in (node.inputs[0], node.inputs[2]))
    moved = x.scalar("mul", (x.cast(index[0], working), step), working)
    return x.cast(x.scalar("add", (moved, start), working), op.dtype)


@bounds.register
def _(op: ARange, node: Apply, planner: Planner) -> tuple[Expr, Expr] | None:
    if not all(is_discrete(v.type.dtype) for v in node.inputs):  # type: ignore[attr-defined]
        return None
    x = planner.x
    (length,) = planner.lengths(node.outputs[0])
    start, step = (x.cast(planner.value(v, ()), "int64") for v in (node.inputs[0], node.inputs[2]))
    if not isinstance(step, ir.Const):
        return None
    last = x.add(start, x.mul(x.sub(length, x.const(1)), step))
    return (start, last) if step.value > 0 else (last, start)


@plan_node.register
def _(op: Patterned, node: Apply, planner: Planner) -> None:
    x = planner.x
    lengths = [x.scalar("maximum", (planner.scalar(n), x.const(0)), "int64") for n in node.inputs[:2]]
    output = node.outputs[0]
    planner.set_lengths(output, [planner.static_or(output, axis, n) for axis, n in enumerate(lengths)])


@element.register
def _(op: Patterned, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    diagonal = x.add(index[0], planner.scalar(node.inputs[2]))
    inside = x.compare("eq" if isinstance(op, Eye) else "ge", diagonal, index[1])
    return x.select(inside, x.const(1, op.dtype), x.const(0, op.dtype))


@plan_node.register
def _(op: ExtractDiag, node: Apply, planner: Planner) -> None:
    planner.set_lengths(node.outputs[0], *planner.infer_lengths(node))


@element.register
def _(op: ExtractDiag, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    *outer, along = index
    own: list[Expr] = []
    remaining = iter(outer)
    for axis in range(len(index) + 1):
        if axis == op.axis1:
            own.append(x.add(along, x.const(max(-op.offset, 0))))
        elif axis == op.axis2:
            own.append(x.add(along, x.const(max(op.offset, 0))))
        else:
            own.append(next(remaining))
    return planner.value(node.inputs[0], own)


@plan_node.register
def _(op: AllocDiag, node: Apply, planner: Planner) -> None:
    x = planner.x
    (source,), (output,) = node.inputs, node.outputs
    (shape,) = planner.infer_lengths(node)
    target = planner.place(output, shape)
    planner.fill(target, x.const(0, target.dtype))
    lengths = planner.lengths(source)
    index = planner.loop_index(lengths)
    *outer, along = index
    remaining = iter(outer)
    place: list[Expr] = []
    for axis in range(target.ndim):
        if axis == op.axis1:
            place.append(x.add(along, x.const(max(-op.offset, 0))))
        elif axis == op.axis2:
            place.append(x.add(along, x.const(max(op.offset, 0))))
        else:
            place.append(next(remaining))
    planner.fill(target, planner.value(source, index), place, loops=planner.loop_extents(lengths))


@needs_buffers.register
def _(op: AllocDiag, node: Apply) -> Sequence[int]:
    return ()
