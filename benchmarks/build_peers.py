"""Building beside another compiler: the same training steps, from symbols to the first result, each in a fresh process.

Before the clock starts both sides have imported what they need and compiled another, tiny function with a product of
matrices. Neano is timed twice: in a process that began with an empty cache, and in a later one with what the first one left
there. A figure is the least of several processes' times over the least of the peer's, for other work on the machine only
adds to them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

from benchmarks.measuring import Figure
from benchmarks.peers.asking import Peer
from benchmarks.peers.systems import TITLES

ROWS = ("logistic", "mlp", "rnn")
BOUNDS = {"empty": 0.5, "filled": 0.15}
"""The state of Neano's cache -> the part of the peer's time that building may take."""


def seconds(peer: Peer, row: str, forget: bool) -> float:
    """Return how long a row takes in a fresh process that has compiled something else; infinity where it cannot be built."""
    if forget:
        peer.forget()
    peer.ask("build first")
    found = peer.ask(f"build {row}").get("build", math.inf)
    peer.stop()
    return float(found)


def least(name: str, python: str, row: str, rounds: int) -> tuple[float, float]:
    """Return the least seconds of several processes: with an empty cache, and with a filled one (the same for a peer)."""
    empty, filled = math.inf, math.inf
    with Peer(name, python, own=name == "neano") as peer:
        for _ in range(rounds):
            empty = min(empty, seconds(peer, row, forget=True))
            filled = min(filled, seconds(peer, row, forget=False)) if name == "neano" else empty
    return empty, filled


def against(system: str, python: str, rounds: int = 3) -> Iterator[Figure]:
    """Yield Neano's time over the peer's for every row, nothing cached and from a filled cache."""
    for row in ROWS:
        own = dict(zip(BOUNDS, least("neano", sys.executable, row, rounds), strict=True))
        peer, _ = least(system, python, row, rounds)
        for cache, bound in BOUNDS.items():
            name = f"{row}, {cache} cache, Neano / {TITLES[system]}"
            yield Figure(name, own[cache] / peer, bound, detail=f"{own[cache]:.3f} s / {peer:.3f} s")
