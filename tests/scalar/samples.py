"""Points in the domain of each row of the table, for the tests that go over all rows."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from neano.scalar.rows import ROWS

SIZE = 7


def operand_count(row: Any) -> int:
    """Return the arity of a row, three where it takes any number."""
    return 3 if row.nin < 0 else row.nin


def points(row: Any, dtype: str = "float64", size: int = SIZE) -> list[np.ndarray[Any, Any]]:
    """Return one array an operand, inside the row's domain, the same at every run."""
    rng = np.random.default_rng(zlib.crc32(row.name.encode()))
    domain = row.domain * 3 if row.nin < 0 else row.domain
    arrays = []
    for low, high in domain[: operand_count(row)]:
        bottom = low if np.isfinite(low) else (-3.0 if not np.isfinite(high) else high - 4.0)
        top = high if np.isfinite(high) else bottom + 4.0 + (low == -np.inf) * 2.0
        margin = 0.08 * (top - bottom)
        arrays.append(rng.uniform(bottom + margin, top - margin, size).astype(dtype))
    return arrays


ALL_ROWS = sorted(ROWS)
