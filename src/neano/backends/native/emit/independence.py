"""Whether the iterations of an innermost loop may run as vectors: what one writes, no other reads or writes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from neano.backends.native.emit.effects import root_of
from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.ir import Load, Loop, Stmt
from neano.backends.native.traverse import expressions

Written = Mapping[int, tuple[str, tuple[int, ...]]]
"""Positions of statements that write -> the buffer and the numbers of the index."""


def independent(
    loop: Loop, writes: Written, computed: Container[str], numbering: Numbering, views: Mapping[str, str]
) -> bool:
    """Return whether each buffer is written by one statement, and read, if at all, at the same element.

    Args:
        computed: buffers that are written at computed places.
    """

    written: dict[str, tuple[int, ...]] = {}
    for position, (buffer, index) in writes.items():
        base = root_of(buffer, views)
        if base in written or any(
            root_of(each.buffer, views) == base for each in _loads(loop.body[position + 1 :], numbering)
        ):
            return False
        written[base] = index
    if loop.parallel:
        return True
    roots = {root_of(buffer, views) for buffer, _ in writes.values() if buffer in computed}
    for load in _loads(loop.body, numbering):
        base = root_of(load.buffer, views)
        if base in written:
            same = written[base] == numbering.kids[numbering.number(load)]
            if not same or base != load.buffer or base in roots:
                return False
    return True


def _loads(statements: Iterable[Stmt], numbering: Numbering) -> list[Load]:
    """Return the loads that statements name, not those behind the names of the loop's own values."""
    seen: set[int] = set()
    stack = [numbering.number(each) for statement in statements for each in expressions(statement)]
    while stack:
        number = stack.pop()
        if number not in seen:
            seen.add(number)
            stack += numbering.kids[number]
    return [node for number in seen if isinstance(node := numbering.nodes[number], Load)]
