"""Running sums and products, and differences of neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from neano.backends.native import ir
from neano.backends.native.lower.statements import ONE, ZERO, int_op, nested, refs
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation, Operand, Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, needs_buffers, own_cost, plan_node
from neano.graph.variable import Apply, Variable
from neano.tensor.cumulative import CumOp, DiffOp

COMBINES = {("add", True): "or_", ("mul", True): "and_", ("add", False): "add", ("mul", False): "mul"}
"""The function that combines, by mode and whether of bools."""


@needs_buffers.register
def _(op: CumOp, node: Apply) -> Sequence[int]:
    return (0,) if op.axis is not None or node.inputs[0].type.ndim == 1 else ()  # type: ignore[attr-defined]


@plan_node.register
def _(op: CumOp, node: Apply, planner: Planner) -> None:
    (source,), (output,) = node.inputs, node.outputs
    lengths: Sequence[Expr] = planner.lengths(source)
    if op.axis is None and len(lengths) != 1:
        operand, count = flattened(source, planner)
        lengths = [count]
    else:
        operand = planner.operand(source)
    target = planner.place(output, lengths)
    axis = op.axis or 0
    combine = COMBINES[op.mode, target.dtype == "bool"]
    write = _Running(target, lengths, axis, combine)
    planner.add(Written("cumulative", (target,), (operand,), write, (*lengths,)))


def flattened(source: Variable, planner: Planner) -> tuple[Operand, Expr]:
    """Return the elements of an array as a vector in C order, and their number."""
    lengths = planner.lengths(source)
    dtype = source.type.dtype  # type: ignore[attr-defined]
    if not planner.loop_extents(lengths):  # one element, which is not kept in memory under its own lengths
        single = planner.new_stored(dtype, [planner.x.const(1)])
        planner.fill(single, planner.value(source, planner.loop_index(lengths)))
        return single, planner.x.const(1)
    place = planner.new_stored(dtype, lengths)
    count = planner.x.product(place.lengths)
    flat = planner.new_stored(dtype, [count], "view")
    planner.fill(place, planner.value(source, planner.loop_index(lengths)))
    planner.add(Invocation("reinterpret", (flat,), (place,)))
    return flat, count


class _Running:
    """Writes what is first along the axis, then each element from the one before it."""

    def __init__(self, target: Stored, lengths: Sequence[Expr], axis: int, combine: str) -> None:
        self.target, self.dtype, self.lengths = target.name, target.dtype, lengths
        self.axis, self.combine = axis, combine

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        lengths = [lower(n) for n in self.lengths]
        length = lengths[self.axis]
        here = refs(f"{self.target}_first", len(lengths))
        first = ir.Store(self.target, tuple(here), ir.Load(operands[0], tuple(here), self.dtype))
        once = [*lengths[: self.axis], int_op("minimum", length, ONE), *lengths[self.axis + 1 :]]
        before = refs(f"{self.target}_next", len(lengths))
        after: list[ir.Expr] = list(before)
        after[self.axis] = int_op("add", before[self.axis], ONE)
        known = ir.Load(self.target, tuple(before), self.dtype)
        new = ir.Load(operands[0], tuple(after), self.dtype)
        step: ir.Stmt = ir.Store(self.target, tuple(after), ir.Scalar(self.combine, (known, new), self.dtype))
        rest = [*lengths[: self.axis], int_op("maximum", int_op("sub", length, ONE), ZERO), *lengths[self.axis + 1 :]]
        last = len(lengths) - 1
        if self.axis != last:  # elements of one row do not wait for each other
            step = ir.Loop(before[last].name, rest[last], (step,), parallel=True)
            before, rest = before[:last], rest[:last]
        return [*nested(here, once, [first]), *nested(before, rest, [step])]


@plan_node.register
def _(op: DiffOp, node: Apply, planner: Planner) -> None:
    planner.set_lengths(node.outputs[0], *planner.infer_lengths(node))


@own_cost.register
def _(op: DiffOp) -> int:
    return 1 << min(op.n, 6)


@element.register
def _(op: DiffOp, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    source = node.inputs[0]
    dtype = source.type.dtype  # type: ignore[attr-defined]
    axis = op.axis % source.type.ndim  # type: ignore[attr-defined]

    def at(offset: int) -> Expr:
        moved = list(index)
        moved[axis] = x.add(index[axis], x.const(offset))
        return planner.value(source, moved)

    layer = [at(offset) for offset in range(op.n + 1)]
    function = "xor" if dtype == "bool" else "sub"
    while len(layer) > 1:
        layer = [x.scalar(function, (b, a), dtype) for a, b in pairwise(layer)]
    return layer[0]
