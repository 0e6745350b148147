"""A system in its own interpreter, that does what it is asked to: `PYTHON -m benchmarks.peers.child SYSTEM`.

It reads commands, a line each, and answers each with a line of JSON: `build ROW` makes the function and sums up its results,
`time` times the function that was built last, `rate N` counts its calls from N Python threads, `memory ROW` tells what steps of
a row take. A row that a system cannot do says why.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import sys
import time
import warnings
from typing import Any

from benchmarks.peers import memory
from benchmarks.peers.row import Row
from benchmarks.peers.rows import BUILDING, MEMORY, ROWS, SCALING
from benchmarks.peers.systems import system
from benchmarks.peers.threads import rate
from benchmarks.peers.timing import microseconds, summary
from benchmarks.products.rows import ROWS as PRODUCTS

STEPS = 20
"""Steps of training whose peak of memory is measured."""


class Child:
    """The system, and the row that it works on."""

    def __init__(self, name: str) -> None:
        self.system = system(name)
        self.rows = {row.name: row for row in (*BUILDING, *SCALING, *MEMORY, *ROWS, *PRODUCTS)}
        self.arguments: tuple[Any, ...] = ()

    def answer(self, command: str, name: str = "") -> dict[str, Any]:
        """Do what a command says."""
        if command == "build":
            return self.build(self.rows[name])
        if command == "rate":
            return dataclasses.asdict(rate(*self.arguments, int(name)))
        if command == "memory":
            return self.memory(self.rows[name])
        return {"microseconds": microseconds(*self.arguments)}

    def build(self, row: Row) -> dict[str, Any]:
        """Make the function of a row; return the seconds from symbols to the first result, and the summary of the results."""
        self.arguments = ()
        first, second = self.system.put(row.first_inputs()), self.system.put(row.second_inputs())
        wait = self.system.wait
        start = time.perf_counter()
        call, state = self.system.compile(row)
        result = call(*first)
        if wait is not None:
            wait(result)
        seconds = time.perf_counter() - start
        check = summary(result) + summary(call(*second)) + summary(state())
        self.arguments = call, wait, first, second
        return {"build": seconds, "check": check}

    def memory(self, row: Row) -> dict[str, Any]:
        """Return how many bytes more than now are in memory at most until the first step is done, and in the steps after it."""
        self.build(self.rows["formula-10"])
        self.arguments = ()
        gc.collect()
        memory.forget_peak()
        before = memory.resident()
        inputs = self.system.put(row.first_inputs())
        call, _state = self.system.compile(row)
        self._finish(call(*inputs))
        building = memory.peak()
        gc.collect()
        memory.forget_peak()
        for _ in range(STEPS):
            self._finish(call(*inputs))
        return {"building": building - before, "steps": memory.peak() - before}

    def _finish(self, result: Any) -> None:
        if self.system.wait is not None:
            self.system.wait(result)


def main(name: str) -> None:
    """Answer the commands on standard input."""
    warnings.filterwarnings("ignore")
    child = Child(name)
    for line in sys.stdin:
        try:
            result = child.answer(*line.split())
        except Exception as error:  # a system that cannot do a row loses it, whatever the reason, and says why
            result = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
