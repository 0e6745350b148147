"""The command `python -m benchmarks accuracy`: measures, prints, and writes the table of `docs/accuracy.md`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.accuracy import complex_numbers
from benchmarks.accuracy.functions import FUNCTIONS, Measured
from benchmarks.accuracy.measure import Result, measure
from benchmarks.accuracy.running import ways
from benchmarks.measuring import processor

DTYPES = ("float64", "float32", "float16")
PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"

HEAD = """# Accuracy

The largest errors found, in units in the last place, against mpmath; a correctly rounded result is off by at most 0.5. Each
function is measured at random bit patterns (every binade is as likely as any other, subnormal numbers included), densely on the
intervals where it varies, at the neighbours of zeros, poles and thresholds, and, if it is circular, of multiples of pi/2 of all
sizes; float16 at every number. "own kernels" are the vectors of this processor without the platform's vector functions (as on
systems that lack glibc's libmvec); "scalar" is what 0-d operands give. Infinities, NaN and signed zeros at special arguments are
those of the reference backend. In parentheses: the largest absolute error, in units of the dtype's epsilon, where the bound in
units in the last place does not hold, beside zeros of gammaln and psi at negative arguments.

Written by `python -m benchmarks accuracy --write`, on: {processor}; {count} points for each function, dtype and way.
"""

COMPLEX = """
## Complex numbers

The distance from the exact number, relative to its size, in units of epsilon (at most {bound:g}).
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
    cells = [((r.name, r.dtype), r.way, cell(r)) for r in results]
    bounds = {(r.name, r.dtype): bound_text(r.function) for r in results}
    return columns(cells, bounds)


def columns(cells: Sequence[tuple[tuple[str, str], str, str]], bounds: Mapping[tuple[str, str], str]) -> list[str]:
    """Return cells by function and dtype, and by way, as lines of a table, with a last column where there are bounds."""
    names = list(dict.fromkeys(way for _, way, _ in cells))
    last = [" bound |"] if bounds else [""]
    lines = [f"| function | dtype | {' | '.join(names)} |{last[0]}", "| --- " * (len(names) + 2 + bool(bounds)) + "|"]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row, way, text in cells:
        rows.setdefault(row, {})[way] = text
    for row, found in rows.items():
        line = f"| {' | '.join([*row, *(found.get(way, '') for way in names)])} |"
        lines.append(f"{line} {bounds[row]} |" if bounds else line)
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
    kinds = [] if given.functions else ["complex128", "complex64"]
    parts = [r for name in complex_numbers.EXACT for d in kinds for r in complex_numbers.measure(name, d, ways())]
    for part in parts:
        print(f"{part.name:<18}{part.dtype:<9}{part.way:<12}{part.error:>18.2f} {'' if part.holds else 'EXCEEDS'}")
    if given.write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(results, parts, given.points))
    return int(not all(each.holds for each in (*results, *parts)))


def page(results: Sequence[Result], parts: Sequence[complex_numbers.ComplexResult], count: int) -> str:
    """Return the text of `docs/accuracy.md`."""
    below = columns([((p.name, p.dtype), p.way, f"{p.error:.2f}") for p in parts], {})
    head = HEAD.format(processor=processor(), count=count)
    return "\n".join([head, *table(results), COMPLEX.format(bound=complex_numbers.BOUND), *below, ""])


if __name__ == "__main__":
    sys.exit(main())
