"""Reductions: a nest that combines what it reads into a register, or into a row of the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Root
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import needs_buffers, plan_node
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_complex, is_discrete
from neano.tensor.argmax import Argmax, MaxAndArgmax
from neano.tensor.reduce import CAReduce, resolve_axes

EMPTY = "zero-size array to reduction operation {name} which has no identity: axis {axis} of the input has length 0"

COMBINES = {
    "add": ("add", 0),
    "mul": ("mul", 1),
    "mul_without_zeros": ("mul", 1),
    "and_": ("and_", -1),
    "or_": ("or_", 0),
    "xor": ("xor", 0),
    "maximum": ("maximum", None),
    "minimum": ("minimum", None),
}
"""The function that combines two values, and what it starts from (None: the dtype's own extreme)."""


@needs_buffers.register
def _(op: CAReduce, node: Apply) -> Any:
    return () if can_lower(op, node) else range(len(node.inputs))


def can_lower(op: CAReduce, node: Apply) -> bool:
    """Say whether a reduction has a native form."""
    return op.scalar_op.name in COMBINES


def extreme(combine: str, dtype: str) -> Any:
    """Return what a maximum or minimum over a dtype starts from."""
    lowest = combine == "maximum"
    if dtype == "bool":
        return not lowest
    if is_discrete(dtype):
        return np.iinfo(dtype).min if lowest else np.iinfo(dtype).max
    bound = -np.inf if lowest else np.inf
    return complex(bound, bound) if is_complex(dtype) else bound


@plan_node.register
def _(op: CAReduce, node: Apply, planner: Planner) -> None:
    if not can_lower(op, node):
        plan_node.dispatch(object)(op, node, planner)
        return
    (source,), (output,) = node.inputs, node.outputs
    x = planner.x
    axes = resolve_axes(op.axis, source)
    lengths = planner.lengths(source)
    index = planner.loop_index(lengths)
    name = op.scalar_op.name
    combine, start = COMBINES[name]
    accumulator = op.accumulator_dtype(source.type.dtype)  # type: ignore[attr-defined]
    dtype = output.type.dtype  # type: ignore[attr-defined]
    kept = [axis for axis in range(len(lengths)) if axis not in axes]
    kept_lengths = [lengths[axis] for axis in kept]
    if start is None:
        start = extreme(combine, accumulator)
        for axis in () if op.accepts_nothing else axes:
            filled = x.compare("gt", lengths[axis], x.const(0))
            planner.guard(filled, "ValueError", EMPTY.format(name=name, axis=axis), node)
    reduced = frozenset(_loop_of(index[axis]) for axis in axes if isinstance(index[axis], ir.Ref))

    def term(at: Any) -> Expr:
        value = x.cast(planner.value(source, at), accumulator)
        if name == "mul_without_zeros":
            is_zero = x.scalar("eq", (value, x.const(0, accumulator)), "bool")
            value = x.select(is_zero, x.const(1, accumulator), value)
        return value

    if not reduced:

        def single(at: Any) -> Expr:
            own: list[Expr] = [x.const(0)] * len(lengths)
            for position, axis in enumerate(kept):
                own[axis] = at[position]
            return x.cast(term(own), dtype)

        planner.define(output, kept_lengths, single)
        return
    if accumulator == dtype:
        target = planner.place(output, kept_lengths)
    else:
        target = planner.new_stored(accumulator, kept_lengths)
    root = Root(
        target,
        planner.loop_extents(lengths),
        tuple(index[axis] for axis in kept),
        term(index),
        combine=combine,
        init=x.const(start, accumulator),
        reduced=reduced,
    )
    planner.add(root)
    if accumulator != dtype:
        planner.define(output, kept_lengths, lambda at: x.cast(planner.read(target, at), dtype))


def _loop_of(index: Expr) -> int:
    assert isinstance(index, ir.Ref)
    return int(index.name[1:])


@plan_node.register(Argmax)
@plan_node.register(MaxAndArgmax)
def _(op: Any, node: Apply, planner: Planner) -> None:
    source = node.inputs[0]
    dtype = source.type.dtype  # type: ignore[attr-defined]
    x = planner.x
    axes = resolve_axes(op.axis or None, source)
    lengths = planner.lengths(source)
    kept = [axis for axis in range(len(lengths)) if axis not in axes]
    order = [*kept, *axes]  # a position is kept in a register, so what is reduced runs innermost
    ordered = [lengths[axis] for axis in order]
    loops = planner.loop_index(ordered)
    index: list[Expr] = [x.const(0)] * len(lengths)
    for axis, loop in zip(order, loops, strict=True):
        index[axis] = loop
    position: Expr = x.const(0)
    for axis in axes:
        planner.guard(
            x.compare("gt", lengths[axis], x.const(0)), "ValueError", EMPTY.format(name="argmax", axis=axis), node
        )
        position = x.add(x.mul(position, lengths[axis]), index[axis])
    working = "uint8" if dtype == "bool" else dtype
    kept_lengths = [lengths[axis] for axis in kept]
    kept_index = [index[axis] for axis in kept]
    value = x.cast(planner.value(source, index), working)
    where = node.outputs[-1]
    reduced = frozenset(_loop_of(index[axis]) for axis in axes if isinstance(index[axis], ir.Ref))
    if not reduced:
        planner.define(where, kept_lengths, lambda at: x.const(0))
        if len(node.outputs) == 2:
            planner.define(node.outputs[0], kept_lengths, _reader(planner, source, kept, len(lengths)))
        return
    if is_complex(dtype):
        extents = planner.loop_extents(ordered)
        _plan_complex(node, kept_lengths, extents, tuple(kept_index), value, position, reduced, planner)
        return
    best = planner.place(node.outputs[0], kept_lengths) if len(node.outputs) == 2 and working == dtype else None
    target = best or planner.new_stored(working, kept_lengths)
    companion = planner.place(where, kept_lengths)
    root = Root(
        target,
        planner.loop_extents(ordered),
        tuple(kept_index),
        value,
        combine="maximum",
        init=x.const(extreme("maximum", working), working),
        reduced=reduced,
        position=position,
        companion=companion,
    )
    planner.add(root)
    if len(node.outputs) == 2 and best is None:
        planner.define(node.outputs[0], kept_lengths, lambda at: x.cast(planner.read(target, at), dtype))


def _plan_complex(
    node: Apply,
    kept: Sequence[Expr],
    loops: tuple[Expr, ...],
    place: tuple[Expr, ...],
    value: Expr,
    position: Expr,
    reduced: frozenset[int],
    planner: Planner,
) -> None:
    """Plan the greatest of complex numbers and, in a second pass, the first position at which it (or a NaN) stands."""
    x, dtype = planner.x, value.dtype
    target = planner.place(node.outputs[0], kept) if len(node.outputs) == 2 else planner.new_stored(dtype, kept)
    init = x.const(extreme("maximum", dtype), dtype)
    planner.add(Root(target, loops, place, value, combine="maximum", init=init, reduced=reduced))
    same = x.scalar("eq", (value, planner.read(target, place)), "bool")
    stands = x.scalar("or_", (same, x.scalar("isnan", (value,), "bool")), "bool")
    last = x.const(np.iinfo("int64").max)
    where = planner.place(node.outputs[-1], kept)
    found = x.select(stands, position, last)
    planner.add(Root(where, loops, place, found, combine="minimum", init=last, reduced=reduced))


def _reader(planner: Planner, source: Any, kept: list[int], rank: int) -> Any:
    """Return the elements of an array at which all but the kept axes have length 1."""

    def read(at: Any) -> Expr:
        own: list[Expr] = [planner.x.const(0)] * rank
        for position, axis in enumerate(kept):
            own[axis] = at[position]
        return planner.value(source, own)

    return read


@needs_buffers.register(Argmax)
@needs_buffers.register(MaxAndArgmax)
def _(op: Any, node: Apply) -> Any:
    return ()
