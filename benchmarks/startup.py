"""What starting costs: `import theano`, and the first result of a process: `python -m benchmarks startup`.

The first result comes from a process that has done `import theano` and loaded LLVM, and nothing else.

Ratios are medians over rounds, in which what is compared runs in turn; times are the least of all rounds, for other work on
the machine only adds to them. Modules are compiled to bytecode beforehand (the first round is not counted), as
installed packages are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import Figure, median_ratio, processor, report

IMPORTS = {"theano": "import theano", "libraries": "import numpy, scipy.linalg, scipy.special, llvmlite.binding"}
BOUNDS = {"empty": 60.0, "filled": 15.0}
"""The state of the cache -> the milliseconds that the first result may take."""


def environment(**extra: str) -> dict[str, str]:
    """Return the variables of a child: Python writes bytecode, and finds this repository's packages."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = [str(Path(__file__).parent.parent / "src"), str(Path(__file__).parent.parent), kept.get("PYTHONPATH", "")]
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **extra}


def import_seconds(statement: str, variables: Mapping[str, str]) -> float:
    """Return how long a fresh interpreter takes for an import statement."""
    timed = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    return float(
        subprocess.run(
            [sys.executable, "-c", timed], env=dict(variables), capture_output=True, text=True, check=True
        ).stdout
    )


def first_seconds(cache: str, variables: Mapping[str, str]) -> float:
    """Return how long a fresh interpreter takes to the first result of a function, with a cache folder."""
    command = [sys.executable, "-m", "benchmarks.first_result"]
    done = subprocess.run(
        command, env={**variables, "NEANO_CACHE_DIR": cache}, capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout)["seconds"])


def run(rounds: int = 11) -> int:
    """Print the figures; return 1 where one is missed."""
    print(f"{processor()}; {rounds} processes each")
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(PYTHONPYCACHEPREFIX=f"{folder}/bytecode")
        imports, firsts = rounds_of_processes(folder, rounds, variables)
    ratio = median_ratio(imports["theano"], imports["libraries"])
    own, libraries = (min(imports[name]) * 1e3 for name in IMPORTS)
    figures = [
        Figure(
            "import theano / import of NumPy, SciPy, llvmlite", ratio, 1.6, detail=f"{own:.0f} ms / {libraries:.0f} ms"
        )
    ]
    for cache, bound in BOUNDS.items():
        value = min(firsts[cache]) * 1e3
        figures.append(Figure(f"first result, {cache} cache, LLVM loaded", value, bound, " ms"))
    return report(figures)


def rounds_of_processes(
    folder: str, rounds: int, variables: Mapping[str, str]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the seconds of each import, and of each first result, over the rounds; a round before them is not counted."""
    imports: dict[str, list[float]] = {name: [] for name in IMPORTS}
    firsts: dict[str, list[float]] = {cache: [] for cache in BOUNDS}
    for number in range(rounds + 1):
        for name, statement in IMPORTS.items():
            imports[name].append(import_seconds(statement, variables))
        for cache, times in firsts.items():
            place = f"{folder}/filled" if cache == "filled" else f"{folder}/empty-{number}"
            times.append(first_seconds(place, variables))
    return {name: times[1:] for name, times in imports.items()}, {cache: times[1:] for cache, times in firsts.items()}
