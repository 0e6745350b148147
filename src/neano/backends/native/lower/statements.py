"""Short names for the loop IR that `Written` items are made of: int64 arithmetic, cells that serial loops count in."""

from __future__ import annotations

from collections.abc import Sequence

from neano.backends.native import ir


def integer(value: int) -> ir.Const:
    """Return an int64 constant."""
    return ir.Const(value, "int64")


ZERO, ONE = integer(0), integer(1)


def int_op(function: str, *args: ir.Expr) -> ir.Expr:
    """Return an int64 function of int64 operands."""
    return ir.Scalar(function, args, "int64")


def compare(function: str, a: ir.Expr, b: ir.Expr) -> ir.Expr:
    """Return a comparison."""
    return ir.Scalar(function, (a, b), "bool")


def is_true(value: ir.Expr) -> ir.Expr:
    """Return whether a number differs from zero."""
    if value.dtype == "bool":
        return value
    kind = {"c": 0j, "f": 0.0}.get(value.dtype[0], 0)
    return compare("neq", value, ir.Const(kind, value.dtype))


class Cell:
    """An int64 that a serial loop changes: the element of a buffer of length 1."""

    def __init__(self, buffer: str) -> None:
        self.buffer = buffer

    @property
    def value(self) -> ir.Expr:
        """What it holds."""
        return ir.Load(self.buffer, (ZERO,), "int64")

    def set(self, value: ir.Expr) -> ir.Stmt:
        """Return the statement that gives it a value."""
        return ir.Store(self.buffer, (ZERO,), value)


def nested(indices: Sequence[ir.Ref], extents: Sequence[ir.Expr], body: Sequence[ir.Stmt]) -> list[ir.Stmt]:
    """Return a block inside loops, the first index outermost."""
    block = list(body)
    for index, extent in reversed(list(zip(indices, extents, strict=True))):
        block = [ir.Loop(index.name, extent, tuple(block))]
    return block


def refs(stem: str, count: int) -> list[ir.Ref]:
    """Return loop indices of names that begin with a stem, which must be unique in the program."""
    return [ir.Ref(f"{stem}_{k}", "int64") for k in range(count)]
