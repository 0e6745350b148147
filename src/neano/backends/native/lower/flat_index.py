"""Positions in flattened arrays and coordinates, and the triangular window: elements computed from integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native.lower.demands import demand_none, either
from neano.backends.native.lower.selection import broadcast_lengths, own_index
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, needs_buffers, own_cost, plan_node
from neano.graph.variable import Apply, Variable
from neano.tensor.flat_index import RavelMultiIndex, UnravelIndex
from neano.tensor.windows import Bartlett


def _shape(dims: Variable, rank: int, node: Apply, planner: Planner) -> list[Expr]:
    """Return the lengths that a vector holds."""
    x = planner.x
    (count,) = planner.lengths(dims)
    planner.unify(count, x.const(rank), "ValueError", "a shape of {0} lengths was given for {1} dimensions", node)
    return [x.cast(planner.value(dims, (x.const(axis),)), "int64") for axis in range(rank)]


def _out_of_range(number: Expr, length: Expr, planner: Planner) -> Expr:
    x = planner.x
    return either(x.compare("lt", number, x.const(0)), x.compare("ge", number, length), planner)


@needs_buffers.register
def _(op: UnravelIndex, node: Apply) -> Sequence[int]:
    return ()


@plan_node.register
def _(op: UnravelIndex, node: Apply, planner: Planner) -> None:
    x = planner.x
    indices, dims = node.inputs
    shape = _shape(dims, op.ndim, node, planner)
    size = x.product(shape)
    lengths = planner.lengths(indices)

    def number(at: Sequence[Expr]) -> Expr:
        return x.cast(planner.value(indices, at), "int64")

    text = "an index is out of bounds for the array of this shape"
    demand_none(lengths, lambda at: _out_of_range(number(at), size, planner), "ValueError", text, node, planner)
    order = range(op.ndim) if op.order == "C" else range(op.ndim - 1, -1, -1)
    slower = list(order)
    for position, axis in enumerate(slower):
        below = x.product([shape[other] for other in slower[position + 1 :]])
        planner.define(node.outputs[axis], lengths, _coordinate(number, below, shape[axis], planner))


def _coordinate(
    number: Callable[[Sequence[Expr]], Expr], below: Expr, length: Expr, planner: Planner
) -> Callable[[Sequence[Expr]], Expr]:
    x = planner.x
    return lambda at: x.scalar("mod", (x.scalar("int_div", (number(at), below), "int64"), length), "int64")


@plan_node.register
def _(op: RavelMultiIndex, node: Apply, planner: Planner) -> None:
    *coordinates, dims = node.inputs
    shape = _shape(dims, len(coordinates), node, planner)
    if op.mode == "raise":
        for coordinate, length in zip(coordinates, shape, strict=True):
            demand_none(
                planner.lengths(coordinate),
                _misplaced(coordinate, length, planner),
                "ValueError",
                "invalid entry in coordinates array",
                node,
                planner,
            )
    planner.notes[node] = shape
    lengths = broadcast_lengths([(v, planner.lengths(v)) for v in coordinates], node, planner)
    planner.set_lengths(node.outputs[0], lengths)


def _misplaced(coordinate: Variable, length: Expr, planner: Planner) -> Callable[[Sequence[Expr]], Expr]:
    return lambda at: _out_of_range(planner.x.cast(planner.value(coordinate, at), "int64"), length, planner)


@own_cost.register
def _(op: RavelMultiIndex) -> int:
    return 4


@element.register
def _(op: RavelMultiIndex, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    pairs = list(zip(node.inputs[:-1], planner.notes[node], strict=True))
    if op.order == "F":
        pairs.reverse()
    position: Expr = x.const(0)
    for coordinate, length in pairs:
        number = x.cast(planner.value(coordinate, own_index(coordinate, index, planner)), "int64")
        if op.mode == "wrap":
            number = x.scalar("mod", (number, length), "int64")
        elif op.mode == "clip":
            number = x.scalar("maximum", (number, x.const(0)), "int64")
            number = x.scalar("minimum", (number, x.sub(length, x.const(1))), "int64")
        position = x.add(x.mul(position, length), number)
    return position


@plan_node.register
def _(op: Bartlett, node: Apply, planner: Planner) -> None:
    planner.set_lengths(node.outputs[0], *planner.infer_lengths(node))


@element.register
def _(op: Bartlett, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    count = planner.scalar(node.inputs[0])
    last = x.cast(x.scalar("maximum", (x.sub(count, x.const(1)), x.const(1)), "int64"), "float64")
    number = x.add(x.sub(x.mul(index[0], x.const(2)), count), x.const(1))
    share = x.scalar("true_div", (x.cast(number, "float64"), last), "float64")
    one = x.const(1.0, "float64")
    rising, falling = (x.scalar(f, (one, share), "float64") for f in ("add", "sub"))
    value = x.select(x.compare("le", number, x.const(0)), rising, falling)
    return x.cast(value, node.outputs[0].type.dtype)  # type: ignore[attr-defined]
