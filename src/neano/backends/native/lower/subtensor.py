"""Basic indexing: elements at shifted places, windows without a copy, and writes into a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Window
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, needs_buffers, plan_node, window
from neano.graph.variable import Apply, Variable
from neano.tensor import index_list as index_lists
from neano.tensor.slices import slice_extent
from neano.tensor.subtensor import IncSubtensor, Subtensor

RANGE = "index {{0}} is out of bounds for axis {axis} with size {{1}}"
MISFIT = "could not broadcast the new value into the part: along axis {axis} it has length {{1}}, the part {{0}}"


@dataclass(frozen=True)
class Range:
    """Where along one axis of an array elements are taken: `first + k * step` for k below `count`; None: one element."""

    first: Expr
    step: Expr
    count: Expr | None


def wrapped(index: Expr, length: Expr, planner: Planner) -> Expr:
    """Return an index counted from the start, where negative ones count from the end."""
    x = planner.x
    if isinstance(index, ir.Const):
        return index if index.value >= 0 else x.add(length, index)
    return x.select(x.compare("lt", index, x.const(0)), x.add(index, length), index)


def basic_ranges(
    op: Any, node: Apply, numbers: Sequence[Variable], lengths: Sequence[Expr], planner: Planner
) -> list[Range]:
    """Return what a basic index takes along each axis, with its integers checked."""
    x = planner.x
    index = index_lists.fill(op.idx_list, numbers, index_lists.known_integer)
    index += [slice(None)] * (len(lengths) - len(index))
    ranges = []
    for axis, (entry, length) in enumerate(zip(index, lengths, strict=True)):
        if isinstance(entry, slice):
            if entry == slice(None):
                ranges.append(Range(x.const(0), x.const(1), length))
                continue
            extent = slice_extent(entry, planner.length_number(length))
            first, step, count = (planner.scalar(part) for part in (extent.first, extent.step, extent.count))
            if not isinstance(step, ir.Const):
                planner.guard(x.compare("neq", step, x.const(0)), "ValueError", "slice step cannot be zero", node)
            ranges.append(Range(first, step, count))
        else:
            at = planner.scalar(entry)
            low = x.compare("ge", at, x.sub(x.const(0), length))
            high = x.compare("lt", at, length)
            place = wrapped(at, length, planner)
            for valid in (low, high):
                guard = planner.guard(
                    valid, "IndexError", RANGE.format(axis=axis), node, (at, length), everywhere=False
                )
                if guard is not None:
                    planner.x.after(place, guard)
            ranges.append(Range(place, x.const(1), None))
    return ranges


def place_of(ranges: Sequence[Range], index: Sequence[Expr], planner: Planner) -> list[Expr]:
    """Return where in the array the element of a part at an index lies."""
    x = planner.x
    remaining = iter(index)
    place = []
    for taken in ranges:
        if taken.count is None:
            place.append(taken.first)
        else:
            place.append(x.add(x.mul(next(remaining), taken.step), taken.first))
    return place


def _ranges(op: Subtensor, node: Apply, planner: Planner) -> list[Range]:
    known = planner.notes.get(node)
    if known is None:
        known = planner.notes[node] = basic_ranges(op, node, node.inputs[1:], planner.lengths(node.inputs[0]), planner)
    return known


@plan_node.register
def _(op: Subtensor, node: Apply, planner: Planner) -> None:
    counts = [taken.count for taken in _ranges(op, node, planner) if taken.count is not None]
    output = node.outputs[0]
    planner.set_lengths(output, [planner.static_or(output, axis, count) for axis, count in enumerate(counts)])


@element.register
def _(op: Subtensor, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.value(node.inputs[0], place_of(_ranges(op, node, planner), index, planner))


@window.register
def _(op: Subtensor, node: Apply, planner: Planner) -> Window | None:
    base = planner.as_window(planner.operand(node.inputs[0]))
    ranges = _ranges(op, node, planner)
    x = planner.x
    start = list(base.start)
    for taken, axis, step in zip(ranges, base.axes, base.steps, strict=True):
        if axis is not None:
            start[axis] = x.add(start[axis], x.mul(taken.first, step))
    kept = [i for i, taken in enumerate(ranges) if taken.count is not None]
    lengths = tuple(planner.lengths(node.outputs[0]))
    steps = tuple(x.mul(ranges[i].step, base.steps[i]) for i in kept)
    return Window(base.base, tuple(start), lengths, tuple(base.axes[i] for i in kept), steps, base.dtype)


# Writing


@needs_buffers.register
def _(op: IncSubtensor, node: Apply) -> Sequence[int]:
    return ()


@plan_node.register
def _(op: IncSubtensor, node: Apply, planner: Planner) -> None:
    base, value, *numbers = node.inputs
    lengths = planner.lengths(base)
    ranges = basic_ranges(op, node, numbers, lengths, planner)
    counts = [taken.count for taken in ranges if taken.count is not None]
    write_part(
        node, value, counts, lambda index: place_of(ranges, index, planner), not op.set_instead_of_inc, True, planner
    )


def write_part(
    node: Apply, value: Variable, counts: Sequence[Expr], place: Any, adds: bool, unique: bool, planner: Planner
) -> None:
    """Plan a copy of a node's first input in which a part is set to, or raised by, a value.

    Args:
        node: the node, whose output becomes the copy.
        value: broadcasts to the part.
        counts: the part's lengths.
        place: from an index of the part to that of the array.
        adds: raise rather than set.
        unique: no element occurs twice in the part.
        planner: takes the items.
    """
    x = planner.x
    dtype = node.outputs[0].type.dtype  # type: ignore[attr-defined]
    own = planner.lengths(value)
    offset = len(counts) - len(own)
    stretched = [n == 1 for n in value.type.shape]  # type: ignore[attr-defined]
    for axis, length in enumerate(own):
        if not stretched[axis]:
            planner.unify(counts[axis + offset], length, "ValueError", MISFIT.format(axis=axis), node)
    index = planner.loop_index(counts)  # once it is known which lengths are 1
    at = [x.const(0) if once else index[axis + offset] for axis, once in enumerate(stretched)]
    written = x.cast(planner.value(value, at), dtype)
    target = planner.copy_of(node)
    combine = None
    if adds:
        combine = "or_" if dtype == "bool" else "add"
    planner.fill(target, written, place(index), loops=planner.loop_extents(counts), combine=combine, unique=unique)
