"""`python -m benchmarks peers`: runs the rows in every system given, in turn, and prints or writes the table.

A cell is the best time of a call over rounds in which the systems run in turn. A result that disagrees with the median of the
systems' is marked, and loses the row. The ratio is the best peer's time over Neano's.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measuring import processor
from benchmarks.peers.asking import Peer
from benchmarks.peers.options import OWN, options
from benchmarks.peers.processors import avx512_is_left_out
from benchmarks.peers.row import Row
from benchmarks.peers.rows import ROWS
from benchmarks.peers.systems import TITLES


@dataclass
class Results:
    """What was measured: (row, system) -> the best time, the seconds of building, the summary, or an error."""

    microseconds: dict[tuple[str, str], float] = field(default_factory=dict)
    build: dict[tuple[str, str], float] = field(default_factory=dict)
    checks: dict[tuple[str, str], list[list[float]]] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, row: Row, system: str, answer: Mapping[str, Any]) -> None:
        """Take in what a system answered to `build` or `time`."""
        key = row.name, system
        if "error" in answer:
            self.errors[key] = answer["error"]
        elif "check" in answer:
            self.build[key], self.checks[key] = answer["build"], answer["check"]
        else:
            self.microseconds[key] = min(answer["microseconds"], self.microseconds.get(key, float("inf")))

    def agrees(self, row: Row, system: str) -> bool:
        """Say whether each output of a system is what the median of all systems gives."""
        own = self.checks[row.name, system]
        others = [check for (name, _), check in self.checks.items() if name == row.name and len(check) == len(own)]
        for position, (size, total, scale) in enumerate(own):
            found = [check[position] for check in others]
            middle = statistics.median(entry[1] for entry in found)
            bound = row.tolerance * max(scale, 1e-30)
            if size != statistics.mode(entry[0] for entry in found) or not abs(total - middle) <= bound:
                return False
        return True

    def ratio(self, row: Row) -> float | None:
        """Return the best peer's time over Neano's; None where either is missing, 0 where Neano's result is wrong."""
        no_peers = (OWN, "numpy") if row.compilers_only else (OWN,)
        peers = [
            t
            for (name, s), t in self.microseconds.items()
            if name == row.name and s not in no_peers and self.agrees(row, s)
        ]
        if (row.name, OWN) not in self.microseconds or not peers:
            return None
        return min(peers) / self.microseconds[row.name, OWN] if self.agrees(row, OWN) else 0.0


def measure(row: Row, peers: Sequence[Peer], rounds: int, results: Results) -> None:
    """Build a row in each system, then time it in all of them in turn, several times."""
    able = []
    for peer in peers:
        built = peer.ask(f"build {row.name}")
        results.add(row, peer.name, built)
        if "error" not in built:
            able.append(peer)
    for _ in range(rounds):
        for peer in able:
            results.add(row, peer.name, peer.ask("time"))


def time_text(microseconds: float) -> str:
    """Return a time with three digits.

    >>> time_text(0.07312), time_text(1234.5), time_text(31_000_000.0)
    ('0.0731 µs', '1.23 ms', '31 s')
    """
    for unit, size in (("s", 1e6), ("ms", 1e3), ("µs", 1.0)):
        if microseconds >= size or unit == "µs":
            return f"{microseconds / size:.3g} {unit}"
    raise AssertionError


def table(results: Results, rows: Sequence[Row], systems: Sequence[str]) -> list[str]:
    """Return the lines of the Markdown table."""
    titles = ["row", *[TITLES[s] for s in systems], "best peer / Neano", "goal"]
    lines = ["| " + " | ".join(titles) + " |", "| --- " + "| ---: " * (len(titles) - 1) + "|"]
    for row in rows:
        cells = [row.name + ("*" if row.compilers_only else "")]
        for system in systems:
            key = row.name, system
            if key in results.microseconds:
                cells.append(time_text(results.microseconds[key]) + ("" if results.agrees(row, system) else " (wrong)"))
            else:
                cells.append("error" if key in results.errors and "Unsupported" not in results.errors[key] else "")
        ratio = results.ratio(row)
        shown = "" if ratio is None else f"{ratio:.2f}" if ratio < row.goal else f"**{ratio:.2f}**"
        lines.append("| " + " | ".join([*cells, shown, f"{row.goal:g}"]) + " |")
    return lines


def build_table(results: Results, rows: Sequence[Row], systems: Sequence[str]) -> list[str]:
    """Return the lines of the table of building times, for the systems that started with nothing cached."""
    fresh = [s for s in ("neano", "jax") if s in systems]
    lines = [
        "| row, symbols to first result | " + " | ".join(TITLES[s] for s in fresh) + " |",
        "| --- " + "| ---: " * len(fresh) + "|",
    ]
    for row in rows:
        if row.name in (
            "formula-10",
            "logistic",
            "mlp",
            "radon",
            "adam-30-arrays",
            "attention-8x4x128x32",
            "200-outputs-of-100",
        ):
            times = [results.build.get((row.name, s)) for s in fresh]
            lines.append("| " + " | ".join([row.name, *["" if t is None else f"{t:.2f} s" for t in times]]) + " |")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; return 1 where a row misses its goal."""
    asked = options("peers", __doc__, 5, arguments)
    systems, rows = asked.systems, [row for row in ROWS if asked.wants(row.name)]
    results = Results()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(name, asked.pythons[name], own=name == OWN)) for name in systems]
        for row in rows:
            measure(row, peers, asked.rounds, results)
            print(table(results, [row], systems)[-1], file=sys.stderr, flush=True)
    asked.show(document(results, rows, systems, asked.rounds))
    return int(any((results.ratio(row) or 0) < row.goal for row in rows))


def document(results: Results, rows: Sequence[Row], systems: Sequence[str], rounds: int) -> str:
    """Return the tables with what they were measured on."""
    ratios = [(row, results.ratio(row)) for row in rows]
    ahead = sum(ratio is not None and ratio > 1 for _, ratio in ratios)
    reached = sum(ratio is not None and ratio >= row.goal for row, ratio in ratios)
    left_out = ", without AVX-512, which every system is told to leave out" if avx512_is_left_out() else ""
    intro = (
        f"Processor: {processor()}{left_out}. Time of a call, the best of {rounds} rounds in which the systems are timed in turn,"
        f" inputs alternating, the loop's own cost taken off. Neano is ahead of every peer on {ahead} of {len(rows)} rows,"
        f" and reaches the goal (bold) on {reached}. Goals of rows with a * are set against the compilers, not NumPy."
    )
    failures = [
        f"- {TITLES[s]}, {name}: {error}" for (name, s), error in results.errors.items() if "Unsupported" not in error
    ]
    notes = ["", "Errors:", "", *failures] if failures else []
    return "\n".join([intro, "", *table(results, rows, systems), "", *build_table(results, rows, systems), *notes])
