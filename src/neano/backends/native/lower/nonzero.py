"""Positions of elements that are not zero: found in one pass, after which their number is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native import ir
from neano.backends.native.lower.statements import ZERO, Cell, int_op, integer, is_true, nested, refs
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Stored, Written
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
    rank = x.const(len(lengths))
    found = planner.new_stored("int64", [rank, x.product(lengths)])
    count = planner.new_stored("int64", [x.const(1)])
    write = _Positions(found, count, lengths, source.type.dtype)  # type: ignore[attr-defined]
    planner.add(Written("nonzero", (found, count), (operand,), write, (*lengths,)))
    number = planner.read(count, (x.const(0),))
    planner.define(output, [rank, number], lambda at: planner.read(found, at))


class _Positions:
    """Writes the loops that put each element's position down behind those kept so far, and keep it if it is not zero.

    There is no branch in them. Of the room for all positions only what is kept is ever touched, and one place more.
    """

    def __init__(self, found: Stored, count: Stored, lengths: Sequence[Expr], dtype: str) -> None:
        self.found, self.count, self.lengths, self.dtype = found.name, Cell(count.name), lengths, dtype

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        index = refs(f"{self.found}_at", len(self.lengths))
        place = ir.Ref(f"{self.found}_place", "int64")
        keeps = ir.Cast(is_true(ir.Load(operands[0], tuple(index), self.dtype)), "int64")
        body = [
            ir.Let(place.name, self.count.value),
            *[ir.Store(self.found, (integer(axis), place), i) for axis, i in enumerate(index)],
            self.count.set(int_op("add", place, keeps)),
        ]
        return [self.count.set(ZERO), *nested(index, [lower(n) for n in self.lengths], body)]


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
