"""`neano doctor`: what Neano runs on, whether it works, and which nodes of a function run in Python."""

from __future__ import annotations

import importlib.util
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import llvmlite
import numpy as np
import scipy
from llvmlite import binding as llvm

import neano.tensor as T
from neano.backends.native.runtime import default_cache
from neano.backends.native.runtime.machine import cpu_features, cpu_name, triple
from neano.backends.native.runtime.pool import openmp_runtime
from neano.cli.cache import report_text
from neano.cli.target import find_function
from neano.compile.function import function
from neano.config import Configuration, config
from neano.config.threads import thread_count, usable_cores
from neano.graph.trace import format_trace
from neano.graph.variable import Apply
from neano.version import __version__

SHOWN_FEATURES = ("sse4.2", "avx2", "fma", "f16c", "avx512f", "avx512bf16", "amx-tile", "neon", "sve", "fp16", "bf16")


def run_doctor(target: str | None) -> int:
    """Print the environment, or the report on one function; return 1 where something is amiss."""
    if target is not None:
        print("\n".join(function_lines(find_function(target))))
        return 0
    for name, value in environment():
        print(f"{name + ':':<12}{value}")
    problems = check_native() + check_theano()
    for problem in problems:
        print(f"\nProblem: {problem}")
    return 1 if problems else 0


def environment() -> Iterator[tuple[str, str]]:
    """Yield what the program runs on, as names and texts."""
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    yield "Neano", __version__
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield "Python", f"{python} ({'with' if locked else 'without'} GIL), {sys.executable}"
    yield "NumPy", f"{np.__version__}; SciPy {scipy.__version__}"
    yield "LLVM", f"{'.'.join(map(str, llvm.llvm_version_info))}; llvmlite {llvmlite.__version__}"
    features = {feature[1:] for feature in cpu_features().split(",") if feature.startswith("+")}
    shown = " ".join(feature for feature in SHOWN_FEATURES if feature in features)
    yield "Processor", f"{cpu_name()}, {triple()}; {shown}"
    yield "Threads", threads_text()
    yield "BLAS", blas_text()
    yield "Cache", report_text(default_cache().report())
    changed = changed_flags()
    yield "Flags", ", ".join(f"{name}={value}" for name, value in changed.items()) or "all at their defaults"


def threads_text() -> str:
    """Return how many threads a call may use, and whose."""
    runtime = openmp_runtime()
    whose = "Neano's own" if runtime is None else f"OpenMP's, of {runtime.library}"
    return f"{thread_count()} ({usable_cores()} cores are usable), {whose}"


def blas_text() -> str:
    """Return which BLAS SciPy brings."""
    blas = scipy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')} (SciPy's)".replace("  ", " ")


def changed_flags() -> dict[str, Any]:
    """Return the flags that differ from their defaults."""
    defaults = Configuration()
    return {path: config.get(path) for path, *_ in config.walk() if config.get(path) != defaults.get(path)}


def check_native() -> list[str]:
    """Compile and run a small function, print how long it took, and return what is wrong."""
    start = time.perf_counter()
    x = T.dvector("x")
    compiled = function([x], T.exp(x) + 1)
    result = compiled(np.zeros(3))
    elapsed = (time.perf_counter() - start) * 1e3
    print(f"{'Self-test:':<12}first result of a small function in {elapsed:.0f} ms on backend {config.backend}")
    return [] if np.array_equal(result, [2.0, 2.0, 2.0]) else [f"exp(0) + 1 gave {result}"]


def check_theano() -> list[str]:
    """Say whether `import theano` gives Neano's package or another."""
    spec = importlib.util.find_spec("theano")
    ours = importlib.util.find_spec("neano")
    if spec is None or spec.origin is None or ours is None or ours.origin is None:
        return ["there is no package theano beside neano"]
    if spec.origin.rsplit("theano", 1)[0] != ours.origin.rsplit("neano", 1)[0]:
        return [f"import theano gives another package, {spec.origin}; uninstall it (pip uninstall theano)"]
    return []


def function_lines(compiled: Any) -> list[str]:
    """Return the report on a compiled function: its nodes, and those that run in Python, with their lines."""
    nodes = compiled.maker.fgraph.toposort()
    stages = getattr(compiled, "stages", None)
    lines = [f"{compiled.name or 'The function'}: {len(nodes)} nodes"]
    if stages is None:
        return [*lines, "It runs node by node with NumPy: its mode asks for the reference backend."]
    fallbacks: tuple[Apply, ...] = stages.fallbacks
    if not fallbacks:
        return [*lines, "All of it is machine code."]
    lines.append(f"{len(fallbacks)} run in Python inside the call, the rest is machine code:")
    for op, count in Counter(str(node.op) for node in fallbacks).most_common():
        lines.append(f"  {op}" + (f" ({count} times)" if count > 1 else ""))
        first = next(node for node in fallbacks if str(node.op) == op)
        lines.extend(f"  {line}" for line in format_trace(first.trace).splitlines()[-2:])
    return lines
