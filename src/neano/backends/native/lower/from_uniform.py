"""Outcomes drawn by probabilities from uniform numbers: sums of a row, and how many of them a number has passed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native import ir
from neano.backends.native.lower.statements import ONE, ZERO, compare, int_op
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply
from neano.random.from_uniform import ChoiceFromUniform, FromUniform, MultinomialFromUniform

COUNT = "unis.shape[0] != pvals.shape[0] * n_samples: {0} != {1} * {2}"
NEGATIVE = "negative numbers of draws are not allowed: {0}"
NOTHING = "nothing can be drawn: there are no outcomes"
TOO_MANY = "Cannot sample without replacement n samples bigger than the size of the distribution."
FLOAT = "float64"


@needs_buffers.register
def _(op: FromUniform, node: Apply) -> Sequence[int]:
    return (0, 1)


def _lengths(node: Apply, planner: Planner) -> tuple[Expr, Expr, Expr]:
    """Return the numbers of rows, of outcomes and of draws, checked."""
    x = planner.x
    pvals, unis, number = node.inputs
    rows, outcomes = planner.lengths(pvals)
    (given,) = planner.lengths(unis)
    draws = planner.scalar(number)
    planner.guard(x.compare("ge", draws, x.const(0)), "ValueError", NEGATIVE, node, (draws,))
    fits = x.compare("eq", given, x.mul(rows, draws))
    planner.guard(fits, "ValueError", COUNT, node, (given, rows, draws))
    return rows, outcomes, draws


def _some_outcome(given: Expr, outcomes: Expr, node: Apply, planner: Planner) -> None:
    x = planner.x
    none, some = x.compare("eq", given, x.const(0)), x.compare("gt", outcomes, x.const(0))
    planner.guard(x.scalar("or_", (none, some), "bool"), "ValueError", NOTHING, node)


@plan_node.register
def _(op: MultinomialFromUniform, node: Apply, planner: Planner) -> None:
    x = planner.x
    rows, outcomes, draws = _lengths(node, planner)
    _some_outcome(planner.lengths(node.inputs[1])[0], outcomes, node, planner)
    operands = tuple(planner.operand(v) for v in node.inputs[:2])
    counts = planner.new_stored("int64", [rows, outcomes])
    sums = planner.new_stored(FLOAT, [outcomes])
    write = _Counts(counts, sums, node, (rows, outcomes, draws))
    planner.add(Written("multinomial", (counts, sums), operands, write, (rows, outcomes, draws)))
    output = node.outputs[0]
    dtype = output.type.dtype  # type: ignore[attr-defined]
    planner.define(output, counts.lengths, lambda at: x.cast(planner.read(counts, at), dtype))


@plan_node.register
def _(op: ChoiceFromUniform, node: Apply, planner: Planner) -> None:
    x = planner.x
    rows, outcomes, draws = _lengths(node, planner)
    if op.replace:
        _some_outcome(planner.lengths(node.inputs[1])[0], outcomes, node, planner)
    else:
        planner.guard(x.compare("le", draws, outcomes), "ValueError", TOO_MANY, node)
    operands = tuple(planner.operand(v) for v in node.inputs[:2])
    target = planner.place(node.outputs[0], [rows, draws])
    sums = planner.new_stored(FLOAT, [outcomes])
    left = planner.new_stored(node.inputs[0].type.dtype, [outcomes])  # type: ignore[attr-defined]
    write = _Choices(target, sums, left, node, (rows, outcomes, draws), op.replace)
    planner.add(Written("choice", (target, sums, left), operands, write, (rows, outcomes, draws)))


class _Draws:
    """What both write: running sums of a row, and the outcome that a number falls on."""

    def __init__(self, stem: str, sums: Stored, node: Apply, lengths: Sequence[Expr]) -> None:
        self.stem, self.sums, self.lengths = stem, sums.name, lengths
        self.dtypes = [v.type.dtype for v in node.inputs[:2]]  # type: ignore[attr-defined]

    def ref(self, name: str) -> ir.Ref:
        return ir.Ref(f"{self.stem}_{name}", "int64")

    def running(self, value: Callable[[ir.Expr], ir.Expr], outcomes: ir.Expr) -> list[ir.Stmt]:
        """Return the statements that sum a row up, in float64."""
        first, before = self.ref("first"), self.ref("before")
        after = int_op("add", before, ONE)
        total = ir.Scalar("add", (ir.Load(self.sums, (before,), FLOAT), ir.Cast(value(after), FLOAT)), FLOAT)
        rest = int_op("maximum", int_op("sub", outcomes, ONE), ZERO)
        return [
            ir.Loop(
                first.name,
                int_op("minimum", outcomes, ONE),
                (ir.Store(self.sums, (first,), ir.Cast(value(first), FLOAT)),),
            ),
            ir.Loop(before.name, rest, (ir.Store(self.sums, (after,), total),)),
        ]

    def outcome(self, number: ir.Expr, outcomes: ir.Expr) -> tuple[list[ir.Stmt], ir.Expr]:
        """Return the statements that find the outcome of a number, and that: how many sums the number has reached."""
        passed, at = ir.Ref(f"{self.stem}_passed", "int64"), self.ref("sum")
        value = ir.Ref(f"{self.stem}_number", FLOAT)
        reached = ir.Cast(compare("le", ir.Load(self.sums, (at,), FLOAT), value), "int64")
        statements: list[ir.Stmt] = [
            ir.Let(value.name, ir.Cast(number, FLOAT)),
            ir.Declare(passed.name, "int64", ZERO),
            ir.Loop(at.name, outcomes, (ir.Accumulate(passed.name, "add", reached),)),
        ]
        return statements, int_op("minimum", passed, int_op("sub", outcomes, ONE))


class _Counts(_Draws):
    """Writes how often each outcome is drawn."""

    def __init__(self, counts: Stored, sums: Stored, node: Apply, lengths: Sequence[Expr]) -> None:
        super().__init__(counts.name, sums, node, lengths)
        self.counts = counts.name

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        rows, outcomes, draws = (lower(n) for n in self.lengths)
        row, draw, place, zero_row, zero = map(self.ref, ("row", "draw", "place", "zero_row", "zero"))
        at = int_op("add", int_op("mul", draw, rows), row)
        found, outcome = self.outcome(ir.Load(operands[1], (at,), self.dtypes[1]), outcomes)
        again = (*found, ir.Let(place.name, outcome), ir.Update(self.counts, (row, place), "add", ONE))
        summed = self.running(lambda k: ir.Load(operands[0], (row, k), self.dtypes[0]), outcomes)
        nothing = ir.Loop(zero.name, outcomes, (ir.Store(self.counts, (zero_row, zero), ZERO),))
        return [
            ir.Loop(zero_row.name, rows, (nothing,)),
            ir.Loop(row.name, rows, (*summed, ir.Loop(draw.name, draws, again))),
        ]


class _Choices(_Draws):
    """Writes which outcomes are drawn; without replacement from what is left of a row, scaled to sum to 1."""

    def __init__(
        self, target: Stored, sums: Stored, left: Stored, node: Apply, lengths: Sequence[Expr], replace: bool
    ) -> None:
        super().__init__(target.name, sums, node, lengths)
        self.target, self.dtype, self.left, self.replace = target.name, target.dtype, left.name, replace

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        rows, outcomes, draws = (lower(n) for n in self.lengths)
        row, draw, place, copied = map(self.ref, ("row", "draw", "place", "copied"))
        at = int_op("add", int_op("mul", draw, rows), row)
        found, outcome = self.outcome(ir.Load(operands[1], (at,), self.dtypes[1]), outcomes)
        own = self.dtypes[0]
        copy = ir.Store(self.left, (copied,), ir.Load(operands[0], (row, copied), own))
        body: list[ir.Stmt] = [
            *self.running(lambda k: ir.Load(self.left, (k,), own), outcomes),
            *found,
            ir.Let(place.name, outcome),
            ir.Store(self.target, (row, draw), ir.Cast(place, self.dtype)),
        ]
        if not self.replace:
            body += self._without(place, outcomes, own)
        return [
            ir.Loop(row.name, rows, (ir.Loop(copied.name, outcomes, (copy,)), ir.Loop(draw.name, draws, tuple(body))))
        ]

    def _without(self, place: ir.Expr, outcomes: ir.Expr, dtype: str) -> list[ir.Stmt]:
        """Return the statements that take an outcome out of a row."""
        total, share, scaled = ir.Ref(f"{self.stem}_total", dtype), self.ref("share"), self.ref("scaled")
        part = ir.Load(self.left, (scaled,), dtype)
        return [
            ir.Store(self.left, (place,), ir.Const(0.0, dtype)),
            ir.Declare(total.name, dtype, ir.Const(0.0, dtype)),
            ir.Loop(share.name, outcomes, (ir.Accumulate(total.name, "add", ir.Load(self.left, (share,), dtype)),)),
            ir.Loop(
                scaled.name, outcomes, (ir.Store(self.left, (scaled,), ir.Scalar("true_div", (part, total), dtype)),)
            ),
        ]
