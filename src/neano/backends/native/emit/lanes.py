"""Lanes of real vectors: taken, split, joined, repeated."""

from __future__ import annotations

from neano.backends.native.emit.text import Builder, Value


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
