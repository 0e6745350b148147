"""`python -m benchmarks memory [SYSTEM=PYTHON ...]`: the most memory that a step of training takes, over the process's baseline.

Each cell is a process of its own. Its baseline is what is resident once the system has compiled and run a small function; then
the arrays of a network with one hidden layer of 1024 are made, and steps are taken. *Building* is the peak over the baseline
until the first step is done, *steps* the peak in the following ones; both with the arrays of the network and of the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measuring import processor
from benchmarks.peers.asking import Peer
from benchmarks.peers.options import OWN, options
from benchmarks.peers.rows import MEMORY
from benchmarks.peers.systems import TITLES

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
    asked = options("memory", __doc__, 2, arguments)
    rows = [row.name for row in MEMORY if asked.wants(row.name)]
    peaks = {(row, s): measure(row, s, asked.pythons[s], asked.rounds) for row in rows for s in asked.systems}
    asked.show(
        "\n".join([f"Memory over the baseline of the process; {processor()}.", "", *table(peaks, rows, asked.systems)])
    )
    return int(any(peaks[row, s][1] < peaks[row, OWN][1] for row in rows for s in asked.systems))
