"""Joining writes each piece where it belongs; splitting reads at an offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply, Variable
from neano.tensor.join import Join, Split, known_axis

MISFIT = (
    "all the input array dimensions except for the concatenation axis must match exactly: "
    "along dimension {axis}, {{0}} and {{1}}"
)


def _axis(node: Apply, position: int, rank: int) -> int | None:
    return known_axis(node.inputs[position], rank)


@needs_buffers.register
def _(op: Join, node: Apply) -> Sequence[int]:
    return () if _axis(node, 0, node.outputs[0].type.ndim) is not None else range(len(node.inputs))  # type: ignore[attr-defined]


@plan_node.register
def _(op: Join, node: Apply, planner: Planner) -> None:
    output, pieces = node.outputs[0], node.inputs[1:]
    rank, dtype = output.type.ndim, output.type.dtype  # type: ignore[attr-defined]
    axis = _axis(node, 0, rank)
    if axis is None:
        plan_node.dispatch(object)(op, node, planner)
        return
    x = planner.x
    shapes = [planner.lengths(piece) for piece in pieces]
    lengths = list(shapes[0])
    for shape in shapes[1:]:
        for i in range(rank):
            if i != axis:
                lengths[i] = planner.unify(lengths[i], shape[i], "ValueError", MISFIT.format(axis=i), node)
    offset: Expr = x.const(0)
    offsets = []
    for shape in shapes:
        offsets.append(offset)
        offset = x.add(offset, shape[axis])
    lengths[axis] = offset
    target = planner.place(output, [planner.static_or(output, i, n) for i, n in enumerate(lengths)])
    for piece, shape, start in zip(pieces, shapes, offsets, strict=True):
        index = planner.loop_index(shape)
        value = x.cast(planner.value(piece, index), dtype)
        place = [x.add(i, start) if i_axis == axis else i for i_axis, i in enumerate(index)]
        planner.fill(target, value, place, loops=planner.loop_extents(shape))


@needs_buffers.register
def _(op: Split, node: Apply) -> Sequence[int]:
    return () if _axis(node, 1, node.inputs[0].type.ndim) is not None else range(len(node.inputs))  # type: ignore[attr-defined]


@plan_node.register
def _(op: Split, node: Apply, planner: Planner) -> None:
    source, _, sizes = node.inputs
    axis = _axis(node, 1, source.type.ndim)  # type: ignore[attr-defined]
    if axis is None:
        plan_node.dispatch(object)(op, node, planner)
        return
    x = planner.x
    lengths = planner.lengths(source)
    (given,) = planner.lengths(sizes)
    wrong = "In Split, {0} lengths were given for {1} parts"
    planner.unify(given, x.const(op.len_splits), "ValueError", wrong, node)
    parts = [x.cast(planner.value(sizes, (x.const(i),)), "int64") for i in range(op.len_splits)]
    total: Expr = x.const(0)
    for part in parts:
        text = "Split: you tried to make an ndarray with a negative number of elements: {0}"
        planner.guard(x.compare("ge", part, x.const(0)), "ValueError", text, node, (part,))
        total = x.add(total, part)
    text = "The splits sum to {0}, expected {1}"
    planner.guard(x.compare("eq", total, lengths[axis]), "ValueError", text, node, (total, lengths[axis]))
    offset: Expr = x.const(0)
    for output, part in zip(node.outputs, parts, strict=True):
        shape = [*lengths[:axis], planner.static_or(output, axis, part), *lengths[axis + 1 :]]
        planner.define(output, shape, _shifted(source, axis, offset, planner))
        offset = x.add(offset, part)


def _shifted(source: Variable, axis: int, offset: Expr, planner: Planner) -> Callable[[Sequence[Expr]], Expr]:
    """Return the elements of an array from an offset on."""

    def read(index: Sequence[Expr]) -> Expr:
        return planner.value(source, [planner.x.add(i, offset) if k == axis else i for k, i in enumerate(index)])

    return read
