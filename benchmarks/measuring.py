"""How things are measured: statements timed in turn, ratios within a round, and what machine it was.

Other work on a machine slows everything down by a factor that changes every second. So what is compared is timed in turn, a few
milliseconds each, and a ratio is taken within each round; the median of the rounds' ratios is the figure.
"""

from __future__ import annotations

import os
import platform
import statistics
import timeit
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Call:
    """A call to be timed: what is called, and its arguments."""

    function: Any
    arguments: tuple[Any, ...] = ()

    def timer(self) -> timeit.Timer:
        """Return a timer of the call as a user would write it, all names local."""
        names = [f"a{i}" for i in range(len(self.arguments))]
        unpack = "".join(f"{name} = given[{i}]; " for i, name in enumerate(names))
        return timeit.Timer(
            f"call({', '.join(names)})",
            f"call = function; {unpack}",
            globals={"function": self.function, "given": self.arguments},
        )


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it must not exceed."""

    name: str
    value: float
    bound: float
    unit: str = ""
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.bound

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "MISSED"
        return f"{self.name:<52}{self.value:>8.2f}{self.unit} (at most {self.bound:g}{self.unit}: {verdict})  {self.detail}"


def interleaved(calls: Mapping[str, Call], rounds: int = 41, seconds: float = 0.004) -> dict[str, list[float]]:
    """Return the seconds that each call took in each round; in a round each is timed once, for about `seconds`."""
    timers = {name: call.timer() for name, call in calls.items()}
    counts = {}
    for name, timer in timers.items():
        timer.timeit(3)
        counts[name] = max(1, int(seconds / max(min(timer.repeat(3, 10)) / 10, 1e-8)))
    times: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timer in timers.items():
            times[name].append(timer.timeit(counts[name]) / counts[name])
    return times


def median_ratio(times: Sequence[float], against: Sequence[float]) -> float:
    """Return the median of the ratios within each round.

    >>> median_ratio([1.0, 2.0, 30.0], [2.0, 4.0, 10.0])
    0.5
    """
    return statistics.median(a / b for a, b in zip(times, against, strict=True))


def report(figures: Iterable[Figure]) -> int:
    """Print figures as they come, and return 1 where one exceeds its bound."""
    missed = 0
    for figure in figures:
        print(figure, flush=True)
        missed |= not figure.holds
    return missed


def processor() -> str:
    """Return the processor's name, its widest vectors and the number of cores that this process may use."""
    name, flags = platform.processor() or platform.machine(), set[str]()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = dict(line.split(":", 1) for line in information.read_text().splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in lines.items()}
        name = fields.get("model name", name)
        flags = set(fields.get("flags", fields.get("Features", "")).split())
    known = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("sve", "SVE"), ("asimd", "NEON"))
    vectors = next((text for flag, text in known if flag in flags), "vectors unknown")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {vectors}, {cores} cores"
