"""`python -m benchmarks scaling [SYSTEM=PYTHON ...]`: calls a second of one function from 1, 2, 4 and 8 Python threads.

The functions are of middle size: large enough to compute something, too small for threads of their own to be worth much. A cell
is the best rate over rounds in which systems and numbers of threads run in turn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from benchmarks.measuring import processor
from benchmarks.peers.asking import Peer
from benchmarks.peers.options import OWN, options
from benchmarks.peers.rows import SCALING
from benchmarks.peers.systems import TITLES

THREADS = (1, 2, 4, 8)

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
    asked = options("scaling", __doc__, 3, arguments)
    rows = [row.name for row in SCALING if asked.wants(row.name)]
    rates: Rates = {}
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(name, asked.pythons[name], own=name == OWN)) for name in asked.systems]
        for row in rows:
            measure(row, peers, asked.rounds, rates)
    asked.show(
        "\n".join([f"Calls a second from Python threads; {processor()}.", "", *table(rates, rows, asked.systems)])
    )
    return 0
