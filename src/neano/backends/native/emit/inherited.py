"""Scratch memory that one buffer takes over from another: where a nest reads an intermediate value for the last time and makes
another of the same form, element by element, the new one is written over the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neano.backends.native.emit.text import SIZE
from neano.backends.native.ir import (
    Accumulate,
    Alloc,
    Declare,
    Expr,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Stmt,
    Store,
    Update,
)
from neano.backends.native.traverse import all_expressions, buffers_used, statements


def inherited(program: Program, views: Mapping[str, str], last_use: Mapping[int, list[str]]) -> dict[str, str]:
    """Return, for buffers of scratch memory, the buffer whose memory they may have.

    Args:
        views: window -> the buffer that it is on.
        last_use: for each statement at top level, the buffers whose memory no later statement uses.
    """
    dims: dict[str, tuple[Expr, ...]] = {}
    found: dict[str, str] = {}
    waiting: set[str] = set()
    for position, statement in enumerate(program.body):
        if isinstance(statement, Alloc):
            if program.buffers[statement.buffer].kind == "scratch":
                dims[statement.buffer] = statement.dims
                waiting.add(statement.buffer)
            continue
        touched = {name for each in statements((statement,)) for names in buffers_used(each) for name in names}
        if isinstance(statement, Loop):
            order = list(dims)
            for new in (name for name in order if name in waiting & touched):
                for old in (name for name in order[: order.index(new)] if name in last_use.get(position, ())):
                    alike = dims[old] == dims[new] and _size(program, old) == _size(program, new)
                    free = old not in waiting and old not in found.values() and old not in views.values()
                    if alike and free and new not in found and is_written_over(statement, new, old):
                        found[new] = old
        waiting -= touched
    return found


def _size(program: Program, name: str) -> int:
    return SIZE[program.buffers[name].dtype]


def is_written_over(nest: Loop, new: str, old: str) -> bool:
    """Return whether a nest writes each element of one buffer once, after it has read that element of another for the last time,
    and reads no other of it then.
    """
    places = [place for place in _places(nest, ()) if isinstance(place[2][place[1]], Store)]
    places = [place for place in places if place[2][place[1]].buffer == new]  # type: ignore[union-attr]
    if len(places) != 1:
        return False
    loops, position, block = places[0]
    store = block[position]
    assert isinstance(store, Store)
    names = [each.name for each in store.index if isinstance(each, Ref)]
    if sorted(names) != sorted(loops) or len(names) != len(store.index):
        return False
    inner = list(statements((nest,)))
    if not all(isinstance(each, (Loop, Let, Store, Update, Declare, Accumulate)) for each in inner):
        return False
    if any(isinstance(each, (Store, Update)) and each.buffer in (new, old) and each is not store for each in inner):
        return False
    loads = [each for each in all_expressions((nest,)) if isinstance(each, Load)]
    if any(each.buffer == new for each in loads) or any(e.buffer == old and e.index != store.index for e in loads):
        return False
    later = [each for each in all_expressions(block[position + 1 :]) if isinstance(each, Load)]
    return all(each.buffer != old for each in later)


def _places(statement: Stmt, loops: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int, tuple[Stmt, ...]]]:
    """Yield the statements of a nest: the loops around it, its position, and the block that it stands in."""
    if isinstance(statement, Loop):
        inside = (*loops, statement.index)
        for position, each in enumerate(statement.body):
            yield inside, position, statement.body
            yield from _places(each, inside)
