"""Arrays made from shapes and numbers: each element is computed where it is read."""

from __future__ import annotations

from collections.abc import Sequence

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, own_cost, plan_node
from neano.graph.variable import Apply
from neano.tensor.creation import Alloc, AllocEmpty, MakeVector
from neano.tensor.scalar_bridge import ScalarFromTensor, TensorFromScalar

NEGATIVE = "negative dimensions are not allowed: axis {axis} would have length {{0}}"
MISFIT = "could not broadcast the value into the shape: axis {axis} has length {{0}}, the shape says {{1}}"

MOST_INLINE_SCALARS = 4
"""A vector of more scalars than this is written to memory rather than chosen from by comparisons."""


def lengths_from(node: Apply, first: int, planner: Planner) -> list[Expr]:
    """Return lengths that are given as the inputs of a node from a position on, checked not to be negative."""
    lengths = []
    for axis, variable in enumerate(node.inputs[first:]):
        length = planner.scalar(variable)
        valid = planner.x.compare("ge", length, planner.x.const(0))
        planner.guard(valid, "ValueError", NEGATIVE.format(axis=axis), node, (length,))
        lengths.append(planner.static_or(node.outputs[0], axis, length))
    return lengths


@plan_node.register
def _(op: Alloc, node: Apply, planner: Planner) -> None:
    lengths = lengths_from(node, 1, planner)
    value = node.inputs[0]
    own = planner.lengths(value)
    for axis, length in enumerate(own):
        if value.type.shape[axis] != 1:  # type: ignore[attr-defined]
            at = axis + len(lengths) - len(own)
            lengths[at] = planner.unify(lengths[at], length, "ValueError", MISFIT.format(axis=axis), node)
    planner.set_lengths(node.outputs[0], lengths)


@own_cost.register(Alloc)
@own_cost.register(AllocEmpty)
def _(op: Alloc | AllocEmpty) -> int:
    return 0


@element.register
def _(op: Alloc, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    value = node.inputs[0]
    shape = value.type.shape  # type: ignore[attr-defined]
    zero = planner.x.const(0)
    own = [zero if n == 1 else i for n, i in zip(shape, index[len(index) - len(shape) :], strict=True)]
    return planner.value(value, own)


@plan_node.register
def _(op: AllocEmpty, node: Apply, planner: Planner) -> None:
    planner.set_lengths(node.outputs[0], lengths_from(node, 0, planner))


@element.register
def _(op: AllocEmpty, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.x.const(0, op.dtype)


def chosen(values: Sequence[Expr], index: Expr, planner: Planner) -> Expr:
    """Return the value at a position among several."""
    if isinstance(index, ir.Const):
        return values[int(index.value)]
    if not values:  # nothing is read
        return planner.x.const(0)
    result = values[-1]
    for position in reversed(range(len(values) - 1)):
        result = planner.x.select(planner.x.compare("eq", index, planner.x.const(position)), values[position], result)
    return result


@plan_node.register
def _(op: MakeVector, node: Apply, planner: Planner) -> None:
    output = node.outputs[0]
    lengths = [planner.x.const(len(node.inputs))]
    planner.set_lengths(output, lengths)
    if len(node.inputs) > MOST_INLINE_SCALARS and planner.is_read_as_array(output):
        target = planner.place(output, lengths)
        for position, scalar in enumerate(node.inputs):
            value = planner.x.cast(planner.value(scalar, ()), op.dtype)
            planner.fill(target, value, (planner.x.const(position),), loops=())


@element.register
def _(op: MakeVector, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    if isinstance(index[0], ir.Const):
        return x.cast(planner.value(node.inputs[index[0].value], ()), op.dtype)
    values = [x.cast(planner.value(v, ()), op.dtype) for v in node.inputs]
    return x.cast(chosen(values, index[0], planner), op.dtype)


@plan_node.register(ScalarFromTensor)
@plan_node.register(TensorFromScalar)
def _(op: ScalarFromTensor | TensorFromScalar, node: Apply, planner: Planner) -> None:
    planner.set_lengths(node.outputs[0], ())


@own_cost.register(ScalarFromTensor)
@own_cost.register(TensorFromScalar)
def _(op: ScalarFromTensor | TensorFromScalar) -> int:
    return 0


@element.register(ScalarFromTensor)
@element.register(TensorFromScalar)
def _(op: ScalarFromTensor | TensorFromScalar, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.value(node.inputs[0], ())
