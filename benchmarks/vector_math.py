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


def compare(name: str, dtype: str) -> None:
    """Print the times of one function."""
    values = arguments(name, dtype)
    (result,) = ROWS[name].output_dtypes(*[dtype] * len(values))
    calls = {}
    for way in ways():
        if way.vectors and way.name != "own kernels":
            own = replace(way.target, vector_functions=frozenset())
            for kind, target in ((f"{way.name} as used", way.target), (f"{way.name} own", own)):
                calls[kind] = Call(compiled(name, [dtype] * len(values), result, target), tuple(values))
            platform = replace(way.target, own_functions=False)
            calls[f"{way.name} platform"] = Call(compiled(name, [dtype] * len(values), result, platform), tuple(values))
    # The least times: what other work on the machine takes comes on top of them.
    times = {kind: min(found) / SIZE * 1e9 for kind, found in interleaved(calls, rounds=60, seconds=0.0005).items()}
    cells = []
    for width in dict.fromkeys(kind.rsplit(" ", 1)[0].removesuffix(" as") for kind in times):
        own, platform, used = (times[f"{width} {kind}"] for kind in ("own", "platform", "as used"))
        cells.append(f"{width}: {own:6.2f} own, {platform:6.2f} platform, {used:6.2f} as used")
    print(f"{name:<10}{dtype:<9}" + " | ".join(cells), flush=True)


def main(given: Sequence[str] | None = None) -> int:
    """Compare the functions that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("functions", nargs="*", default=[])
    chosen = parser.parse_args(given).functions or list(KERNELS)
    print(processor(), flush=True)
    for name in chosen:
        for dtype in ("float64", "float32"):
            compare(name, dtype)
    return 0


if __name__ == "__main__":
    sys.exit(main())
