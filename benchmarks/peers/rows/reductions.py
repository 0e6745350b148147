"""Sums over the first, the middle, the last and all axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.peers.row import SINGLE, Row, floats, together

SHAPES = {"1e2": (4, 5, 5), "1e4": (20, 20, 25), "1e6": (100, 100, 100), "1e8": (400, 500, 500)}
AXES = {"first": 0, "middle": 1, "last": 2, "all": None}


def sum_over(axis: int | None) -> Callable[[Any, Any], Any]:
    return lambda m, x: m.sum(x, axis=axis)


def column_sums(m: Any, x: Any) -> Any:
    return [m.sum(x, axis=0), m.max(x, axis=1)]


ROWS = (
    Row("column-sums-and-row-maxima", column_sums, together(floats(4096, 1024)), goal=1.2),
    *[
        Row(
            f"sum-{name}-{size}",
            sum_over(axis),
            together(floats(*shape, dtype="float32" if size == "1e8" else "float64")),
            tolerance=SINGLE if size == "1e8" else 1e-7,
        )
        for size, shape in SHAPES.items()
        for name, axis in AXES.items()
    ],
)
