"""What a product in generated code hands from function to function: a structure in memory, the task."""

from __future__ import annotations

from neano.backends.native.calls.product_tiles import Tiles
from neano.backends.native.emit.text import Builder

_TASK = "{ ptr, i64, i64, ptr, i64, i64, ptr, i64, i64, i64, i64, ELEMENT, ELEMENT, i1, i64, i64 }"
FIELDS = (
    "a",
    "a0",
    "a1",
    "b",
    "b0",
    "b1",
    "c",
    "c0",
    "m",
    "n",
    "k",
    "alpha",
    "beta",
    "by_rows",
    "grain",
    "whole",
)
"""The matrices, whether blocks are of rows, how many rows or columns a block has, and how many there are in all.

Where the terms of sums are shared, `grain` is how many a chunk has, and `whole` the address of the chunks' matrices.
"""


def task_type(tiles: Tiles) -> str:
    return _TASK.replace("ELEMENT", tiles.element)


def field_place(b: Builder, tiles: Tiles, task: str, name: str) -> str:
    """Return the place of a field."""
    return b.op(f"getelementptr {task_type(tiles)}, ptr {task}, i64 0, i32 {FIELDS.index(name)}")


def field_types(tiles: Tiles) -> list[str]:
    return [part.strip() for part in task_type(tiles).strip("{} ").split(",")]


def load_fields(b: Builder, tiles: Tiles, *names: str) -> list[str]:
    types = dict(zip(FIELDS, field_types(tiles), strict=True))
    return [b.op(f"load {types[name]}, ptr {field_place(b, tiles, '%task', name)}") for name in names]
