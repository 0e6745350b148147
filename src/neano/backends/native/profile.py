"""The meter of a native function: reads the table that the function's machine code counts in."""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.backends.native.describe import kind_of, label
from neano.backends.native.emit.metering import BODY, CLOCK, FIRST, Site
from neano.backends.native.machine_limits import bytes_per_second, flops_per_second
from neano.compile.profile_table import Row, scaled
from neano.graph.variable import Apply

SHORTEST = 1e-7
"""Seconds of a call below which a rate says nothing: the clock ticks too coarsely."""


class NativeMeter:
    """What one function measures of itself.

    Args:
        table: a row of counters for each site, after those of the body and the clock.
        sites: what is measured.
        fallbacks: the nodes that run in Python.
    """

    def __init__(
        self, table: np.ndarray[Any, np.dtype[np.int64]], sites: tuple[Site, ...], fallbacks: tuple[Apply, ...]
    ) -> None:
        self._table, self._sites, self._fallbacks = table, sites, fallbacks

    def totals(self) -> tuple[int, float]:
        """Return the number of calls, and the seconds in the machine code of the body."""
        calls, nanoseconds = self._table[BODY, :2].tolist()
        return calls, nanoseconds * 1e-9

    def rows(self) -> list[Row]:
        """Return a row for each kernel and call that ran, and one for all that stands between them."""
        calls, clock = self._table[CLOCK, :2].tolist()
        look = clock / calls * 1e-9 if calls else 0.0
        rows = []
        for site, (count, nanoseconds, *amounts) in zip(self._sites, self._table[FIRST:].tolist(), strict=True):
            if count:
                rows.append(self._row(site, count, max(nanoseconds * 1e-9 - count * look, 0.0), *amounts))
        calls, seconds = self.totals()
        looks = 2 * look * sum(row.calls for row in rows)
        rest = max(seconds - looks - sum(row.seconds for row in rows), 0.0)
        return [*rows, Row("body", "checks, allocation, numbers", calls, rest, 0, 0, 0)] if calls else rows

    def _row(self, site: Site, count: int, seconds: float, flops: int, read: int, written: int) -> Row:
        what = label(site.statement, site.work, self._fallbacks) + ("" if site.work.exact else " (at least)")
        share, limit = 0.0, ""
        if seconds / count > SHORTEST and kind_of(site.statement) != "python":
            shares = {"memory": (read + written) / seconds / bytes_per_second()}
            if flops:
                shares["flops"] = flops / seconds / flops_per_second(site.work.dtype)
            limit = max(shares, key=lambda name: shares[name])
            share = shares[limit]
        return Row(kind_of(site.statement), what, count, seconds, flops, read, written, share, limit if share else "")

    def limits_text(self) -> str:
        """Return what the machine can do, as a line of text."""
        dtypes = sorted({site.work.dtype for site in self._sites} - {""})
        peaks = "".join(f", {scaled(flops_per_second(dtype), 'flop/s')} in {dtype}" for dtype in dtypes)
        return f"{scaled(bytes_per_second(), 'B/s')} of memory{peaks}, measured"

    def reset(self) -> None:
        """Forget what was measured."""
        self._table[:] = 0
