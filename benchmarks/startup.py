"""What starting costs: `import theano`, and the first result of a process: `python -m benchmarks startup`.

Each figure is the median over processes; what is compared runs in turn. Modules are compiled to bytecode beforehand (the first
process of each kind is not counted), as installed packages are.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import Figure, median_ratio, processor, report

IMPORTS = {"theano": "import theano", "libraries": "import numpy, scipy.linalg, scipy.special, llvmlite.binding"}


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


def first_seconds(cache: str, variables: Mapping[str, str], *loaded: str) -> float:
    """Return how long a fresh interpreter takes to the first result of a function, with a cache folder."""
    command = [sys.executable, "-m", "benchmarks.first_result", *loaded]
    done = subprocess.run(
        command, env={**variables, "NEANO_CACHE_DIR": cache}, capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout)["seconds"])


def run(rounds: int = 11) -> int:
    """Print the figures; return 1 where one is missed."""
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(PYTHONPYCACHEPREFIX=f"{folder}/bytecode")
        imports: dict[str, list[float]] = {name: [] for name in IMPORTS}
        firsts: dict[tuple[str, ...], list[float]] = {
            (kind, *loaded): [] for kind in ("empty", "filled") for loaded in ((), ("engine",))
        }
        for number in range(rounds + 1):
            for name, statement in IMPORTS.items():
                imports[name].append(import_seconds(statement, variables))
            for kind, *loaded in firsts:
                firsts[kind, *loaded].append(
                    first_seconds(
                        f"{folder}/cache-{'' if kind == 'filled' else f'{number}{loaded}'}", variables, *loaded
                    )
                )
    imports, firsts = {k: v[1:] for k, v in imports.items()}, {k: v[1:] for k, v in firsts.items()}
    milliseconds = {key: statistics.median(times) * 1e3 for key, times in firsts.items()}
    print(f"{processor()}; medians of {rounds} processes each")
    ratio = median_ratio(imports["theano"], imports["libraries"])
    detail = f"{statistics.median(imports['theano']) * 1e3:.0f} ms against {statistics.median(imports['libraries']) * 1e3:.0f} ms"
    figures = [Figure("import theano / import of NumPy, SciPy, llvmlite", ratio, 1.6, detail=detail)]
    for kind, bound in (("empty", 60.0), ("filled", 15.0)):
        detail = f"{milliseconds[kind, 'engine']:.1f} ms once the engine's modules are loaded, too"
        figures.append(Figure(f"first result, {kind} cache, LLVM loaded", milliseconds[(kind,)], bound, " ms", detail))
    return report(figures)
