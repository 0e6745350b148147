"""Python's operators on scalar and tensor variables, as rows of the table."""

from __future__ import annotations

from typing import Any

from neano.scalar.rows import ROWS


class Operators:
    """Arithmetic, comparison and bit operators; `==` stays Python's identity (use `eq`)."""

    def __add__(self, other: Any) -> Any:
        return ROWS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return ROWS["add"](other, self)
