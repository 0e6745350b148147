"""Advanced indexing: gathers are elements at places that other arrays name, scatters are writes to such places.

Every index is checked before anything is read with it: its extremes are taken in a pass over the index array, which costs
little beside the gather and leaves the gather itself free of branches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neano.backends.native import ir
from neano.backends.native.lower.extremes import extremes
from neano.backends.native.lower.subtensor import basic_ranges, wrapped, write_part
from neano.backends.native.schedule.expressions import Expr
from neano.backends.native.schedule.plan import Guard
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.registry import element, needs_buffers, own_cost, plan_node
from neano.graph.variable import Apply, Variable
from neano.tensor import index_list as index_lists
from neano.tensor.advanced_subtensor import AdvancedIncSubtensor, AdvancedSubtensor
from neano.tensor.take_rows import AdvancedIncSubtensor1, AdvancedSubtensor1

RANGE = "index {{0}} is out of bounds for axis {axis} with size {{1}}"
GATHER_COST = 4

Place = Callable[[Sequence[Expr]], list[Expr]]
"""From an index of the part to that of the array."""


def checked_index(
    array: Variable, axis: int, length: Expr, node: Apply, planner: Planner
) -> Callable[[Sequence[Expr]], Expr]:
    """Return the elements of an index array as places along an axis, after demanding that they are in range.

    Raises:
        IndexError: (at run time) one of them is not.
    """
    x = planner.x
    key = ("index", array, id(length))
    known = planner.notes.get(key)
    if known is not None:
        return known  # type: ignore[no-any-return]
    lowest, highest = extremes(array, planner)
    guards: list[Guard] = []
    for bound, valid in (
        (lowest, x.compare("ge", lowest, x.sub(x.const(0), length))),
        (highest, x.compare("lt", highest, length)),
    ):
        guard = planner.guard(valid, "IndexError", RANGE.format(axis=axis), node, (bound, length), everywhere=False)
        guards += [guard] if guard is not None else []
    never_negative = isinstance(lowest, ir.Const) and lowest.value >= 0

    def place(index: Sequence[Expr]) -> Expr:
        at = x.cast(planner.value(array, index), "int64")
        found = at if never_negative else wrapped(at, length, planner)
        for guard in guards:
            x.after(found, guard)
        return found

    planner.notes[key] = place
    return place


# Rows


def _rows_place(base: Variable, rows: Variable, node: Apply, planner: Planner) -> Place:
    row = checked_index(rows, 0, planner.lengths(base)[0], node, planner)
    stretched = rows.type.shape[0] == 1  # type: ignore[attr-defined]
    return lambda index: [row([planner.x.const(0)] if stretched else index[:1]), *index[1:]]


@plan_node.register
def _(op: AdvancedSubtensor1, node: Apply, planner: Planner) -> None:
    base, rows = node.inputs
    planner.notes[node] = _rows_place(base, rows, node, planner)
    planner.set_lengths(node.outputs[0], [*planner.lengths(rows), *planner.lengths(base)[1:]])


@needs_buffers.register
def _(op: AdvancedIncSubtensor1, node: Apply) -> Sequence[int]:
    return ()


@plan_node.register
def _(op: AdvancedIncSubtensor1, node: Apply, planner: Planner) -> None:
    base, value, rows = node.inputs
    place = _rows_place(base, rows, node, planner)
    counts = [*planner.lengths(rows), *planner.lengths(base)[1:]]
    write_part(node, value, counts, place, not op.set_instead_of_inc, False, planner)


# Any index


def _general_place(op: Any, node: Apply, given: Sequence[Variable], planner: Planner) -> tuple[Place, list[Expr]]:
    """Return where the elements of an advanced index lie, and the lengths of the part."""
    x = planner.x
    base = node.inputs[0]
    lengths = planner.lengths(base)
    filled = index_lists.fill(op.idx_list, given, lambda number: number)
    arrays = op.arrays_of(given)
    plan = op.layout(len(lengths), given)
    stretched: list[Expr] = [x.const(1)] * plan.index_rank
    for array in arrays:
        own = planner.lengths(array)
        for axis, length in enumerate(own, start=plan.index_rank - len(own)):
            if array.type.shape[axis - plan.index_rank + len(own)] != 1:
                here = stretched[axis]
                one = isinstance(here, ir.Const) and here.value == 1
                text = "shape mismatch: indexing arrays of lengths {0} and {1} could not be broadcast together"
                stretched[axis] = length if one else planner.unify(here, length, "IndexError", text, node)
    # along each axis of the array: an index tensor, or a basic entry
    axis = 0
    takers: list[tuple[int, Callable[[Sequence[Expr], Sequence[Expr]], Expr]]] = []
    basics: dict[int, Any] = {}
    for position, (entry, value) in enumerate(zip(op.idx_list, filled, strict=True)):
        if entry is None:
            continue
        if entry is index_lists.FRESH:
            checked_index(value, axis, x.const(1), node, planner)  # every element of a new axis is its only one
            continue
        if entry is index_lists.ARRAY:
            takers.append((axis, _array_taker(value, axis, lengths[axis], node, planner)))
        else:
            basics[position] = axis
        axis += 1
    counts: list[Expr] = []
    slots: dict[int, int] = {}
    for slot, (kind, where, *at) in enumerate(plan.dimensions):
        if kind == "index":
            counts.append(stretched[where])
        elif kind == "new":
            counts.append(x.const(1))
        else:
            slots[at[0]] = slot
            counts.append(x.const(0))  # set below
    index_slots = [slot for slot, (kind, *_) in enumerate(plan.dimensions) if kind == "index"]
    ranges = _basic_parts(op, node, given, lengths, planner)
    for array_axis, slot in slots.items():
        count = ranges[array_axis].count
        counts[slot] = lengths[array_axis] if count is None else count

    def place(index: Sequence[Expr]) -> list[Expr]:
        at: list[Expr] = []
        own = [index[slot] for slot in index_slots]
        by_axis = dict(takers)
        for array_axis in range(len(lengths)):
            taker = by_axis.get(array_axis)
            if taker is not None:
                at.append(taker(own, index))
                continue
            taken = ranges[array_axis]
            if taken.count is None:
                at.append(taken.first)
            else:
                at.append(x.add(x.mul(index[slots[array_axis]], taken.step), taken.first))
        return at

    return place, counts


def _array_taker(array: Variable, axis: int, length: Expr, node: Apply, planner: Planner) -> Any:
    place = checked_index(array, axis, length, node, planner)
    shape = array.type.shape  # type: ignore[attr-defined]

    def take(own: Sequence[Expr], index: Sequence[Expr]) -> Expr:
        mine = own[len(own) - len(shape) :]
        return place([planner.x.const(0) if n == 1 else i for n, i in zip(shape, mine, strict=True)])

    return take


class _BasicOnly:
    """The basic entries of an advanced index, with whole slices where index tensors stand."""

    def __init__(self, idx_list: Sequence[Any]) -> None:
        self.idx_list = tuple(
            slice(None) if entry is index_lists.ARRAY else entry
            for entry in idx_list
            if entry is not None and entry is not index_lists.FRESH
        )


def _basic_parts(op: Any, node: Apply, given: Sequence[Variable], lengths: Sequence[Expr], planner: Planner) -> Any:
    wanted = index_lists.inputs_wanted(op.idx_list)
    numbers = [v for kind, v in zip(wanted, given, strict=True) if not isinstance(kind, index_lists.Kind)]
    return basic_ranges(_BasicOnly(op.idx_list), node, numbers, lengths, planner)


@plan_node.register
def _(op: AdvancedSubtensor, node: Apply, planner: Planner) -> None:
    place, counts = _general_place(op, node, node.inputs[1:], planner)
    planner.notes[node] = place
    output = node.outputs[0]
    planner.set_lengths(output, [planner.static_or(output, axis, count) for axis, count in enumerate(counts)])


@own_cost.register(AdvancedSubtensor)
@own_cost.register(AdvancedSubtensor1)
def _(op: Any) -> int:
    return GATHER_COST


@element.register(AdvancedSubtensor)
@element.register(AdvancedSubtensor1)
def _(op: Any, node: Apply, index: Sequence[Expr], planner: Planner) -> Expr:
    return planner.value(node.inputs[0], planner.notes[node](index))


@needs_buffers.register
def _(op: AdvancedIncSubtensor, node: Apply) -> Sequence[int]:
    return ()


@plan_node.register
def _(op: AdvancedIncSubtensor, node: Apply, planner: Planner) -> None:
    place, counts = _general_place(op, node, node.inputs[2:], planner)
    write_part(node, node.inputs[1], counts, place, not op.set_instead_of_inc, False, planner)
