"""Rows that are combined into one, several in a pass.

    for j < n: for k: v[k] += f(x[j, k])      for j < n / 8: for k: v[k] += f(x[j, k]) + f(x[j + n / 8, k]) + ...
                                              for the j that are left: for k: v[k] += f(x[j, k])

An element of the row that is combined into is read and written once for eight of its terms, and what is done once a row is done
once for eight. The rows of a pass stand far apart, so that each is one of eight streams through memory, which processors
fetch ahead as fast as they can; rows that follow each other share pages, and are fetched at less than half of that
(400 MB of float32 in rows of 500: 15 ms, 35 ms one row at a time or eight neighbours at a time). The order of the terms
depends on the range of j alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from neano.backends.native.emit.effects import root_of
from neano.backends.native.ir import Cast, Const, Expr, Let, Load, Loop, Ref, Scalar, Select, Stmt, Update
from neano.backends.native.traverse import all_expressions, defined_names, expressions, postorder, statements

ROWS = 8

HEAVIEST = 7
"""Cost of an element, in simple operations, up to which memory and not computing is what takes the time."""

ASSOCIATIVE = frozenset(["add", "mul", "maximum", "minimum", "and_", "or_", "xor"])


@dataclass(frozen=True)
class Grouped:
    """The body of a loop for several of its iterations.

    Attributes:
        indices: names of the iterations' indices.
        lets: the values of all of them.
        inner: the loops inside, with one update for all.
    """

    indices: tuple[str, ...]
    lets: tuple[Let, ...]
    inner: Loop


def grouped_rows(loop: Loop, views: Mapping[str, str]) -> Grouped | None:
    """Return the body for `ROWS` iterations of a loop that combines rows into one; None for any other."""
    *lets, inner = loop.body
    if not isinstance(inner, Loop) or not all(isinstance(each, Let) for each in lets):
        return None
    chain = [inner]
    while len(chain[-1].body) == 1 and isinstance(chain[-1].body[0], Loop):
        chain.append(chain[-1].body[0])
    *values, update = chain[-1].body
    if not isinstance(update, Update) or not all(isinstance(each, Let) for each in values):
        return None
    if not _combines_rows(loop, chain, update, views):
        return None
    own = [loop.index, *(each.name for each in (*lets, *values) if isinstance(each, Let))]
    indices = {each.index: f"{each.index}.rows" for each in chain}
    copies = [{**indices, **{name: f"{name}.{row}" for name in own}} for row in range(ROWS)]
    terms = [renamed(update.value, names) for names in copies]
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=True)
        terms = [Scalar(update.combine, pair, update.value.dtype) for pair in pairs]
    place = tuple(renamed(each, indices) for each in update.index)
    body: tuple[Stmt, ...] = (*_copied(values, copies), replace(update, index=place, value=terms[0]))
    for each in reversed(chain):
        body = (Loop(indices[each.index], each.extent, body, each.parallel),)
    made = body[0]
    assert isinstance(made, Loop)
    return Grouped(tuple(names[loop.index] for names in copies), _copied(lets, copies), made)


def _combines_rows(loop: Loop, chain: Sequence[Loop], update: Update, views: Mapping[str, str]) -> bool:
    """Return whether each iteration of a loop meets the same elements of a buffer that it does not read otherwise."""
    if update.combine not in ASSOCIATIVE or not update.unique:
        return False
    inside = {each.index for each in chain}
    changing = {loop.index} | defined_names(loop.body)
    moving = [each.name for each in update.index if isinstance(each, Ref) and each.name in changing]
    if set(moving) != inside or not all(isinstance(each, (Ref, Const)) for each in update.index):
        return False
    if any(isinstance(e, Ref) and e.name in changing for each in chain for e in postorder((each.extent,))):
        return False
    target = root_of(update.buffer, views)
    return not any(isinstance(e, Load) and root_of(e.buffer, views) == target for e in all_expressions((loop,)))


def _copied(lets: Sequence[Stmt], copies: Sequence[Mapping[str, str]]) -> tuple[Let, ...]:
    """Return values for each of some iterations."""
    return tuple(
        Let(names[each.name], renamed(each.value, names)) for names in copies for each in lets if isinstance(each, Let)
    )


def renamed(expr: Expr, names: Mapping[str, str]) -> Expr:
    """Return an expression with other names in it."""
    made: dict[int, Expr] = {}
    for each in postorder((expr,)):
        match each:
            case Ref():
                made[id(each)] = Ref(names.get(each.name, each.name), each.dtype)
            case Scalar():
                made[id(each)] = Scalar(each.function, tuple(made[id(a)] for a in each.args), each.dtype)
            case Load():
                made[id(each)] = Load(each.buffer, tuple(made[id(i)] for i in each.index), each.dtype)
            case Cast():
                made[id(each)] = Cast(made[id(each.value)], each.dtype)
            case Select():
                condition, then, otherwise = (made[id(part)] for part in (each.condition, each.then, each.otherwise))
                made[id(each)] = Select(condition, then, otherwise, each.dtype)
            case _:
                made[id(each)] = each
    return made[id(expr)]


def loads_of(loop: Loop) -> list[Load]:
    """Return the loads in a loop's body, without those that stand in a bound."""
    found = (e for s in statements(loop.body) if not isinstance(s, Loop) for e in postorder(expressions(s)))
    return [e for e in found if isinstance(e, Load)]
