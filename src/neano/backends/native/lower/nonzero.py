"""Positions of elements that are not zero: counted in one pass, written in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native import ir
from neano.backends.native.lower.elemwise import truth
from neano.backends.native.lower.statements import ONE, ZERO, Cell, int_op, integer, is_true, nested, refs
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Root, Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import bounds, needs_buffers, plan_node
from neano.graph.variable import Apply, Constant
from neano.tensor.nonzero import Nonzero
from neano.tensor.subtensor import Subtensor


@needs_buffers.register
def _(op: Nonzero, node: Apply) -> Sequence[int]:
    return (0,)


@plan_node.register
def _(op: Nonzero, node: Apply, planner: Planner) -> None:
    x = planner.x
    (source,), (output,) = node.inputs, node.outputs
    lengths = planner.lengths(source)
    operand = planner.operand(source)
    count = _count(planner, node)
    target = planner.place(output, [x.const(len(lengths)), count])
    cell = planner.new_stored("int64", [x.const(1)])
    dtype = source.type.dtype  # type: ignore[attr-defined]
    item = Written("nonzero", (target, cell), (operand,), _Positions(target, cell, lengths, dtype), (*lengths,))
    planner.add(item)


def _count(planner: Planner, node: Apply) -> Expr:
    """Return how many elements are not zero."""
    x, (source,) = planner.x, node.inputs
    lengths = planner.lengths(source)
    extents = planner.loop_extents(lengths)
    found = x.cast(truth(planner.value(source, planner.loop_index(lengths)), planner), "int64")
    if not extents:
        return found
    place = planner.new_stored("int64", ())
    every = frozenset(range(len(extents)))
    planner.add(Root(place, extents, (), found, combine="add", init=x.const(0), reduced=every))
    return planner.read(place, ())


class _Positions:
    """Writes the loops over all elements that keep the positions of those that are not zero."""

    def __init__(self, target: Stored, cell: Stored, lengths: Sequence[Expr], dtype: str) -> None:
        self.target, self.cell, self.lengths, self.dtype = target.name, Cell(cell.name), lengths, dtype

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        index = refs(f"{self.target}_at", len(self.lengths))
        place = ir.Ref(f"{self.target}_place", "int64")
        keep = [ir.Store(self.target, (integer(axis), place), i) for axis, i in enumerate(index)]
        kept = (ir.Let(place.name, self.cell.value), *keep, self.cell.set(int_op("add", place, ONE)))
        test: ir.Stmt = ir.If(is_true(ir.Load(operands[0], tuple(index), self.dtype)), kept)
        return [self.cell.set(ZERO), *nested(index, [lower(n) for n in self.lengths], [test])]


@bounds.register
def _(op: Subtensor, node: Apply, planner: Planner) -> tuple[Expr, Expr] | None:
    """Return the range of the positions along one axis, which no element has to be looked at for."""
    matrix = node.inputs[0].owner
    numbers = node.inputs[1:]
    if matrix is None or not isinstance(matrix.op, Nonzero) or len(op.idx_list) != 1 or len(numbers) != 1:
        return None
    if isinstance(op.idx_list[0], slice) or not isinstance(numbers[0], Constant):
        return None
    length = planner.lengths(matrix.inputs[0])[int(numbers[0].data)]
    return planner.x.const(0), planner.x.sub(length, planner.x.const(1))
