"""`python -m benchmarks limit`: Neano's time over that of the same work in C, row by row.

All run in one process, in turn, a few milliseconds each; the fastest of the rounds counts, for whoever is kept waiting by other
work on the machine when threads meet loses whole time slices. `OMP_NUM_THREADS=1` lets all of them use one thread. Results are
compared element by element before anything is timed.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.document import write_section
from benchmarks.limit.build import COLUMNS, FLAGS, NoCompiler, load
from benchmarks.measuring import Call, interleaved, processor
from benchmarks.peers.compare import time_text
from benchmarks.peers.row import Row, floats, integers, normals, together
from benchmarks.peers.rows import ROWS
from benchmarks.peers.rows.reductions import AXES
from benchmarks.peers.systems import system
from benchmarks.peers.timing import flat

GOAL = 1.15
OWN = "Neano"
COPIED = "formula-10000000"
"""The row that is set beside a copy of as many bytes."""
BY_NAME = {row.name: row for row in ROWS}


def resized(name: str, size: str, *makers: Any) -> Row:
    """Return a row of the peers' table with other inputs."""
    return dataclasses.replace(BY_NAME[name], name=f"{name.rsplit('-', 1)[0]}-{size}", inputs=together(*makers))


FUNCTIONS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("scalar", (BY_NAME["scalar"],)),
    ("formula", tuple(row for row in ROWS if row.name.startswith("formula-"))),
    ("transcendental", tuple(BY_NAME[f"transcendental-{n}"] for n in (10, 1000, 100_000, 10_000_000))),
    ("radon", (BY_NAME["radon"],)),
    ("logistic", (BY_NAME["logistic-density-40"],)),
    (
        "softmax",
        (
            resized("softmax-crossentropy-1000x1000", "20x20", normals(20, 20), integers(20, 20)),
            resized("softmax-crossentropy-1000x1000", "100x100", normals(100, 100), integers(100, 100)),
            BY_NAME["softmax-crossentropy-1000x1000"],
        ),
    ),
    (
        "standardise",
        (
            resized("standardise-4096x1024", "20x20", normals(20, 20)),
            resized("standardise-4096x1024", "256x256", normals(256, 256)),
            BY_NAME["standardise-4096x1024"],
        ),
    ),
    (
        "column_sums",
        (
            dataclasses.replace(
                BY_NAME["column-sums-and-row-maxima"], name="column-sums-20x20", inputs=together(floats(20, 20))
            ),
            dataclasses.replace(
                BY_NAME["column-sums-and-row-maxima"], name="column-sums-256x256", inputs=together(floats(256, 256))
            ),
            dataclasses.replace(BY_NAME["column-sums-and-row-maxima"], name="column-sums-4096x1024"),
        ),
    ),
    ("attention", (BY_NAME["attention-8x4x128x32"],)),
    *((f"sum_{axis}", tuple(BY_NAME[f"sum-{axis}-{size}"] for size in ("1e4", "1e6", "1e8"))) for axis in AXES),
    ("transposed", (BY_NAME["transposed-1000x1000"],)),
    ("strided", (BY_NAME["strided-1000000"],)),
    ("gather", (BY_NAME["embedding-gather"],)),
)
"""Every function of the extension, with the rows that it is measured on."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What a row took in each system: the seconds of the fastest round."""

    name: str
    seconds: dict[str, float]

    def ratio(self, column: str) -> float:
        """Return Neano's time over that of a column."""
        return self.seconds[OWN] / self.seconds[column]

    @property
    def against_best(self) -> float:
        return max(map(self.ratio, COLUMNS))


def check(row: Row, found: Any, expected: Any, who: str) -> None:
    """Raise an AssertionError where two results are not the same arrays, but for rounding."""
    ours, theirs = list(flat(found)), list(flat(expected))
    assert len(ours) == len(theirs), f"{row.name}: {len(ours)} results, {who} gives {len(theirs)}"
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype, f"{row.name}: {a.dtype} and {b.dtype} in {who}"
        scale = float(np.max(np.abs(b), initial=0.0)) * row.tolerance
        np.testing.assert_allclose(a, b, rtol=row.tolerance, atol=scale * 1e-3, err_msg=f"{row.name}, {who}")


def prepare(name: str, row: Row, extensions: dict[str, ModuleType]) -> dict[str, Call]:
    """Return the calls of one row, after comparing their results."""
    arguments = row.first_inputs()
    own, _ = system("neano").compile(row)
    calls = {OWN: Call(own, arguments)}
    for column, module in extensions.items():
        calls[column] = Call(getattr(module, name), arguments)
        for inputs in (arguments, row.second_inputs()):
            check(row, own(*inputs), calls[column].function(*inputs), column)
    return calls


def measure(prepared: dict[str, dict[str, Call]], visits: int, rounds: int) -> list[Result]:
    """Time rows: all of them, and then all of them again, so that nobody's bad second decides a row."""
    best: dict[str, dict[str, float]] = {row: {} for row in prepared}
    for number in range(visits):
        for row, calls in prepared.items():
            times = interleaved(calls, rounds)
            best[row] = {who: min(*found, best[row].get(who, float("inf"))) for who, found in times.items()}
        print(f"visit {number + 1} of {visits} done", file=sys.stderr, flush=True)
    return [Result(row, seconds) for row, seconds in best.items()]


def copying(module: ModuleType, row: Row, visits: int, rounds: int) -> str:
    """Return how the time of a row of vectors compares with a copy of as many bytes, by memcpy on the same threads."""
    arguments = row.first_inputs()
    own, _ = system("neano").compile(row)
    size = (sum(a.size for a in arguments) + own(*arguments).size) // 2  # each element is read, and written
    source, target = np.ones(size), np.zeros(size)
    found = interleaved({OWN: Call(own, arguments), "copy": Call(module.copy, (source, target))}, visits * rounds)
    seconds = {who: min(times) for who, times in found.items()}
    own_time, copy_time = (time_text(seconds[who] * 1e6) for who in (OWN, "copy"))
    return (
        f"{row.name} takes {own_time}; memcpy on the same threads moves the {16e-6 * size:.0f} MB of its operands and result"
        f" into memory that exists in {copy_time}: {seconds[OWN] / seconds['copy']:.2f} of that."
    )


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the Markdown table."""
    titles = ["row", OWN, *COLUMNS, *[f"Neano / {column}" for column in COLUMNS]]
    yield "| " + " | ".join(titles) + " |"
    yield "| --- " + "| ---: " * (len(titles) - 1) + "|"
    for result in results:
        times = [time_text(result.seconds[who] * 1e6) for who in (OWN, *COLUMNS)]
        ratios = [f"**{r:.2f}**" if (r := result.ratio(column)) <= GOAL else f"{r:.2f}" for column in COLUMNS]
        yield "| " + " | ".join([result.name, *times, *ratios]) + " |"


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; return 1 where a row is beyond the goal, 2 where the extension cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks limit", description=__doc__)
    parser.add_argument("--visits", type=int, default=3, help="how often all rows are gone through")
    parser.add_argument(
        "--rounds", type=int, default=9, help="how often each call of a row is timed, in turn, in a visit"
    )
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose names begin so")
    parser.add_argument("--write", metavar="FILE", help="write the table into the section of a document")
    given = parser.parse_args(arguments)
    try:
        extensions = {column: load(column) for column in COLUMNS}
    except NoCompiler as error:
        print(error, file=sys.stderr)
        return 2
    wanted = [(name, row) for name, rows in FUNCTIONS for row in rows]
    prepared = {
        row.name: prepare(name, row, extensions)
        for name, row in wanted
        if not given.rows or row.name.startswith(tuple(given.rows))
    }
    results = measure(prepared, given.visits, given.rounds)
    reached = sum(result.against_best <= GOAL for result in results)
    threads = os.environ.get("OMP_NUM_THREADS", "as many threads as cores")
    intro = (
        f"Processor: {processor()}. `gcc {' '.join(FLAGS)}`, the BLAS is SciPy's."
        f" The fastest of {given.visits} x {given.rounds} rounds;"
        f" OMP_NUM_THREADS: {threads}. Neano is"
        f" within {GOAL:g} (bold) of the faster of the two on {reached} of {len(results)} rows."
    )
    notes = (
        [""]
        if given.rows and not COPIED.startswith(tuple(given.rows))
        else ["", copying(extensions["C"], BY_NAME[COPIED], given.visits, given.rounds)]
    )
    text = "\n".join([intro, "", *table(results), *notes]).rstrip()
    print(text)
    if given.write:
        write_section(Path(given.write), "limit", text)
    return int(reached < len(results))
