"""Clocks around what a body does, where a profile is asked for: a table of counters that the function owns.

Every kernel and every call of a routine is a site. Its row of the table has `WORDS` counters of 64 bits: calls, nanoseconds,
operations, bytes read, bytes written. The first two rows are the whole body, and two looks at the clock with nothing between
them, which tell what a look costs. Without a profile nothing of this is written.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neano.backends.native.emit.memory import Size, offset
from neano.backends.native.ir import Invoke, Loop
from neano.backends.native.runtime import abi
from neano.backends.native.work import Work, total, work_of

if TYPE_CHECKING:
    from neano.backends.native.emit.body import BodyEmitter

WORDS = 5
BODY, CLOCK, FIRST = 0, 1, 2
TABLE = "counters of the profile"


@dataclass(frozen=True, eq=False)
class Site:
    """Something that is measured: the statement, and its work."""

    statement: Loop | Invoke
    work: Work


class Meter:
    """Writes the clocks of one body.

    Attributes:
        sites: what is measured, in step with the rows of the table from `FIRST` on.
    """

    def __init__(self, body: BodyEmitter) -> None:
        self.body = body
        self.sites: list[Site] = []
        self._table = ""
        self._started = ""
        self._measuring = False

    def begin(self) -> None:
        """Start the body's own clock."""
        b = self.body.b
        pointer = b.early(f"getelementptr i8, ptr %context, i64 {abi.CONTEXT_CONSTANTS}")
        slot = b.early(f"getelementptr ptr, ptr {b.early(f'load ptr, ptr {pointer}')}, i64 {len(self.body.constants)}")
        self.body.constants.append(TABLE)
        self._table = b.early(f"load ptr, ptr {slot}")
        self._started = b.stack("i64")
        first = self._now()
        self._add(CLOCK, [1, b.op(f"sub i64 {self._now()}, {first}")])
        b.do(f"store i64 {self._now()}, ptr {self._started}")

    def end(self) -> None:
        """Stop the body's clock."""
        b = self.body.b
        now = self._now()
        self._add(BODY, [1, b.op(f"sub i64 {now}, {b.op(f'load i64, ptr {self._started}')}")])

    @contextmanager
    def around(self, statement: Loop | Invoke) -> Iterator[None]:
        """Measure what is written meanwhile; what is inside something that is measured belongs to it."""
        if self._measuring:
            yield
            return
        b, row = self.body.b, FIRST + len(self.sites)
        work = work_of(self.body.program, statement)
        self.sites.append(Site(statement, work))
        before = self._now()
        self._measuring = True
        yield
        self._measuring = False
        spent = b.op(f"sub i64 {self._now()}, {before}")
        amounts = self.body.sizes([work.flops, total(work.read.values()), total(work.written.values())])
        self._add(row, [1, spent, *amounts])

    def _now(self) -> str:
        b = self.body.b
        clock = getattr(time, "CLOCK_MONOTONIC", None)
        place = b.stack("[16 x i8]", 8)
        if sys.platform == "win32" or clock is None:
            b.call("_timespec64_get", "i32", ("ptr", place), ("i32", "1"))
        else:
            b.call("clock_gettime", "i32", ("i32", str(clock)), ("ptr", place))
        seconds = b.op(f"mul i64 {b.op(f'load i64, ptr {place}')}, 1000000000")
        rest = b.op(f"load i32, ptr {offset(b, place, 8)}")  # below 2**30; the machines in question are little endian
        return b.op(f"add i64 {seconds}, {b.op(f'zext i32 {rest} to i64')}")

    def _add(self, row: int, amounts: list[Size]) -> None:
        b = self.body.b
        for position, amount in enumerate(amounts):
            if amount != 0:
                place = offset(b, self._table, 8 * (WORDS * row + position))
                b.op(f"atomicrmw add ptr {place}, i64 {amount} monotonic")
