"""MRG31k3p in the loop IR: rounds of one number a stream, in vectors over the streams.

The recurrence is that of `neano.random.mrg_recurrence.step`, in unsigned 32-bit numbers: there a sum that C lets wrap to a
negative number is simply larger than the modulus, so that one comparison reduces it. Nothing exceeds 2^32 - 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation, Stored, Written
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply
from neano.random.mrg_recurrence import M1, M2
from neano.random.mrg_uniform import MOST_NUMBERS, mrg_uniform

WORD = "uint32"
WORDS = 6
TOO_MANY = "a draw has at most {0} numbers, not {1}"


@needs_buffers.register
def _(op: mrg_uniform, node: Apply) -> Sequence[int]:
    return (0,)


@plan_node.register
def _(op: mrg_uniform, node: Apply, planner: Planner) -> None:
    x = planner.x
    states, size = node.inputs
    moved, numbers = node.outputs
    width, words = planner.lengths(states)
    (rank,) = planner.lengths(size)
    wrong_rank = "size must have length {1} (not {0})"
    planner.unify(rank, x.const(op.output_type.ndim), "ValueError", wrong_rank, node)
    wrong_words = "the states have six words each, not {0}"
    planner.unify(words, x.const(WORDS), "ValueError", wrong_words, node)
    _, lengths = planner.infer_lengths(node)
    for axis, length in enumerate(lengths):
        text = f"negative dimensions are not allowed: axis {axis} would have length {{0}}"
        planner.guard(x.compare("ge", length, x.const(0)), "ValueError", text, node, (length,))
    count = x.product(lengths)
    most = x.const(MOST_NUMBERS)
    planner.guard(x.compare("le", count, most), "ValueError", TOO_MANY, node, (most, count))
    some = x.scalar("or_", (x.compare("eq", count, x.const(0)), x.compare("gt", width, x.const(0))), "bool")
    planner.guard(some, "ValueError", "the states must have at least one row", node)
    given = planner.operand(states)
    target = planner.place(numbers, lengths)
    flat = target
    if target.ndim != 1:
        flat = planner.new_stored(target.dtype, [count], "view")
        planner.add(Invocation("reinterpret", (flat,), (target,)))
    following = planner.place(moved, [width, x.const(WORDS)])
    scratch = [planner.new_stored(WORD, [width]) for _ in range(WORDS)]  # a row for each word of the states
    write = _Rounds(following, flat, scratch, count, width)
    item = Written("mrg31k3p", (following, flat, *scratch), (given,), write, (count, width))
    planner.add(item)
    if flat is not target:
        target.writers.append(item)


class _Rounds:
    """Writes the statements of one draw."""

    def __init__(self, following: Stored, flat: Stored, scratch: Sequence[Stored], count: Expr, width: Expr) -> None:
        self.following, self.flat = following, flat
        self.scratch = [stored.name for stored in scratch]
        self.count, self.width = count, width
        self.stem = flat.name

    def __call__(self, lower: Callable[[Expr], ir.Expr], operands: Sequence[str]) -> Sequence[ir.Stmt]:
        (states,) = operands
        count, width = lower(self.count), lower(self.width)
        stream = self._ref("stream")
        unpack = [
            ir.Store(row, (stream,), ir.Cast(ir.Load(states, (stream, _int(word)), "int32"), WORD))
            for word, row in enumerate(self.scratch)
        ]
        place = self._ref("place")
        pack = [
            ir.Store(self.following.name, (place, _int(word)), ir.Cast(ir.Load(row, (place,), WORD), "int32"))
            for word, row in enumerate(self.scratch)
        ]
        lanes = ir.Scalar("maximum", (width, _int(1)), "int64")
        more = ir.Scalar("add", (count, ir.Scalar("sub", (lanes, _int(1)), "int64")), "int64")
        rounds = ir.Scalar("int_div", (more, lanes), "int64")
        return [
            ir.Loop(stream.name, width, tuple(unpack)),
            ir.Loop(self._ref("round").name, rounds, self._round(count, width)),
            ir.Loop(place.name, width, tuple(pack)),
        ]

    def _ref(self, name: str) -> ir.Ref:
        return ir.Ref(f"{self.stem}_{name}", "int64")

    def _round(self, count: ir.Expr, width: ir.Expr) -> tuple[ir.Stmt, ...]:
        """Return the statements of a round: the next number of each stream that has one left to give."""
        begin, lane = self._ref("begin"), self._ref("lane")
        left = ir.Scalar("sub", (count, begin), "int64")
        used = ir.Scalar("minimum", (width, left), "int64")
        step, number = _step(self.scratch, lane, self.stem)
        at = ir.Scalar("add", (begin, lane), "int64")
        value = _uniform(number, self.flat.dtype)
        return (
            ir.Let(begin.name, ir.Scalar("mul", (self._ref("round"), width), "int64")),
            ir.Loop(lane.name, used, (*step, ir.Store(self.flat.name, (at,), value))),
        )


def _int(value: int) -> ir.Const:
    return ir.Const(value, "int64")


def _word(value: int) -> ir.Const:
    return ir.Const(value, WORD)


def _op(function: str, *args: ir.Expr) -> ir.Expr:
    return ir.Scalar(function, args, WORD)


def _step(rows: Sequence[str], lane: ir.Ref, stem: str) -> tuple[list[ir.Stmt], ir.Expr]:
    """Return the statements that advance a stream, and the number that it gives."""
    statements: list[ir.Stmt] = []

    def named(name: str, value: ir.Expr) -> ir.Ref:
        statements.append(ir.Let(f"{stem}_{name}", value))
        return ir.Ref(f"{stem}_{name}", WORD)

    def reduced(name: str, value: ir.Expr, modulus: int) -> ir.Ref:
        whole = named(f"{name}_whole", value)
        above = ir.Scalar("ge", (whole, _word(modulus)), "bool")
        return named(name, ir.Select(above, _op("sub", whole, _word(modulus)), whole, WORD))

    def halves(word: ir.Expr) -> ir.Expr:
        low = _op("mul", _op("and_", word, _word(65535)), _word(1 << 15))
        return _op("add", low, _op("mul", _word(21069), _op("int_div", word, _word(1 << 16))))

    x11, x12, x13, x21, x22, x23 = (named(f"x{word}", ir.Load(row, (lane,), WORD)) for word, row in enumerate(rows))
    y = _op("add", _op("mul", _op("and_", x12, _word(511)), _word(1 << 22)), _op("int_div", x12, _word(1 << 9)))
    y = _op("add", y, _op("mul", _op("and_", x13, _word((1 << 24) - 1)), _word(1 << 7)))
    y = _op("add", y, _op("int_div", x13, _word(1 << 24)))
    y = reduced("y", _op("add", reduced("y_first", y, M1), x13), M1)
    u = reduced("u", halves(x21), M2)
    v = reduced("v_first", halves(x23), M2)
    v = reduced("v", _op("add", reduced("v_second", _op("add", v, x23), M2), u), M2)
    for row, value in zip(rows, (y, x11, x12, v, x21, x22), strict=True):
        statements.append(ir.Store(row, (lane,), value))
    difference = named("difference", _op("sub", y, v))
    wrapped = ir.Scalar("le", (y, v), "bool")
    number = named("number", ir.Select(wrapped, _op("add", difference, _word(M1)), difference, WORD))
    return statements, ir.Cast(number, "int32")


def _uniform(number: ir.Expr, dtype: str) -> ir.Expr:
    """Return a number from 1 to M1 as a float between 0 and 1, as `mrg_recurrence.as_uniform` does."""
    if dtype == "float64":
        return ir.Scalar("mul", (ir.Cast(number, dtype), ir.Const(2.0**-31, dtype)), dtype)
    if dtype == "float32":
        return ir.Scalar("mul", (ir.Cast(number, dtype), ir.Const(4.6566126e-10, dtype)), dtype)
    low = ir.Scalar(
        "add", (ir.Scalar("and_", (number, ir.Const(0x7FFF, "int32")), "int32"), ir.Const(1, "int32")), "int32"
    )
    scale = ir.Const(float(np.float16(3.0458e-05)), "float64")
    return ir.Cast(ir.Scalar("mul", (ir.Cast(low, "float64"), scale), "float64"), dtype)
