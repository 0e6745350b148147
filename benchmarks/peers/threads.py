"""Calls of one function from several Python threads at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TURN = 4
"""Pairs of calls between two looks at whether time is up."""


@dataclass(frozen=True)
class Rate:
    """Calls a second of all threads together, and how many processors were busy meanwhile."""

    calls: float
    processors: float


def rate(call: Any, wait: Any, first: Sequence[Any], second: Sequence[Any], threads: int, seconds: float = 0.6) -> Rate:
    """Return the rate of calls from some Python threads, inputs alternating; one thread is a thread of its own, too."""
    ready, stop, done = threading.Barrier(threads + 1), threading.Event(), [0] * threads

    def work(position: int) -> None:
        count = 0
        ready.wait()
        while not stop.is_set():
            for _ in range(TURN):
                for arguments in (first, second):
                    result = call(*arguments)
                    if wait is not None:
                        wait(result)
            count += 2 * TURN
        done[position] = count

    workers = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
    for each in workers:
        each.start()
    ready.wait()
    started, used = time.perf_counter(), time.process_time()
    time.sleep(seconds)
    stop.set()
    for each in workers:
        each.join()
    taken = time.perf_counter() - started
    return Rate(sum(done) / taken, (time.process_time() - used) / taken)
