"""What a backend measures inside a function, and how that is printed: a row for each kernel and each call, the hottest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Row:
    """What was measured of one part of a function, over all calls.

    Attributes:
        kind: "kernel" for loops, "blas" for matrix products, "python" for calls back into Python, or a routine's name.
        what: what it computes.
        calls, seconds: how often it ran, and how long in all.
        flops, read, written: operations, bytes read, bytes written.
        share: the part of what the machine can do, by the limit that is nearer: memory bandwidth or operations; 0 for neither.
        limit: which of the two, "memory" or "flops"; "" for neither.
    """

    kind: str
    what: str
    calls: int
    seconds: float
    flops: int
    read: int
    written: int
    share: float = 0.0
    limit: str = ""


class Meter(Protocol):
    """What measures one function."""

    def totals(self) -> tuple[int, float]:
        """Return the number of calls, and the seconds in them."""

    def rows(self) -> list[Row]:
        """Return what the parts of the function took."""

    def limits_text(self) -> str:
        """Return what the machine can do, as a line of text."""

    def reset(self) -> None:
        """Forget what was measured."""


def scaled(value: float, unit: str) -> str:
    """Return a number with three digits and a prefix.

    >>> scaled(0.0000123, "s"), scaled(2.5e9, "flop"), scaled(0, "B")
    ('12.3 us', '2.50 Gflop', '0 B')
    """
    if value == 0:
        return f"0 {unit}"
    for size, prefix in (
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "u"),
        (1e-9, "n"),
    ):
        if value >= 0.9995 * size or prefix == "n":
            number = value / size
            digits = 0 if number >= 99.95 or (number == int(number) and size == 1.0) else 1 if number >= 9.995 else 2
            return f"{number:.{digits}f} {prefix}{unit}"
    raise AssertionError


def _share_text(row: Row) -> str:
    if row.limit == "memory" and row.share > 1:
        return "in cache"
    return f"{100 * row.share:.0f}% {row.limit}" if row.limit else ""


HEAD = (
    "% time",
    "time",
    "calls",
    "per call",
    "flops",
    "read",
    "written",
    "flop/s",
    "bytes/s",
    "of the limit",
    "kind",
    "what",
)
LEFT = 2
"""How many columns, the last ones, are aligned to the left."""


def table_lines(rows: Sequence[Row], whole: float, width: int = 0) -> list[str]:
    """Return the lines of the table.

    Args:
        rows: in any order.
        whole: the seconds that are 100 percent.
        width: where lines are cut; 0 for nowhere.
    """
    cells = [HEAD]
    for row in sorted(rows, key=lambda row: -row.seconds):
        each = max(row.calls, 1)
        rate = 1 / row.seconds if row.seconds > 0 else 0.0
        cells.append((
            f"{100 * row.seconds / whole if whole else 0.0:.1f}%",
            scaled(row.seconds, "s"),
            str(row.calls),
            scaled(row.seconds / each, "s"),
            scaled(row.flops / each, ""),
            scaled(row.read / each, "B"),
            scaled(row.written / each, "B"),
            scaled(row.flops * rate, "") if row.flops else "",
            scaled((row.read + row.written) * rate, "B") if row.read + row.written else "",
            _share_text(row),
            row.kind,
            row.what,
        ))  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        right = [cell.rjust(size) for cell, size in zip(line[:-LEFT], widths, strict=False)]
        left = [cell.ljust(size) for cell, size in zip(line[-LEFT:], widths[-LEFT:], strict=True)]
        text = "  ".join([*right, *left]).rstrip()
        lines.append(text[:width] if width else text)
    return lines
