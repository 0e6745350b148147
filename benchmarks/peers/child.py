"""Runs rows in one system and prints a line of JSON for each: `PYTHON -m benchmarks.peers.child SYSTEM [ROW ...]`.

Rows are chosen by the beginnings of their names. A row that a system cannot do says why.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

from benchmarks.peers.row import Row
from benchmarks.peers.rows import ROWS
from benchmarks.peers.systems import system
from benchmarks.peers.timing import microseconds, summary


def measure(name: str, row: Row) -> dict[str, Any]:
    """Return what a row takes in a system: seconds to build, microseconds a call, and the summary of its results."""
    m = system(name)
    first, second = m.put(row.first_inputs()), m.put(row.second_inputs())
    start = time.perf_counter()
    call, state = m.compile(row)
    result = call(*first)
    if m.wait is not None:
        m.wait(result)
    build = time.perf_counter() - start
    check = summary(result) + summary(call(*second)) + summary(state())
    return {"build": build, "microseconds": microseconds(call, m.wait, first, second), "check": check}


def main(name: str, chosen: list[str]) -> None:
    """Print the results of the rows whose names begin with one of those chosen; of all where none is."""
    warnings.filterwarnings("ignore")
    for row in ROWS:
        if chosen and not row.name.startswith(tuple(chosen)):
            continue
        try:
            result = measure(name, row)
        except Exception as error:  # a system that cannot do a row loses it, whatever the reason, and says why
            result = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps({"system": name, "row": row.name, **result}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
