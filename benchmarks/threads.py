"""What threads and reused memory are worth: `python -m benchmarks.threads`.

Each line is the best of many, then the median: on a machine with other work the best tells what the code can do, the median what
it does there.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import neano
import neano.tensor as T
from neano.backends.native.runtime.blas_threads import blas_threads
from neano.backends.native.runtime.engine import Linked, Module, link
from neano.backends.native.runtime.pool import pool
from neano.config import config
from neano.config.threads import usable_cores

_SPIN = """
define void @spin(ptr %args, i64 %from, i64 %to) {
entry:
  br label %loop
loop:
  %i = phi i64 [%from, %entry], [%next, %loop]
  %x = phi double [1.0, %entry], [%y, %loop]
  %y = fmul double %x, 1.0000001
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %to
  br i1 %more, label %loop, label %done
done:
  store volatile double %y, ptr %args
  ret void
}
declare void @neano_parallel_for(ptr, ptr, i64, i64)
define void @jobs(i64 %times, ptr %args, i64 %n, i64 %grain) {
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  call void @neano_parallel_for(ptr @spin, ptr %args, i64 %n, i64 %grain)
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %times
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


def measured(call: Callable[[], object], seconds: float = 0.5) -> tuple[float, float]:
    """Return the best and the median time of a call in microseconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    times.sort()
    return times[0] * 1e6, times[len(times) // 2] * 1e6


def _show(name: str, *columns: tuple[str, tuple[float, float]]) -> None:
    print(f"{name:<28}", *(f"{label} {best:.1f} ({median:.1f}) us  " for label, (best, median) in columns))


def fork_and_join(linked: Linked) -> None:
    """Jobs of some length, one after the other, on one thread and on two: the difference to half is what a job costs."""
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    jobs, cell, times = kind(linked.addresses["jobs"]), np.zeros(16), 200
    for n in (1000, 2000, 4000, 8000, 16_000, 64_000):
        columns = []
        for threads in (1, 2):
            with config.change_flags(threads=threads):
                best, median = measured(lambda n=n: jobs(times, cell.ctypes.data, n, n // 8), 0.3)
                columns.append((f"{threads} threads", (best / times, median / times)))
        _show(f"job of {n} steps", *columns)


def formula() -> None:
    """a**2 + b**2 + 2ab against memcpy of the same traffic into memory that exists."""
    a, b = T.dvectors("a", "b")
    f = neano.function([a, b], a**2 + b**2 + 2 * a * b)
    for n in (10**4, 10**5, 10**6, 10**7):
        x, y = np.random.rand(n), np.random.rand(n)
        source, target = np.random.rand(3 * n // 2), np.zeros(3 * n // 2)
        half = target.nbytes // 2

        def copy(k: int, target: np.ndarray = target, source: np.ndarray = source, half: int = half) -> None:
            ctypes.memmove(target.ctypes.data + k * half, source.ctypes.data + k * half, half)

        columns = []
        for threads in (1, 2):
            with config.change_flags(threads=threads):
                columns.append((f"{threads} threads", measured(lambda x=x, y=y: f(x, y))))
        with ThreadPoolExecutor(2) as both:
            columns.append(("memcpy on 1", measured(lambda copy=copy: (copy(0), copy(1)))))
            columns.append(("memcpy on 2", measured(lambda copy=copy, both=both: list(both.map(copy, range(2))))))
        _show(f"formula, n = {n}", *columns)


def products() -> None:
    """A product on our threads against OpenBLAS's own."""
    a, b = T.dmatrices("a", "b")
    f = neano.function([a, b], T.dot(a, b))
    for m, k, n in ((64, 64, 64), (128, 128, 128), (64, 784, 128), (512, 512, 512)):
        x, y, out = np.random.rand(m, k), np.random.rand(k, n), np.zeros((m, n), order="F")
        from scipy.linalg.blas import dgemm

        columns = []
        for threads in (1, 2):
            with config.change_flags(threads=threads):
                columns.append((f"{threads} threads", measured(lambda x=x, y=y: f(x, y))))
        own = blas_threads()
        if own is not None:
            fortran = np.asfortranarray(x), np.asfortranarray(y)
            with config.change_flags(threads=2):
                call = lambda fortran=fortran, out=out: dgemm(1.0, *fortran, c=out, overwrite_c=1)  # noqa: E731
                columns.append((f"OpenBLAS on {own.get()}", measured(call)))
        _show(f"product {m} x {k} x {n}", *columns)


def python_threads() -> None:
    """Calls of one function, and of NumPy, from 1, 2 and 8 Python threads, each call on one thread of ours."""
    x = T.dvector()
    f, value = neano.function([x], T.exp(x) * 2), np.random.rand(200_000)
    with config.change_flags(threads=1):
        for count in (1, 2, 8):
            for name, call in (("neano", lambda: f(value)), ("numpy", lambda: np.exp(value) * 2)):
                print(f"{count} Python threads, {name}: {_calls(call, count)}")


def _calls(call: Callable[[], object], count: int) -> str:
    """Call from some Python threads for a second; return the calls a second, and how many processors that kept busy."""
    done, stop = [0] * count, threading.Event()

    def work(k: int) -> None:
        while not stop.is_set():
            call()
            done[k] += 1

    workers = [threading.Thread(target=work, args=(k,)) for k in range(count)]
    start, used = time.perf_counter(), time.process_time()
    for each in workers:
        each.start()
    time.sleep(1)
    stop.set()
    for each in workers:
        each.join()
    seconds, busy = time.perf_counter() - start, time.process_time() - used
    return (
        f"{sum(done) / seconds:.0f} a second on {busy / seconds:.2f} processors, {sum(done) / busy:.0f} a second on one"
    )


def main() -> None:
    pool()
    print(f"{usable_cores()} cores")
    linked = link([Module("jobs", _SPIN)], exports=("jobs",))
    fork_and_join(linked)
    formula()
    products()
    python_threads()


if __name__ == "__main__":
    main()
