"""Lanes of real vectors: taken, split, joined, repeated, counted, switched off."""

from __future__ import annotations

from neano.backends.native.emit.memory import Active
from neano.backends.native.emit.text import Builder, Value, constant


def iota(element: str, lanes: int) -> str:
    """Return the vector 0, 1, 2 ... of a type of integers."""
    return "<" + ", ".join(f"{element} {k}" for k in range(lanes)) + ">"


def active_lanes(b: Builder, lanes: int, length: str, i: str) -> Active:
    """Return which lanes stand for elements where a loop of some length has come to `i`."""
    left = b.op(f"sub i64 {length}, {i}")
    many = b.op(f"icmp slt i64 {left}, {lanes}")
    left = b.op(f"select i1 {many}, i64 {left}, i64 {lanes}")
    if lanes == 1:
        return Active(constant(True, "bool"), left)
    # Lanes that fill a register: LLVM widens narrower ones (8 of i8, say), whatever is compared beyond them, and takes
    # the mask for empty there when it stores bytes under it: eight bytes past the end would be written.
    width = max(8, 128 // lanes)
    narrow = Value(b.op(f"trunc i64 {left} to i{width}") if width < 64 else left, f"int{width}")
    mask = b.op(f"icmp ult <{lanes} x i{width}> {iota(f'i{width}', lanes)}, {b.splat(narrow, lanes).text}")
    return Active(Value(mask, "bool", lanes), left)


def lanes_of(b: Builder, value: Value, start: int, lanes: int) -> Value:
    """Return some consecutive lanes of a real vector."""
    picks = ", ".join(f"i32 {i}" for i in range(start, start + lanes))
    return Value(
        b.op(f"shufflevector {value.typed}, {value.type} poison, <{lanes} x i32> <{picks}>"), value.dtype, lanes
    )


def split(b: Builder, value: Value, pieces: int) -> list[Value]:
    """Return a real vector as equal pieces."""
    size = value.lanes // pieces
    return [value] if pieces == 1 else [lanes_of(b, value, i * size, size) for i in range(pieces)]


def join(b: Builder, pieces: list[Value]) -> Value:
    """Return the vector of equal pieces, a power of two of them."""
    while len(pieces) > 1:
        joined = []
        for low, high in zip(pieces[::2], pieces[1::2], strict=True):
            order = ", ".join(f"i32 {i}" for i in range(2 * low.lanes))
            text = b.op(f"shufflevector {low.typed}, {high.typed}, <{2 * low.lanes} x i32> <{order}>")
            joined.append(Value(text, low.dtype, 2 * low.lanes))
        pieces = joined
    return pieces[0]


def resize(b: Builder, value: Value, lanes: int) -> Value:
    """Return a real vector with fewer lanes, or with more, the new ones repeating the first."""
    picks = ", ".join(f"i32 {i if i < value.lanes else 0}" for i in range(lanes))
    return Value(
        b.op(f"shufflevector {value.typed}, {value.type} poison, <{lanes} x i32> <{picks}>"), value.dtype, lanes
    )
