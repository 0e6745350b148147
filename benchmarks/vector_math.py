"""The engine's own vector kernels against the platform's vector functions: `python -m benchmarks.vector_math [FUNCTION ...]`.

Nanoseconds for an element of an array that stays in cache, each width of vectors; what is compared is timed in turn.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy.running import compiled, ways
from benchmarks.measuring import Call, interleaved, processor
from neano.backends.native.emit.vector_math.kernels import KERNELS
from neano.scalar.rows import ROWS

SIZE = 4000

RANGES = {
    "log1p": (-0.9, 10.0),
    **dict.fromkeys(("log", "log2", "log10", "gammaln", "psi", "pow"), (0.01, 20.0)),
}
"""Where functions are timed; others on (-3, 3)."""


def arguments(name: str, dtype: str) -> list[np.ndarray]:
    """Return arguments for a function, all in the range of everyday numbers."""
    rng = np.random.default_rng(0)
    low, high = RANGES.get(name, (-3.0, 3.0))
    return [rng.uniform(low, high, SIZE).astype(dtype) for _ in range(2 if name == "pow" else 1)]


def least_times(name: str, dtype: str) -> dict[str, dict[str, float]]:
    """Return, for each width of vectors, nanoseconds an element: of our own kernel, of the platform's function, of what is used.

    Where the platform has no vector function, its time is that of calls lane by lane. The least times are taken: what other work
    on the machine costs comes on top of them.
    """
    values = arguments(name, dtype)
    (result,) = ROWS[name].output_dtypes(*[dtype] * len(values))
    calls = {}
    for way in ways():
        if way.vectors and way.name != "own kernels":
            kinds = {
                "own": replace(way.target, vector_functions=frozenset()),
                "platform": replace(way.target, own_functions=False),
                "used": way.target,
            }
            for kind, target in kinds.items():
                calls[f"{way.name}:{kind}"] = Call(compiled(name, [dtype] * len(values), result, target), tuple(values))
    found: dict[str, dict[str, float]] = {}
    for key, times in interleaved(calls, rounds=60, seconds=0.0005).items():
        width, kind = key.split(":")
        found.setdefault(width, {})[kind] = min(times) / SIZE * 1e9
    return found


def compare(name: str, dtype: str) -> None:
    """Print the times of one function."""
    cells = [
        f"{width}: {times['own']:6.2f} own, {times['platform']:6.2f} platform, {times['used']:6.2f} used"
        for width, times in least_times(name, dtype).items()
    ]
    print(f"{name:<16}{dtype:<9}" + " | ".join(cells), flush=True)


def main(given: Sequence[str] | None = None) -> int:
    """Compare the functions that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("functions", nargs="*", default=[])
    chosen = parser.parse_args(given).functions or [name for name in KERNELS if name in ROWS]
    print(processor(), flush=True)
    for name in chosen:
        for dtype in ("float64", "float32"):
            compare(name, dtype)
    return 0


if __name__ == "__main__":
    sys.exit(main())
