"""The command `python -m benchmarks accuracy`: measures, prints, and writes the table of `docs/accuracy.md`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.accuracy.functions import FUNCTIONS, Measured
from benchmarks.accuracy.measure import Result, measure
from benchmarks.accuracy.running import ways
from benchmarks.measuring import processor

DTYPES = ("float64", "float32")
PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"

HEAD = """# Accuracy

The largest errors found, in units in the last place (a correctly rounded result is off by at most 0.5), against mpmath. Each
function is measured at random bit patterns (every binade is as likely as any other, subnormal numbers included), densely on the
intervals where it varies, at the neighbours of zeros, poles and thresholds, and, for circular functions, of multiples of pi/2 of all
sizes. "own kernels" are the vectors of this processor without the platform's vector functions (as on systems without
glibc's libmvec); "scalar" is what 0-d operands give. Infinities, NaN and signed zeros at special arguments are the
reference's.

Written by `python -m benchmarks accuracy --write`, on: {processor}; {count} points for each function, dtype and way.
"""


def cell(result: Result) -> str:
    """Return a result as it stands in the table."""
    text = f"{result.error:.2f}"
    if result.beside_zeros:
        text += f" ({result.beside_zeros:.1f} eps)"
    return text


def bound_text(function: Measured) -> str:
    if function.library:
        return "none (SciPy's)"
    beside = f", or {function.beside_zeros:g} eps absolute" if function.beside_zeros else ""
    return f"{function.bound:g}{beside}"


def table(results: Sequence[Result]) -> list[str]:
    """Return the results as a table: a line for each function and dtype, a column for each way."""
    names = list(dict.fromkeys(r.way for r in results))
    lines = [f"| function | dtype | {' | '.join(names)} | bound |", "| --- " * (len(names) + 3) + "|"]
    rows: dict[tuple[str, str], dict[str, Result]] = {}
    for result in results:
        rows.setdefault((result.function.name, result.dtype), {})[result.way] = result
    for (name, dtype), found in rows.items():
        cells = " | ".join(cell(found[way]) for way in names)
        lines.append(f"| {name} | {dtype} | {cells} | {bound_text(next(iter(found.values())).function)} |")
    return lines


def measured(count: int, task: tuple[int, str]) -> list[Result]:
    """Measure one function, by its position in the table, in one dtype, all ways."""
    position, dtype = task
    return list(measure(FUNCTIONS[position], dtype, ways(), count))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return 1 where an error exceeds its bound or a special value differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks accuracy", description=__doc__)
    parser.add_argument("functions", nargs="*", help="names of rows; all by default")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args(arguments)
    tasks = [(k, d) for k, f in enumerate(FUNCTIONS) if f.name in (given.functions or [f.name]) for d in DTYPES]
    results: list[Result] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for found in pool.map(partial(measured, given.points), tasks):
            for result in found:
                verdict = "" if result.holds else "EXCEEDS"
                special = f" special: {result.differing}" if result.differing else ""
                print(
                    f"{result.function.name:<18}{result.dtype:<9}{result.way:<12}{cell(result):>18} at "
                    f"{result.arguments} {verdict}{special}",
                    flush=True,
                )
            results += found
    if given.write:
        page = [HEAD.format(processor=processor(), count=given.points), *table(results), ""]
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text("\n".join(page))
    return int(not all(result.holds for result in results))


if __name__ == "__main__":
    sys.exit(main())
