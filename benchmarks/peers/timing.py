"""Times the calls of one row, and sums up what they give."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Loop = Callable[[int, Any, Any], float]
"""`(rounds, call, wait) -> seconds`"""


def flat(results: Any) -> Iterator[Any]:
    """Yield the arrays of nested lists and tuples."""
    if isinstance(results, (list, tuple)):
        for result in results:
            yield from flat(result)
    else:
        yield results


def summary(results: Any) -> list[list[float]]:
    """Return for each array its size, a sum weighted by a cosine, which feels the order, and the sum of absolute values."""
    found = []
    for result in flat(results):
        values = np.asarray(result).ravel()
        parts = [values.real, values.imag] if np.iscomplexobj(values) else [values]
        for part in parts:
            part = part.astype("float64")
            found.append([part.size, float(part @ np.cos(0.7 * np.arange(part.size) + 0.3)), float(np.abs(part).sum())])
    return found


def make_loop(parts: Sequence[Sequence[Any]], template: str) -> Loop:
    """Return a loop that calls with the arguments of each part in turn, written out as a user would write it."""
    names = {f"a{i}_{j}": value for i, part in enumerate(parts) for j, value in enumerate(part)}
    lines = [template.format(", ".join(f"a{i}_{j}" for j in range(len(part)))) for i, part in enumerate(parts)]
    source = [f"def loop(n, call, wait, clock, {', '.join(names)}):", "    start = clock()", "    for _ in range(n):"]
    source += [f"        {line}" for line in lines] + ["    return clock() - start"]
    scope: dict[str, Any] = {}
    exec("\n".join(source), scope)
    return lambda n, call, wait: float(scope["loop"](n, call, wait, time.perf_counter, *names.values()))


def microseconds(
    call: Any, wait: Any, first: Sequence[Any], second: Sequence[Any], budget: float = 0.15, repeats: int = 5
) -> float:
    """Return what a call costs: the best of the repeats, inputs alternating, without the loop's own cost."""
    loop = make_loop((first, second), "call({})" if wait is None else "wait(call({}))")
    empty = make_loop((first, second), "pass")
    loop(1, call, wait)
    once = loop(1, call, wait)
    rounds = max(1, min(50_000, int(budget / repeats / max(once, 1e-8))))
    cost = min(empty(1000, call, wait) for _ in range(5)) / 1000
    return (min(loop(rounds, call, wait) for _ in range(repeats)) / rounds - cost) / 2 * 1e6
