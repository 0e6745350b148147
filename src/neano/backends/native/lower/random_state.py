"""Uniform and normal draws of NumPy's generator, and what becomes of the generator's state.

Inside a call a state is a row of words (see `calls.random_state`). An object is made of it only where one is wanted: the new
value of a shared generator is that generator itself, written at the very end of the call; anything else that leaves the call
or goes into Python is a new RandomState.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neano.backends.native import ir
from neano.backends.native.calls.random_state import WORDS
from neano.backends.native.lower.demands import demand_none
from neano.backends.native.runtime.random_state import layout
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Invocation, Operand, Stored, Window
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply, Constant, Variable
from neano.random.function import RandomFunction
from neano.random.state import RandomStateType
from neano.scalar.dtypes import is_complex

NATIVE = ("uniform", "normal")
RANK = "Shape mismatch: the draw has {1} dimensions, its size {0}"
NEGATIVE = "negative dimensions are not allowed: axis {axis} would have length {{0}}"
MISFIT = "Output size is not compatible with the parameters: along axis {axis} the size is {{0}}, a parameter has {{1}}"


@dataclass(frozen=True, eq=False)
class State:
    """A state inside a call: its words, and the input that they were first read from (None where that is no input)."""

    words: Stored
    origin: Variable | None


def is_native(op: RandomFunction, node: Apply) -> bool:
    """Say whether a draw has a native form."""
    parameters = node.inputs[2:]
    plain = op.fn in NATIVE and op.ndim_added == 0 and len(parameters) == 2 and layout() is not None
    return plain and all(not is_complex(p.type.dtype) and p.type.ndim <= op.outtype.ndim for p in parameters)  # type: ignore[attr-defined]


@needs_buffers.register
def _(op: RandomFunction, node: Apply) -> Sequence[int]:
    if not is_native(op, node):
        return range(len(node.inputs))
    return [i for i in (2, 3) if node.inputs[i].type.ndim and node.inputs[i].type.dtype == "float64"]  # type: ignore[attr-defined]


@plan_node.register
def _(op: RandomFunction, node: Apply, planner: Planner) -> None:
    if not is_native(op, node):
        plan_node.dispatch(object)(op, node, planner)
        return
    x = planner.x
    size = node.inputs[1]
    moved, numbers = node.outputs
    (rank,) = planner.lengths(size)
    planner.unify(rank, x.const(op.outtype.ndim), "ValueError", RANK, node)
    _, lengths = planner.infer_lengths(node)
    for axis, length in enumerate(lengths):
        valid = x.compare("ge", length, x.const(0))
        planner.guard(valid, "ValueError", NEGATIVE.format(axis=axis), node, (length,))
    start, factor = _parameters(op, node, lengths, planner)
    before = state_of(node.inputs[0], planner)
    following = planner.new_stored("uint32", [x.const(WORDS)])
    direct = op.outtype.dtype == "float64"
    drawn = planner.place(numbers, lengths) if direct else planner.new_stored("float64", lengths)
    operands = (before.words, start, factor)
    planner.add(Invocation("random_draw", (drawn, following), operands, attributes=(("fn", op.fn),)))
    if not direct:
        planner.define(numbers, lengths, lambda index: x.cast(planner.read(drawn, index), op.outtype.dtype))
    hand_on(moved, State(following, before.origin), planner)


# Parameters


def _parameters(op: RandomFunction, node: Apply, lengths: Sequence[Expr], planner: Planner) -> tuple[Operand, Operand]:
    """Return what each number starts from and what a standard number is multiplied by, as windows of the result's lengths."""
    x = planner.x
    first, second = node.inputs[2:]
    uniform = op.fn == "uniform"
    start = _stretched(_as_float64(first, planner), first, lengths, node, planner)
    if not uniform:
        factor = _as_float64(second, planner)
        own = planner.lengths(second)
        if not _are_good(node):
            demand_none(
                own,
                lambda at: _is_negative(planner.value(second, at), planner),
                "ValueError",
                "scale < 0",
                node,
                planner,
            )
        return start, _stretched(factor, second, lengths, node, planner)

    def span(index: Sequence[Expr]) -> Expr:
        low, high = (
            x.cast(planner.value(v, _own_index(v, index, lengths, planner)), "float64") for v in (first, second)
        )
        return x.scalar("sub", (high, low), "float64")

    scalar = first.type.ndim == 0 and second.type.ndim == 0  # type: ignore[attr-defined]
    own = () if scalar else tuple(lengths)
    if not scalar:
        _stretched(_as_float64(second, planner), second, lengths, node, planner)  # its lengths are checked
    place = planner.new_stored("float64", own)
    planner.fill(place, span(planner.loop_index(own)))
    if not _are_good(node):
        unbounded = "Range exceeds valid bounds"
        demand_none(
            own, lambda at: _is_unbounded(planner.read(place, at), planner), "OverflowError", unbounded, node, planner
        )
    return start, _broadcast(place, lengths, planner)


def _as_float64(variable: Variable, planner: Planner) -> Operand:
    """Return a parameter in memory, as float64."""
    if variable.type.dtype == "float64" and variable.type.ndim:  # type: ignore[attr-defined]
        return planner.operand(variable)
    lengths = planner.lengths(variable)
    place = planner.new_stored("float64", lengths)
    planner.fill(place, planner.x.cast(planner.value(variable, planner.loop_index(lengths)), "float64"))
    return place


def _stretched(operand: Operand, variable: Variable, lengths: Sequence[Expr], node: Apply, planner: Planner) -> Window:
    """Return a parameter as a window of the result's lengths; as in NumPy an axis that turns out to have length 1 stretches."""
    x = planner.x
    own = planner.lengths(variable)
    lead = len(lengths) - len(own)
    for axis, length in enumerate(own):
        wanted = lengths[axis + lead]
        fits = x.scalar("or_", (x.compare("eq", length, wanted), x.compare("eq", length, x.const(1))), "bool")
        if length is not wanted:
            planner.guard(fits, "ValueError", MISFIT.format(axis=axis + lead), node, (wanted, length))
    return _broadcast(operand, lengths, planner)


def _broadcast(operand: Operand, lengths: Sequence[Expr], planner: Planner) -> Window:
    x, view = planner.x, planner.as_window(operand)
    lead = len(lengths) - len(view.lengths)
    axes: list[int | None] = [None] * lead
    steps: list[Expr] = [x.const(1)] * lead
    for length, wanted, axis, step in zip(view.lengths, lengths[lead:], view.axes, view.steps, strict=True):
        one = isinstance(length, ir.Const) and length.value == 1
        axes.append(None if one else axis)
        steps.append(
            step if one or length is wanted else x.select(x.compare("eq", length, x.const(1)), x.const(0), step)
        )
    return Window(view.base, view.start, tuple(lengths), tuple(axes), tuple(steps), view.dtype)


def _own_index(variable: Variable, index: Sequence[Expr], lengths: Sequence[Expr], planner: Planner) -> list[Expr]:
    """Return the index of a parameter's element for an element of the result."""
    x = planner.x
    own = planner.lengths(variable)
    lead = len(lengths) - len(own)
    found: list[Expr] = []
    for axis, length in enumerate(own):
        at = index[axis + lead]
        if length is not lengths[axis + lead]:
            at = x.select(x.compare("eq", length, x.const(1)), x.const(0), at)
        found.append(at)
    return found


def _is_negative(value: Expr, planner: Planner) -> Expr:
    """Return whether a number has a minus sign, zero included."""
    x = planner.x
    value = x.cast(value, "float64")
    zero, one = x.const(0.0, "float64"), x.const(1.0, "float64")
    below = x.scalar("lt", (value, zero), "bool")
    inverse = x.scalar("true_div", (one, value), "float64")
    minus_zero = x.scalar(
        "and_", (x.scalar("eq", (value, zero), "bool"), x.scalar("lt", (inverse, zero), "bool")), "bool"
    )
    return x.scalar("or_", (below, minus_zero), "bool")


def _is_unbounded(value: Expr, planner: Planner) -> Expr:
    x = planner.x
    return x.scalar("or_", (x.scalar("isnan", (value,), "bool"), x.scalar("isinf", (value,), "bool")), "bool")


def _are_good(node: Apply) -> bool:
    """Say whether the parameters are constants that make no error."""
    first, second = node.inputs[2:]
    if not (isinstance(first, Constant) and isinstance(second, Constant)):
        return False
    low, high = (np.asarray(v.data, dtype="float64") for v in (first, second))
    if node.op.fn == "normal":  # type: ignore[attr-defined]
        return not np.signbit(high).any()
    with np.errstate(all="ignore"):
        return low.ndim == high.ndim == 0 and bool(np.isfinite(high - low))


# States


def state_of(variable: Variable, planner: Planner) -> State:
    """Return a state as words, read from the object where it is none yet."""
    known: State | None = planner.notes.get((State, variable))
    if known is None:
        words = planner.new_stored("uint32", [planner.x.const(WORDS)])
        planner.add(Invocation("random_read", (words,), (planner.store(variable),)))
        origin = variable if variable in planner.fgraph.inputs else None
        known = planner.notes[State, variable] = State(words, origin)
    return known


def hand_on(variable: Variable, state: State, planner: Planner) -> None:
    """Make words the value of a variable, and an object of them where Python wants one."""
    planner.notes[State, variable] = state
    planner.set_lengths(variable, ())
    clients = [client for client, _ in planner.fgraph.clients(variable)]
    if any(not isinstance(client, str) and not takes_words(client) for client in clients):
        planner.own(variable, _made(state, planner))
    elif any(isinstance(client, str) for client in clients):
        planner.last[variable] = lambda position: _handed_over(state, position, planner)


def takes_words(node: Apply) -> bool:
    """Say whether a node reads a state as words."""
    if isinstance(node.op, RandomFunction):
        return is_native(node.op, node)
    return is_state(node) and layout() is not None


def is_state(node: Apply) -> bool:
    """Say whether a node gives a random state."""
    return isinstance(node.outputs[0].type, RandomStateType)


def _made(state: State, planner: Planner) -> Stored:
    made = Stored(f"v{len(planner.plan.values)}", "object", (), "view")
    planner.plan.values.append(made)
    planner.add(Invocation("random_new", (made,), (state.words,)))
    return made


def _handed_over(state: State, position: int, planner: Planner) -> Stored:
    """Return what an output is: the generator that it updates, when all else is done, or a new one."""
    origin = planner.updates.get(position)
    if origin is None or origin is not state.origin or origin in planner.fgraph.outputs:
        return _made(state, planner)
    written = Stored(f"v{len(planner.plan.values)}", "object", (), "view")
    planner.plan.values.append(written)
    item = Invocation("random_write", (written,), (planner.store(origin), state.words))
    earlier: list[Any] = list(planner.plan.items)
    planner.add(item)
    item.deps.update(earlier)
    return written
