"""`python -m benchmarks memory [SYSTEM=PYTHON ...]`: the most memory that a step of training takes, over the process's baseline.

Each cell is a process of its own. Its baseline is what is resident once the system has compiled and run a small function; then
the arrays of a network with one hidden layer of 1024 are made, and steps are taken. *Building* is the peak over the baseline
until the first step is done, *steps* the peak in the following ones; both with the arrays of the network and of the inputs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.document import write_section
from benchmarks.measuring import processor
from benchmarks.peers.asking import Peer
from benchmarks.peers.rows import MEMORY
from benchmarks.peers.systems import TITLES

OWN = "neano"

Peaks = dict[tuple[str, str], tuple[float, float]]
"""(row, system) -> bytes at most while building, and in the steps after that."""


def measure(row: str, system: str, python: str, rounds: int) -> tuple[float, float]:
    """Return the least peaks of some processes."""
    found = []
    for _ in range(rounds):
        with Peer(system, python, own=system == OWN) as peer:
            answer = peer.ask(f"memory {row}")
            if "error" in answer:
                raise RuntimeError(f"{system}, {row}: {answer['error']}")
            found.append((answer["building"], answer["steps"]))
    building, steps = (min(column) for column in zip(*found, strict=True))
    return building, steps


def table(peaks: Peaks, rows: Sequence[str], systems: Sequence[str]) -> list[str]:
    """Return the lines of the Markdown table."""
    head = ["row", *(f"{TITLES[s]}, {part}" for s in systems for part in ("building", "steps"))]
    lines = ["| " + " | ".join(head) + " |", "| --- " + "| ---: " * (len(head) - 1) + "|"]
    for row in rows:
        cells = [f"{part / 2**20:.1f} MiB" for s in systems for part in peaks[row, s]]
        lines.append("| " + " | ".join([row, *cells]) + " |")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run the measurement; return 1 where a peer's steps take less memory than Neano's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory", description=__doc__)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM=PYTHON", help="peers and their interpreters")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose names begin so")
    parser.add_argument("--write", metavar="FILE", help="write the table into the section of a document")
    given = parser.parse_args(arguments)
    pythons = {OWN: sys.executable} | dict(part.split("=", 1) for part in given.systems)
    systems = [s for s in TITLES if s in pythons]
    rows = [row.name for row in MEMORY if not given.rows or row.name.startswith(tuple(given.rows))]
    peaks = {(row, s): measure(row, s, pythons[s], given.rounds) for row in rows for s in systems}
    text = "\n".join([f"Memory over the baseline of the process; {processor()}.", "", *table(peaks, rows, systems)])
    print(text)
    if given.write:
        write_section(Path(given.write), "memory", text)
    return int(any(peaks[row, s][1] < peaks[row, OWN][1] for row in rows for s in systems))
