"""The registry of the table's rows, by name. It imports nothing: operators look rows up before they exist."""

from __future__ import annotations

from typing import Any

ROWS: dict[str, Any] = {}
"""Every row of the table by name; filled by `neano.scalar.op.scalar_function`."""


def row(name: str) -> Any:
    """Return the row of the table with this name."""
    return ROWS[name]
