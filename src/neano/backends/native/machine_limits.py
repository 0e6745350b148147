"""What this machine can do at most: bytes through memory and operations in a second, measured once a process when asked for.

Both are what as many threads reach as functions may use now. Memory: the best of a few copies of arrays that no cache holds; what
is read and what is written both count. Operations: the best of a few products of matrices in SciPy's BLAS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module

import numpy as np

from neano.backends.native.runtime.blas_threads import blas_threads
from neano.config.threads import thread_count

COPIED = 1 << 27
ORDER = 1024
REPEATS = 3


def _best(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of some runs."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def bytes_per_second() -> float:
    """Return the bandwidth of memory."""
    return _bytes_per_second(thread_count())


@cache
def _bytes_per_second(threads: int) -> float:
    source, target = np.ones(COPIED, np.uint8), np.zeros(COPIED, np.uint8)
    pieces = [slice(k * COPIED // threads, (k + 1) * COPIED // threads) for k in range(threads)]

    def copy(piece: slice) -> None:
        np.copyto(target[piece], source[piece])

    with ThreadPoolExecutor(threads) as pool:
        return 2 * COPIED / _best(lambda: list(pool.map(copy, pieces)))


def flops_per_second(dtype: str) -> float:
    """Return the operations a second on numbers of a dtype; for complex ones on their parts."""
    return _flops_per_second("sgemm" if dtype in ("float32", "complex64", "float16") else "dgemm", thread_count())


@cache
def _flops_per_second(product: str, threads: int) -> float:
    blas, gemm = blas_threads(), getattr(import_module("scipy.linalg.blas"), product)
    if blas is not None:
        blas.hold()
    a = np.full((ORDER, ORDER), 0.5, "float32" if product == "sgemm" else "float64", order="F")
    return 2 * ORDER**3 / _best(lambda: gemm(1.0, a, a))
