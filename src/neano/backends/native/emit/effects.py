"""What a top-level statement reads and writes, and which names it needs and makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Declare,
    Dim,
    Invoke,
    Let,
    Load,
    Loop,
    Ref,
    Reinterpret,
    Stmt,
    Update,
    View,
)
from neano.backends.native.traverse import all_expressions, buffers_used, statements


def root_of(name: str, views: Mapping[str, str]) -> str:
    """Return the buffer whose memory a buffer is a window on; the buffer itself where it is none."""
    while name in views:
        name = views[name]
    return name


@dataclass(frozen=True)
class Effects:
    """What a top-level statement does to what it shares with others.

    Attributes:
        reads, writes: buffers by whose memory they are; what is combined into is written, what a window is on is read, and what
            gets memory is written.
        windows: windows that elements are read through.
        mentions: names and buffers that must exist before it.
        makes: names and buffers that exist after it, or are different.
    """

    statement: Stmt
    reads: frozenset[str]
    writes: frozenset[str]
    windows: frozenset[str]
    mentions: frozenset[str]
    makes: frozenset[str]


def effects_of(statement: Stmt, views: Mapping[str, str]) -> Effects:
    """Return the effects of a statement; `views` gives the base of each window."""
    reads, writes, mentions, makes = set[str](), set[str](), set[str](), set[str]()
    inside = list(statements((statement,)))
    for each in inside:
        read, written = buffers_used(each)
        mentions.update(read, written)
        match each:
            case Alloc() | View() | Reinterpret():
                makes.add(each.buffer)
            case Let() | Declare() | Accumulate():
                makes.add(each.name)
            case AccumulateArg():
                makes.update((each.value_name, each.position_name))
            case Invoke():
                makes.update(written)
        if not isinstance(each, Update):
            reads.update(root_of(name, views) for name in read)
        if not isinstance(each, (View, Reinterpret)) and not (isinstance(each, Invoke) and _is_window(each)):
            writes.update(root_of(name, views) for name in written)
    expressions = all_expressions((statement,))
    loads = [e for e in expressions if isinstance(e, Load)]
    reads.update(root_of(e.buffer, views) for e in loads)
    mentions.update(e.buffer for e in expressions if isinstance(e, (Load, Dim)))
    mentions.update(e.name for e in expressions if isinstance(e, Ref))
    if isinstance(statement, Loop):  # what lives for an iteration concerns nobody else
        own = {each.buffer for each in inside if isinstance(each, Alloc)}
        reads, writes = reads - own, writes - own
    windows = {e.buffer for e in loads if e.buffer in views}
    return Effects(statement, *map(frozenset, (reads, writes, windows, mentions, makes)))


def _is_window(invoke: Invoke) -> bool:
    return invoke.routine == "as_contiguous"
