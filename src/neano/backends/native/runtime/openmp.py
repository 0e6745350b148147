"""OpenMP runtimes: which one this process can use, and whether a forked process may go on with it.

`GOMP_parallel(function, data, threads, flags)` runs function(data) on each thread of a team, the caller among them. GNU's
libgomp, LLVM's libomp and Intel's libiomp5 all export it. A runtime that is loaded already comes first, so that there are not two
sets of threads in one process.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAMES = {
    "linux": ("libiomp5.so", "libomp.so.5", "libomp.so", "libgomp.so.1"),
    "darwin": ("libomp.dylib", "libiomp5.dylib", "libgomp.1.dylib"),
}
"""What the system may have; those first that may be used after a fork."""

_FILE = re.compile(r"lib(gomp|omp|iomp5)\b[^/]*$")
_MAPS = Path("/proc/self/maps")


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that is loaded.

    Attributes:
        library: its name or path.
        parallel: the address of its GOMP_parallel.
        fork_safe: whether it starts anew in a forked process. LLVM's and Intel's do, which `__kmpc_fork_call` tells; libgomp
            waits there for ever for threads that only the parent has.
    """

    library: str
    parallel: int
    fork_safe: bool


def find_runtime(name: str = "") -> Runtime | None:
    """Return a runtime of OpenMP, loaded if need be; None where there is none.

    Args:
        name: the library to take, by name or path; by default one that is loaded, then one of the system's.
    """
    candidates = (name,) if name else (*loaded(), *NAMES.get(sys.platform, ()))
    return next(filter(None, map(_load, candidates)), None)


def loaded(maps: Path = _MAPS) -> Iterator[str]:
    """Yield the paths of the runtimes that are loaded, as far as the system tells (Linux does)."""
    try:
        lines = maps.read_text().splitlines()
    except OSError:
        return
    paths = dict.fromkeys(line.split(maxsplit=5)[5] for line in lines if line.count("/"))
    yield from sorted(filter(_FILE.search, paths), key=lambda path: "gomp" in Path(path).name)


def _load(name: str) -> Runtime | None:
    try:
        library = ctypes.CDLL(name)
        parallel = ctypes.cast(library.GOMP_parallel, ctypes.c_void_p).value
    except (OSError, AttributeError):
        return None
    return Runtime(name, parallel, hasattr(library, "__kmpc_fork_call")) if parallel else None
