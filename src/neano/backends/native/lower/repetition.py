"""Repeated elements: a gather by the position that each element of the result comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native import ir
from neano.backends.native.lower.cumulative import flattened
from neano.backends.native.lower.demands import demand_none
from neano.backends.native.lower.statements import ZERO, Cell, int_op
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply
from neano.tensor.repetition import RepeatOp

NEGATIVE = "repeats may not contain negative values."
MISFIT = "operands could not be broadcast together with shape ({0},) ({1},)"


@needs_buffers.register
def _(op: RepeatOp, node: Apply) -> Sequence[int]:
    return (1,)


@plan_node.register
def _(op: RepeatOp, node: Apply, planner: Planner) -> None:
    x = planner.x
    source, repeats = node.inputs
    output = node.outputs[0]
    lengths: Sequence[Expr] = planner.lengths(source)
    axis = op.axis or 0

    def number(at: Sequence[Expr]) -> Expr:
        return x.cast(planner.value(repeats, at), "int64")

    own = planner.lengths(repeats)
    demand_none(own, lambda at: x.compare("lt", number(at), x.const(0)), "ValueError", NEGATIVE, node, planner)
    (wanted,) = planner.infer_lengths(node)
    if op.axis is None and len(lengths) != 1:
        flat, count = flattened(source, planner)
        assert isinstance(flat, Stored)
        lengths = [count]
        value: Callable[[Sequence[Expr]], Expr] = lambda at: planner.read(flat, at)  # noqa: E731
    else:
        value = lambda at: planner.value(source, at)  # noqa: E731
    if own:
        planner.unify(lengths[axis], own[0], "ValueError", MISFIT, node)
        origins = planner.new_stored("int64", [wanted[axis]])
        cell = planner.new_stored("int64", [x.const(1)])
        operand = planner.operand(repeats)
        dtype = repeats.type.dtype  # type: ignore[attr-defined]
        write = _Origins(origins, cell, own[0], dtype)
        planner.add(Written("origins", (origins, cell), (operand,), write, (own[0],)))

        def origin(at: Expr) -> Expr:
            return planner.read(origins, [at])

    else:
        each = x.scalar("maximum", (number(()), x.const(1)), "int64")

        def origin(at: Expr) -> Expr:
            return x.scalar("int_div", (at, each), "int64")

    planner.define(output, wanted, lambda at: value([*at[:axis], origin(at[axis]), *at[axis + 1 :]]))


class _Origins:
    """Writes the loop that puts down, for each element of the result, which one it is a copy of."""

    def __init__(self, target: Stored, cell: Stored, count: Expr, dtype: str) -> None:
        self.target, self.cell, self.count, self.dtype = target.name, Cell(cell.name), count, dtype

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        at, copy = (ir.Ref(f"{self.target}_{name}", "int64") for name in ("from", "copy"))
        begin = ir.Ref(f"{self.target}_begin", "int64")
        times = ir.Cast(ir.Load(operands[0], (at,), self.dtype), "int64")
        body = (
            ir.Let(begin.name, self.cell.value),
            ir.Loop(copy.name, times, (ir.Store(self.target, (int_op("add", begin, copy),), at),)),
            self.cell.set(int_op("add", begin, times)),
        )
        return [self.cell.set(ZERO), ir.Loop(at.name, lower(self.count), body)]
