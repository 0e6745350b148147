"""Walks over the loop IR: the operands of an expression, expressions in the order of evaluation, statements, names.

Nothing here recurses on expressions, so that a chain of any length passes. What stands where is in tables by class: these
questions are the most frequent of a compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Cast,
    Check,
    Const,
    Declare,
    Dim,
    Expr,
    If,
    Invoke,
    Let,
    Load,
    Loop,
    Ref,
    Reinterpret,
    Scalar,
    Select,
    Stmt,
    Store,
    Update,
    View,
)

_OPERANDS: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Scalar: attrgetter("args"),
    Load: attrgetter("index"),
    Cast: lambda expr: (expr.value,),
    Select: attrgetter("condition", "then", "otherwise"),
}
_LEAVES = frozenset((Const, Ref, Dim))


def operands(expr: Expr) -> tuple[Expr, ...]:
    """Return the expressions that this one is made of, in the order of evaluation."""
    found = _OPERANDS.get(type(expr))
    return () if found is None else found(expr)


def with_operands(expr: Expr, parts: Sequence[Expr]) -> Expr:
    """Return an expression with others in place of its operands.

    Raises:
        TypeError: it has none.
    """
    match expr:
        case Scalar():
            return Scalar(expr.function, tuple(parts), expr.dtype)
        case Load():
            return Load(expr.buffer, tuple(parts), expr.dtype)
        case Cast():
            return Cast(parts[0], expr.dtype)
        case Select():
            return Select(parts[0], parts[1], parts[2], expr.dtype)
        case _:
            raise TypeError(f"{expr!r} has no operands")


def postorder(roots: Iterable[Expr]) -> list[Expr]:
    """Return every expression below the roots once (by identity), operands before what uses them."""
    done: set[int] = set()
    order: list[Expr] = []
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        expr, ready = stack.pop()
        if id(expr) in done:
            continue
        if ready or type(expr) in _LEAVES:
            done.add(id(expr))
            order.append(expr)
            continue
        stack.append((expr, True))
        stack.extend((operand, False) for operand in reversed(operands(expr)))
    return order


_EXPRESSIONS: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Let: lambda s: (s.value,),
    Store: lambda s: (*s.index, s.value),
    Update: lambda s: (*s.index, s.value),
    Declare: lambda s: (s.init,),
    Accumulate: lambda s: (s.value,),
    AccumulateArg: attrgetter("value", "position"),
    Loop: lambda s: (s.extent,),
    If: lambda s: (s.condition,),
    Alloc: attrgetter("dims"),
    Reinterpret: attrgetter("dims"),
    View: lambda s: (*s.start, *s.dims, *s.steps),
    Check: lambda s: (s.condition, *s.args),
    Invoke: attrgetter("scalars"),
}


def expressions(statement: Stmt) -> tuple[Expr, ...]:
    """Return the expressions that stand in a statement itself, not those in its blocks."""
    return _EXPRESSIONS[type(statement)](statement)


_BLOCKS: dict[type, Callable[[Any], tuple[tuple[Stmt, ...], ...]]] = {
    Loop: lambda s: (s.body,),
    If: attrgetter("then", "otherwise"),
}


def blocks(statement: Stmt) -> tuple[tuple[Stmt, ...], ...]:
    """Return the blocks inside a statement."""
    found = _BLOCKS.get(type(statement))
    return () if found is None else found(statement)


def statements(block: Iterable[Stmt]) -> list[Stmt]:
    """Return the statements of a block and of the blocks inside it, in the order of the text."""
    found: list[Stmt] = []
    waiting = [*block][::-1]
    while waiting:
        statement = waiting.pop()
        found.append(statement)
        inside = _BLOCKS.get(type(statement))
        if inside is not None:
            for inner in reversed(inside(statement)):
                waiting.extend(reversed(inner))
    return found


def all_expressions(block: Iterable[Stmt]) -> list[Expr]:
    """Return every expression that occurs in a block and in the blocks inside it, operands first."""
    return postorder(expr for statement in statements(block) for expr in expressions(statement))


def defined_names(block: Iterable[Stmt]) -> set[str]:
    """Return the names of indices, values and accumulators that the block and its inner blocks bring into being."""
    return {
        statement.index if isinstance(statement, Loop) else statement.name
        for statement in statements(block)
        if isinstance(statement, (Loop, Let, Declare))
    }


_BUFFERS: dict[type, Callable[[Any], tuple[tuple[str, ...], tuple[str, ...]]]] = {
    Store: lambda s: ((), (s.buffer,)),
    Update: lambda s: ((s.buffer,), (s.buffer,)),
    Alloc: lambda s: ((), (s.buffer,)),
    View: lambda s: ((s.base,), (s.buffer,)),
    Reinterpret: lambda s: ((s.base,), (s.buffer,)),
    Invoke: attrgetter("operands", "results"),
}


def buffers_used(statement: Stmt) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the buffers that a statement itself reads (its expressions left out) and writes or binds."""
    found = _BUFFERS.get(type(statement))
    return ((), ()) if found is None else found(statement)
