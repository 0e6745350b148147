"""Walks over the loop IR: the operands of an expression, expressions in the order of evaluation, statements, names.

Nothing here recurses on expressions, so that a chain of any length passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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


def operands(expr: Expr) -> tuple[Expr, ...]:
    """Return the expressions that this one is made of, in the order of evaluation."""
    match expr:
        case Scalar():
            return expr.args
        case Load():
            return expr.index
        case Cast():
            return (expr.value,)
        case Select():
            return (expr.condition, expr.then, expr.otherwise)
        case _:
            return ()


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
        if ready or isinstance(expr, (Const, Ref, Dim)):
            done.add(id(expr))
            order.append(expr)
            continue
        stack.append((expr, True))
        stack.extend((operand, False) for operand in reversed(operands(expr)))
    return order


def expressions(statement: Stmt) -> tuple[Expr, ...]:
    """Return the expressions that stand in a statement itself, not those in its blocks."""
    match statement:
        case Let():
            return (statement.value,)
        case Store() | Update():
            return (*statement.index, statement.value)
        case Declare():
            return (statement.init,)
        case Accumulate():
            return (statement.value,)
        case AccumulateArg():
            return (statement.value, statement.position)
        case Loop():
            return (statement.extent,)
        case If():
            return (statement.condition,)
        case Alloc() | Reinterpret():
            return statement.dims
        case View():
            return (*statement.start, *statement.dims, *statement.steps)
        case Check():
            return (statement.condition, *statement.args)
        case Invoke():
            return statement.scalars


def blocks(statement: Stmt) -> tuple[tuple[Stmt, ...], ...]:
    """Return the blocks inside a statement."""
    match statement:
        case Loop():
            return (statement.body,)
        case If():
            return (statement.then, statement.otherwise)
        case _:
            return ()


def statements(block: Iterable[Stmt]) -> Iterator[Stmt]:
    """Yield the statements of a block and of the blocks inside it, in the order of the text."""
    for statement in block:
        yield statement
        for inner in blocks(statement):
            yield from statements(inner)


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


def buffers_used(statement: Stmt) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the buffers that a statement itself reads (its expressions left out) and writes or binds."""
    match statement:
        case Store():
            return (), (statement.buffer,)
        case Update():
            return (statement.buffer,), (statement.buffer,)
        case Alloc():
            return (), (statement.buffer,)
        case View() | Reinterpret():
            return (statement.base,), (statement.buffer,)
        case Invoke():
            return statement.operands, statement.results
        case _:
            return (), ()
