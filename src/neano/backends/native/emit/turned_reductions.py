"""Reductions of matrices whose neighbours stand along the other axis than the loops expect: the same work, turned round.

    for i: for j: v[j] += f(x[i, j])         for j: s = 0; for i: s += f(x[i, j]); v[j] += s
    for i: s = 0; for j: s += f(x[i, j]);    for i: v[i] = 0; for j: for i: v[i] += f(x[i, j])
           v[i] = g(s)                       for i: v[i] = g(v[i])

Each line gives one form and the other. Which runs is found out at run time, from the strides of the operand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neano.backends.native.emit.chunks import identity_of
from neano.backends.native.emit.memory import is_contiguous
from neano.backends.native.ir import (
    Accumulate,
    Buffer,
    Declare,
    Expr,
    Let,
    Load,
    Loop,
    Ref,
    Stmt,
    Store,
    Update,
)
from neano.backends.native.traverse import all_expressions, operands, with_operands


@dataclass(frozen=True)
class Turned:
    """The other form of a reduction, and when it is better: where an operand's stride is smaller along its first axis."""

    statements: tuple[Stmt, ...]
    buffer: str
    outer: int
    inner: int


def turned_reduction(loop: Loop, buffers: dict[str, Buffer]) -> Turned | None:
    """Return the other form of a loop that is a plain reduction of operands of unknown strides, else None."""
    if not loop.parallel:
        return None
    if len(loop.body) == 1 and isinstance(loop.body[0], Loop):
        inner = loop.body[0]
        made = _by_columns(loop, inner)
    elif len(loop.body) > 2 and isinstance(loop.body[1], Loop):
        inner = loop.body[1]
        made = _by_rows(loop, inner, buffers)
    else:
        return None
    if made is None or any(isinstance(s, Loop) for s in inner.body):
        return None
    if any(isinstance(e, Ref) and e.name == loop.index for e in all_expressions((Let("", inner.extent),))):
        return None
    for load in all_expressions(inner.body):
        if isinstance(load, Load) and not is_contiguous(buffers[load.buffer]):
            names = [e.name if isinstance(e, Ref) else "" for e in load.index]
            if loop.index in names and inner.index in names:
                return Turned(made, load.buffer, names.index(loop.index), names.index(inner.index))
    return None


def _by_columns(outer: Loop, inner: Loop) -> tuple[Stmt, ...] | None:
    *lets, last = inner.body
    if not isinstance(last, Update) or not all(isinstance(each, Let) for each in lets):
        return None
    if last.index != (Ref(inner.index, "int64"),):
        return None
    start = identity_of(last.combine, last.value.dtype)
    if start is None:
        return None
    name = f"{last.buffer}.turned"
    rows = Loop(outer.index, outer.extent, (*lets, Accumulate(name, last.combine, last.value)))
    total = Ref(name, last.value.dtype)
    body = (Declare(name, total.dtype, start), rows, Update(last.buffer, last.index, last.combine, total, unique=True))
    return (Loop(inner.index, inner.extent, body, parallel=True),)


def _by_rows(outer: Loop, inner: Loop, buffers: dict[str, Buffer]) -> tuple[Stmt, ...] | None:
    declare, _, *between, store = outer.body
    *lets, last = inner.body
    if not isinstance(declare, Declare) or not isinstance(store, Store) or not isinstance(last, Accumulate):
        return None
    index = (Ref(outer.index, "int64"),)
    fits = store.index == index and buffers[store.buffer].dtype == declare.dtype == store.value.dtype
    if not fits or last.name != declare.name or not all(isinstance(each, Let) for each in (*lets, *between)):
        return None
    if identity_of(last.combine, declare.dtype) is None:
        return None
    first = Loop(outer.index, outer.extent, (Store(store.buffer, index, declare.init),), parallel=True)
    update = Update(store.buffer, index, last.combine, last.value, unique=True)
    columns = Loop(outer.index, outer.extent, (*lets, update))
    summed = Loop(inner.index, inner.extent, (columns,), parallel=True)
    if store.value == Ref(declare.name, declare.dtype):
        return first, summed
    total = Load(store.buffer, index, declare.dtype)
    rest = [
        replace(each, value=_replaced(each.value, declare.name, total))
        for each in (*between, store)
        if isinstance(each, (Let, Store))
    ]
    return first, summed, Loop(outer.index, outer.extent, tuple(rest), parallel=True)


def _replaced(expr: Expr, name: str, by: Expr) -> Expr:
    """Return an expression with another in place of a name."""
    if isinstance(expr, Ref):
        return by if expr.name == name else expr
    if not operands(expr):
        return expr
    return with_operands(expr, [_replaced(each, name, by) for each in operands(expr)])
