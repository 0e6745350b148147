"""Elements chosen by index arrays and by place: `choose`, permuted rows, `searchsorted`, diagonals that are filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from neano.backends.native import ir
from neano.backends.native.lower.demands import demand_none, either
from neano.backends.native.lower.statements import ONE, ZERO, Cell, compare, int_op, integer, nested, refs
from neano.backends.native.lower.subtensor import wrapped
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, is_fusible, needs_buffers, own_cost, plan_node
from neano.graph.variable import Apply, Constant, Variable
from neano.scalar.dtypes import is_complex
from neano.tensor.diagonal import FillDiagonal, FillDiagonalOffset
from neano.tensor.permutation import PermuteRowElements
from neano.tensor.selection import Choose, SearchsortedOp

GATHER_COST = 4
BROADCAST = "Input dimension mis-match along axis {axis}: one operand has length {{0}}, another {{1}}."


def own_index(variable: Variable, index: Sequence[Expr], planner: Planner) -> list[Expr]:
    """Return the index of an operand's element for an element of what it broadcasts to, by declared lengths."""
    shape = variable.type.shape  # type: ignore[attr-defined]
    mine = index[len(index) - len(shape) :]
    return [planner.x.const(0) if n == 1 else i for n, i in zip(shape, mine, strict=True)]


def broadcast_lengths(operands: Sequence[tuple[Variable, Sequence[Expr]]], node: Apply, planner: Planner) -> list[Expr]:
    """Return the lengths to which operands broadcast: each a variable and the lengths of its axes that do, from the right."""
    rank = max(len(lengths) for _, lengths in operands)
    found: list[Expr] = [planner.x.const(1)] * rank
    for variable, lengths in operands:
        shape = variable.type.shape[len(variable.type.shape) - len(lengths) :]  # type: ignore[attr-defined]
        for axis, (static, length) in enumerate(zip(shape, lengths, strict=True), start=rank - len(lengths)):
            if static != 1:
                known = found[axis]
                one = isinstance(known, ir.Const) and known.value == 1
                text = BROADCAST.format(axis=axis)
                found[axis] = length if one else planner.unify(known, length, "ValueError", text, node)
    return found


# Choices


@plan_node.register
def _(op: Choose, node: Apply, planner: Planner) -> None:
    x = planner.x
    index, options = node.inputs
    count, *rest = planner.lengths(options)
    if op.mode == "raise":

        def is_wrong(at: Sequence[Expr]) -> Expr:
            number = x.cast(planner.value(index, at), "int64")
            return either(x.compare("lt", number, x.const(0)), x.compare("ge", number, count), planner)

        demand_none(planner.lengths(index), is_wrong, "ValueError", "invalid entry in choice array", node, planner)
    lengths = broadcast_lengths([(index, planner.lengths(index)), (options, rest)], node, planner)
    planner.set_lengths(node.outputs[0], lengths)


@own_cost.register(Choose)
@own_cost.register(PermuteRowElements)
def _(op: Choose | PermuteRowElements) -> int:
    return GATHER_COST


@element.register
def _(op: Choose, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    x = planner.x
    which, options = node.inputs
    count, *rest = planner.lengths(options)
    number = x.cast(planner.value(which, own_index(which, index, planner)), "int64")
    if op.mode == "wrap":
        number = x.scalar("mod", (number, count), "int64")
    elif op.mode == "clip":
        last = x.sub(count, x.const(1))
        number = x.scalar("minimum", (x.scalar("maximum", (number, x.const(0)), "int64"), last), "int64")
    shape = options.type.shape[1:]  # type: ignore[attr-defined]
    mine = index[len(index) - len(rest) :]
    return planner.value(options, [number, *[x.const(0) if n == 1 else i for n, i in zip(shape, mine, strict=True)]])


# Permuted rows


@is_fusible.register
def _(op: PermuteRowElements, node: Apply) -> bool:
    inverse = node.inputs[2]
    return isinstance(inverse, Constant) and not inverse.data


@needs_buffers.register
def _(op: PermuteRowElements, node: Apply) -> Sequence[int]:
    return () if isinstance(node.inputs[2], Constant) else range(3)


@plan_node.register
def _(op: PermuteRowElements, node: Apply, planner: Planner) -> None:
    rows, order, inverse = node.inputs
    if not isinstance(inverse, Constant):
        plan_node.dispatch(object)(op, node, planner)
        return
    x = planner.x
    (*_, width), (*_, along) = planner.lengths(rows), planner.lengths(order)
    text = "rows of length {0} cannot be permuted by rows of length {1}"
    width = planner.unify(width, along, "ValueError", text, node)

    def is_wrong(at: Sequence[Expr]) -> Expr:
        number = x.cast(planner.value(order, at), "int64")
        return either(x.compare("lt", number, x.sub(x.const(0), width)), x.compare("ge", number, width), planner)

    text = "an index of a permutation is out of bounds"
    demand_none(planner.lengths(order), is_wrong, "IndexError", text, node, planner)
    lengths = broadcast_lengths([(v, planner.lengths(v)) for v in (rows, order)], node, planner)
    output = node.outputs[0]
    if not inverse.data:
        planner.set_lengths(output, lengths)
        return
    target = planner.place(output, lengths)
    index = planner.loop_index(lengths)
    at = _permuted(order, index, width, planner)
    planner.fill(target, x.const(0, target.dtype))  # what no index names is not left to chance
    planner.fill(target, planner.value(rows, own_index(rows, index, planner)), [*index[:-1], at])


def _permuted(order: Variable, index: Sequence[Expr], width: Expr, planner: Planner) -> Expr:
    number = planner.x.cast(planner.value(order, own_index(order, index, planner)), "int64")
    return wrapped(number, width, planner)


@element.register
def _(op: PermuteRowElements, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    rows, order, _ = node.inputs
    at = _permuted(order, index, planner.lengths(rows)[-1], planner)
    return planner.value(rows, own_index(rows, [*index[:-1], at], planner))


# Places in a sorted vector


def _is_searchable(node: Apply) -> bool:
    return not any(is_complex(v.type.dtype) for v in node.inputs)  # type: ignore[attr-defined]


@needs_buffers.register
def _(op: SearchsortedOp, node: Apply) -> Sequence[int]:
    return range(len(node.inputs))


@plan_node.register
def _(op: SearchsortedOp, node: Apply, planner: Planner) -> None:
    if not _is_searchable(node):
        plan_node.dispatch(object)(op, node, planner)
        return
    x = planner.x
    vector, values, *sorter = node.inputs
    (count,) = planner.lengths(vector)
    if sorter:
        (own,) = planner.lengths(sorter[0])
        planner.unify(count, own, "ValueError", "sorter.size must equal x.size: it is {1}, not {0}", node)

        def is_wrong(at: Sequence[Expr]) -> Expr:
            number = x.cast(planner.value(sorter[0], at), "int64")
            return either(x.compare("lt", number, x.const(0)), x.compare("ge", number, count), planner)

        demand_none(planner.lengths(sorter[0]), is_wrong, "ValueError", "Sorter index out of range.", node, planner)
    operands = tuple(planner.operand(v) for v in node.inputs)
    lengths = planner.lengths(values)
    target = planner.place(node.outputs[0], lengths)
    cells = [planner.new_stored("int64", [x.const(1)]) for _ in range(2)]
    write = _Search(target, cells, (count, *lengths), node, op.side)
    planner.add(Written("searchsorted", (target, *cells), operands, write, (count, *lengths)))


class _Search:
    """Writes a search by halving for each value, whose steps are the powers of two up to the vector's length."""

    def __init__(
        self, target: Stored, cells: Sequence[Stored], lengths: Sequence[Expr], node: Apply, side: str
    ) -> None:
        self.target, self.lengths, self.side = target.name, lengths, side
        self.place, self.step = (Cell(cell.name) for cell in cells)
        self.dtypes = [v.type.dtype for v in node.inputs]  # type: ignore[attr-defined]
        self.working = _common(self.dtypes[0], self.dtypes[1])

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        count, *lengths = (lower(n) for n in self.lengths)
        index = refs(f"{self.target}_at", len(lengths))
        value = ir.Ref(f"{self.target}_value", self.working)
        steps = ir.Ref(f"{self.target}_steps", "int64")
        some = ir.Cast(int_op("maximum", count, ONE), "float64")
        steps_value = int_op("add", ir.Cast(ir.Scalar("log2", (some,), "float64"), "int64"), ONE)
        largest = ir.Cast(ir.Scalar("exp2", (ir.Cast(steps, "float64"),), "float64"), "int64")
        given = ir.Cast(ir.Load(operands[1], tuple(index), self.dtypes[1]), self.working)
        body = [
            ir.Let(value.name, given),
            self.place.set(ZERO),
            self.step.set(largest),
            ir.Loop(f"{self.target}_turn", int_op("add", steps, ONE), self._turn(count, value, operands)),
            ir.Store(self.target, tuple(index), self.place.value),
        ]
        return [ir.Let(steps.name, steps_value), *nested(index, lengths, body)]

    def _turn(self, count: ir.Expr, value: ir.Expr, operands: Sequence[str]) -> tuple[ir.Stmt, ...]:
        candidate = ir.Ref(f"{self.target}_candidate", "int64")
        at: ir.Expr = int_op("sub", candidate, ONE)
        if len(operands) == 3:
            at = ir.Cast(ir.Load(operands[2], (at,), self.dtypes[2]), "int64")
        known = ir.Cast(ir.Load(operands[0], (at,), self.dtypes[0]), self.working)
        before = (
            _is_before(known, value, self.working)
            if self.side == "left"
            else _not(_is_before(value, known, self.working))
        )
        inside = ir.Select(compare("le", candidate, count), before, ir.Const(False, "bool"), "bool")
        return (
            ir.Let(candidate.name, int_op("add", self.place.value, self.step.value)),
            self.place.set(ir.Select(inside, candidate, self.place.value, "int64")),
            self.step.set(int_op("int_div", self.step.value, integer(2))),
        )


def _common(a: str, b: str) -> str:
    return str(np.promote_types(a, b))


def _not(condition: ir.Expr) -> ir.Expr:
    return ir.Scalar("invert", (condition,), "bool")


def _is_before(a: ir.Expr, b: ir.Expr, dtype: str) -> ir.Expr:
    """Return whether a number sorts before another; a NaN sorts after all numbers."""
    if dtype == "bool":
        return ir.Scalar("and_", (_not(a), b), "bool")
    less = compare("lt", a, b)
    if dtype[0] != "f":
        return less
    late = ir.Scalar("and_", (ir.Scalar("isnan", (b,), "bool"), _not(ir.Scalar("isnan", (a,), "bool"))), "bool")
    return ir.Scalar("or_", (less, late), "bool")


# Filled diagonals


@needs_buffers.register(FillDiagonal)
@needs_buffers.register(FillDiagonalOffset)
def _(op: FillDiagonal | FillDiagonalOffset, node: Apply) -> Sequence[int]:
    return ()


@plan_node.register
def _(op: FillDiagonal, node: Apply, planner: Planner) -> None:
    source, value = node.inputs
    shortest, *others = planner.lengths(source)
    for length in others:
        if len(others) > 1:
            text = "FillDiagonal: all dimensions of the input must be of equal length, not {0} and {1}"
            shortest = planner.unify(shortest, length, "ValueError", text, node)
        else:
            shortest = planner.x.scalar("minimum", (shortest, length), "int64")
    written = planner.value(value, ())
    target = planner.copy_of(node)
    along = planner.x.index(0)
    planner.fill(target, written, [along] * target.ndim, loops=(shortest,))


@plan_node.register
def _(op: FillDiagonalOffset, node: Apply, planner: Planner) -> None:
    x = planner.x
    source, value, offset = node.inputs
    moved = planner.scalar(offset)
    row, column = (x.scalar("maximum", (n, x.const(0)), "int64") for n in (x.sub(x.const(0), moved), moved))
    height, width = planner.lengths(source)
    left = x.scalar("minimum", (x.sub(height, row), x.sub(width, column)), "int64")
    written = planner.value(value, ())
    target = planner.copy_of(node)
    along = x.index(0)
    count = x.scalar("maximum", (left, x.const(0)), "int64")
    planner.fill(target, written, [x.add(along, row), x.add(along, column)], loops=(count,))
