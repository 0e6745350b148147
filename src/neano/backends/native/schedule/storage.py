"""Where each stored value lives once the loops are settled: a register, a row that stays in cache, or a whole array.

A value that is made and read inside the same loops needs no place along those loops' axes (array contraction: Allen &
Kennedy 2001, section 8.4). What is left of it after that is its buffer; nothing left means a register.
"""

from __future__ import annotations

from dataclasses import dataclass

from neano.backends.native.schedule.expressions import accesses_in
from neano.backends.native.schedule.fuse import Schedule, common_depth
from neano.backends.native.schedule.plan import Invocation, Item, Root, Stored, Written, operand_base, reads_of


@dataclass(frozen=True, slots=True)
class Storage:
    """The place of one value.

    Attributes:
        level: inside how many loops it lives: 0 for the whole call.
        axes: the axes that its buffer keeps; empty for a register or a 0-d buffer.
        in_register: whether it is a name rather than memory.
    """

    level: int
    axes: tuple[int, ...]
    in_register: bool


def readers_of(schedule: Schedule) -> dict[Stored, list[Item]]:
    """Return the items that read each stored value."""
    readers: dict[Stored, list[Item]] = {}
    for item in schedule.plan.items:
        reads = {access.stored for access in reads_of(item)}
        reads.update(access.stored for extent in item.loops for access in accesses_in(extent))
        if isinstance(item, (Invocation, Written)):
            reads.update(operand_base(operand) for operand in item.operands)
        if isinstance(item, Root) and item.init is not None:
            reads.update(access.stored for access in accesses_in(item.init))
        for stored in reads:
            readers.setdefault(stored, []).append(item)
    return readers


def reading_level(root: Root) -> int:
    """Return inside how many loops a root's result is complete: all of them, or those outside of its first reduced one."""
    return min(root.reduced) if root.reduced else len(root.loops)


def decide_storage(schedule: Schedule) -> dict[Stored, Storage]:
    """Return the place of every value that the function computes."""
    readers = readers_of(schedule)
    fixed = _used_outside_items(schedule)
    places: dict[Stored, Storage] = {}
    for stored in schedule.plan.values:
        everything = tuple(range(stored.ndim))
        writer = stored.writers[0] if stored.writers else None
        if stored.kind != "scratch" or not isinstance(writer, Root) or not writer.is_whole or stored in fixed:
            in_register = stored.kind == "scratch" and stored.ndim == 0 and isinstance(writer, Root) and writer.is_whole
            places[stored] = Storage(0, everything, in_register and not writer.loops)  # type: ignore[union-attr]
            continue
        available = reading_level(writer)
        level = min((common_depth(schedule, writer, reader) for reader in readers.get(stored, ())), default=available)
        level = min(level, available)
        kept = writer.kept_loops
        assert kept is not None
        # axes of length 1 have no loop; a routine, unlike an expression, wants its operand with all of them
        as_operand = any(_is_operand(stored, reader) for reader in readers.get(stored, ()))
        axes = tuple(axis for axis in everything if kept[axis] >= level or (as_operand and kept[axis] < 0))
        inner = any(loop >= available for loop in kept)
        places[stored] = Storage(level, axes, not axes and not inner and (level == available))
    return places


def _is_operand(stored: Stored, reader: Item) -> bool:
    operands = reader.operands if isinstance(reader, (Invocation, Written)) else ()
    return any(operand_base(operand) is stored for operand in operands)


def _used_outside_items(schedule: Schedule) -> set[Stored]:
    """Return the values that lengths of other values are computed from: they must be there for the whole call."""
    return {
        access.stored
        for stored in schedule.plan.values
        for length in stored.lengths
        for access in accesses_in(length)
        if access.stored.ndim
    }
