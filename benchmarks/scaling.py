"""`python -m benchmarks scaling [SYSTEM=PYTHON ...]`: calls a second of one function from 1, 2, 4 and 8 Python threads.

The functions are of middle size: large enough to compute something, too small for threads of their own to be worth much. A cell
is the best rate over rounds in which systems and numbers of threads run in turn.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.document import write_section
from benchmarks.measuring import processor
from benchmarks.peers.asking import Peer
from benchmarks.peers.rows import SCALING
from benchmarks.peers.systems import TITLES

THREADS = (1, 2, 4, 8)
OWN = "neano"

Rates = dict[tuple[str, str, int], float]
"""(row, system, threads) -> calls a second."""


def measure(row: str, peers: Sequence[Peer], rounds: int, rates: Rates) -> None:
    """Measure a row in every system that can do it."""
    able = [peer for peer in peers if "error" not in peer.ask(f"build {row}")]
    for _ in range(rounds):
        for threads in THREADS:
            for peer in able:
                key = row, peer.name, threads
                rates[key] = max(peer.ask(f"rate {threads}")["calls"], rates.get(key, 0.0))


def table(rates: Rates, rows: Sequence[str], systems: Sequence[str]) -> list[str]:
    """Return the lines of the Markdown table."""
    head = ["row", "system", *(f"{n} thread{'s' * (n > 1)}" for n in THREADS), "2 / 1", "8 / 1"]
    lines = ["| " + " | ".join(head) + " |", "| --- | --- " + "| ---: " * (len(head) - 2) + "|"]
    for row in rows:
        for system in systems:
            found = [rates.get((row, system, n)) for n in THREADS]
            if None in found:
                continue
            one, *more = (each or 0.0 for each in found)
            cells = [f"{each:,.0f}" for each in (one, *more)] + [f"{more[0] / one:.2f}", f"{more[-1] / one:.2f}"]
            lines.append("| " + " | ".join([row, TITLES[system], *cells]) + " |")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run the measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scaling", description=__doc__)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM=PYTHON", help="peers and their interpreters")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose names begin so")
    parser.add_argument("--write", metavar="FILE", help="write the table into the section of a document")
    given = parser.parse_args(arguments)
    pythons = {OWN: sys.executable} | dict(part.split("=", 1) for part in given.systems)
    systems = [s for s in TITLES if s in pythons]
    rows = [row.name for row in SCALING if not given.rows or row.name.startswith(tuple(given.rows))]
    rates: Rates = {}
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(name, pythons[name], own=name == OWN)) for name in systems]
        for row in rows:
            measure(row, peers, given.rounds, rates)
    text = "\n".join([f"Calls a second from Python threads; {processor()}.", "", *table(rates, rows, systems)])
    print(text)
    if given.write:
        write_section(Path(given.write), "scaling", text)
    return 0
