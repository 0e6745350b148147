"""`Elemwise` and `DimShuffle`: elements of elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.lower.extremes import extremes
from neano.backends.native.schedule.expressions import Expr, cost_of
from neano.backends.native.schedule.plan import Window
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, is_fusible, needs_buffers, own_cost, plan_node, window
from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Constant, Variable
from neano.scalar.dtypes import INTEGER_DTYPES, is_discrete
from neano.scalar.op import Composite, ScalarOp, TableOp
from neano.tensor.elemwise import DimShuffle, Elemwise

MISMATCH = "Input dimension mis-match along axis {axis}: one operand has length {{0}}, another {{1}}."


@is_fusible.register
def _(op: Elemwise, node: Apply) -> bool:
    return len(node.outputs) == 1 and has_lowering(op.scalar_op)


def has_lowering(op: ScalarOp) -> bool:
    """Say whether the emitter computes a scalar function: a row of the table, or what is made of such."""
    if isinstance(op, Composite):
        return all(has_lowering(node.op) for node in toposort(op.outputs, op.inputs))  # type: ignore[arg-type]
    return isinstance(op, TableOp) and op.name in SCALAR


@own_cost.register
def _(op: Elemwise) -> int:
    if isinstance(op.scalar_op, Composite):
        return sum(cost_of(str(node.op)) for node in toposort(op.scalar_op.outputs, op.scalar_op.inputs))
    return cost_of(str(op.scalar_op.name))


@plan_node.register
def _(op: Elemwise, node: Apply, planner: Planner) -> None:
    if not has_lowering(op.scalar_op):
        plan_node.dispatch(object)(op, node, planner)
        return
    lengths = _lengths(node, planner)
    if op.scalar_op.name == "pow":
        _check_exponents(node, lengths, planner)
    if len(node.outputs) == 1:
        planner.set_lengths(node.outputs[0], lengths)
        return
    for position, output in enumerate(node.outputs):
        planner.define(output, lengths, _result(op, node, position, planner))


def _lengths(node: Apply, planner: Planner) -> list[Expr]:
    """Return the lengths to which the operands stretch."""
    lengths: list[Expr] = []
    for axis, static in enumerate(node.outputs[0].type.shape):  # type: ignore[attr-defined]
        found: Expr | None = None
        for source in node.inputs:
            if source.type.shape[axis] == 1:  # type: ignore[attr-defined]
                continue
            length = planner.lengths(source)[axis]
            found = (
                length
                if found is None
                else planner.unify(found, length, "ValueError", MISMATCH.format(axis=axis), node)
            )
        lengths.append(planner.x.const(1 if static is None else static) if found is None else planner.find(found))
    return lengths


def _check_exponents(node: Apply, lengths: Sequence[Expr], planner: Planner) -> None:
    """Demand, as NumPy does, that integers, if there are any, are raised to no negative powers."""
    x, exponent = planner.x, node.inputs[1]
    dtype = exponent.type.dtype  # type: ignore[attr-defined]
    if dtype in INTEGER_DTYPES and is_discrete(node.outputs[0].type.dtype):  # type: ignore[attr-defined]
        lowest, _ = extremes(exponent, planner)
        is_empty = x.compare("eq", x.product(lengths), x.const(0))
        valid = x.scalar("or_", (x.compare("ge", lowest, x.const(0)), is_empty), "bool")
        planner.guard(valid, "ValueError", "Integers to negative integer powers are not allowed.", node)


@needs_buffers.register
def _(op: Elemwise, node: Apply) -> Sequence[int]:
    return () if has_lowering(op.scalar_op) else range(len(node.inputs))


@element.register
def _(op: Elemwise, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return _element(op, node, index, 0, planner)


def _result(op: Elemwise, node: Apply, position: int, planner: Planner) -> Callable[[Sequence[Expr]], Expr]:
    return lambda index: _element(op, node, index, position, planner)


def _element(op: Elemwise, node: Apply, index: Sequence[Expr], position: int, planner: Planner) -> Expr:
    """Return one element of one of the results."""
    zero = planner.x.const(0)
    args = []
    for source in node.inputs:
        own = [zero if n == 1 else i for i, n in zip(index, source.type.shape, strict=True)]  # type: ignore[attr-defined]
        args.append(planner.value(source, own))
    dtypes = [v.type.dtype for v in node.outputs]  # type: ignore[attr-defined]
    return apply_scalar(op.scalar_op, args, dtypes, planner, position)


def apply_scalar(
    op: ScalarOp, args: Sequence[Expr], dtypes: Sequence[str], planner: Planner, position: int = 0
) -> Expr:
    """Return a scalar function of expressions; of several results, that of a position."""
    x = planner.x
    if isinstance(op, Composite):
        values: dict[Variable, Expr] = dict(zip(op.inputs, args, strict=True))
        for node in toposort(op.outputs, op.inputs):
            for v in node.inputs:
                if isinstance(v, Constant):
                    values[v] = x.const(v.data, v.type.dtype)  # type: ignore[attr-defined]
            given = [values[v] for v in node.inputs]
            values[node.outputs[0]] = apply_scalar(node.op, given, [node.outputs[0].type.dtype], planner)  # type: ignore[arg-type, attr-defined]
        return values[op.outputs[position]]
    dtype, name = dtypes[0], str(op.name)
    if name.startswith("convert_to_"):
        return x.cast(args[0], dtype)
    if name == "switch":
        return x.switch(truth(args[0], planner), x.cast(args[1], dtype), x.cast(args[2], dtype))
    if name in ("identity", "second"):
        return x.cast(args[-1], dtype)
    wanted = op.operand_dtypes([a.dtype for a in args], dtype)
    return x.scalar(name, [x.cast(a, d) for a, d in zip(args, wanted, strict=True)], dtype)


def truth(value: Expr, planner: Planner) -> Expr:
    """Return whether a value differs from zero."""
    if value.dtype == "bool":
        return value
    return planner.x.scalar("neq", (value, planner.x.const(0, value.dtype)), "bool")


@plan_node.register
def _(op: DimShuffle, node: Apply, planner: Planner) -> None:
    own = planner.lengths(node.inputs[0])
    planner.set_lengths(node.outputs[0], [planner.x.const(1) if a == "x" else own[int(a)] for a in op.new_order])


@own_cost.register
def _(op: DimShuffle) -> int:
    return 0


@element.register
def _(op: DimShuffle, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    own: list[Expr] = [planner.x.const(0)] * node.inputs[0].type.ndim  # type: ignore[attr-defined]
    for position, axis in enumerate(op.new_order):
        if axis != "x":
            own[int(axis)] = index[position]
    return planner.value(node.inputs[0], own)


@window.register
def _(op: DimShuffle, node: Apply, planner: Planner) -> Window | None:
    base = planner.as_window(planner.operand(node.inputs[0]))
    one = planner.x.const(1)
    order: list[Any] = list(op.new_order)
    lengths = tuple(one if a == "x" else base.lengths[a] for a in order)
    axes = tuple(None if a == "x" else base.axes[a] for a in order)
    steps = tuple(one if a == "x" else base.steps[a] for a in order)
    return Window(base.base, base.start, lengths, axes, steps, base.dtype)
