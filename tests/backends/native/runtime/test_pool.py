"""The thread pool: every element once, by as many threads as asked for; forks, several callers, the end of the process."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from neano.backends.native.runtime import pool_text
from neano.backends.native.runtime.engine import Linked, Module, link
from neano.backends.native.runtime.pool import pool, workers
from neano.config import config
from neano.config.threads import usable_cores

COUNT = """
; count(args = i8 for each element, from, to): adds 1 to each
define void @count(ptr %args, i64 %from, i64 %to) {
entry:
  %some = icmp slt i64 %from, %to
  br i1 %some, label %loop, label %done
loop:
  %i = phi i64 [%from, %entry], [%next, %loop]
  %place = getelementptr i8, ptr %args, i64 %i
  %old = load i8, ptr %place
  %new = add i8 %old, 1
  store i8 %new, ptr %place
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %to
  br i1 %more, label %loop, label %done
done:
  ret void
}
declare void @neano_parallel_for(ptr, ptr, i64, i64)
define void @run(ptr %bytes, i64 %n, i64 %grain, i64 %times) {
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  call void @neano_parallel_for(ptr @count, ptr %bytes, i64 %n, i64 %grain)
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %times
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""

Kernel = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
Job = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


@pytest.fixture(scope="module")
def counter() -> Callable[[int, int, int], np.ndarray]:
    pool()
    linked = link([Module("count", COUNT)], exports=("run",))
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)

    def count(n: int, grain: int, times: int = 1) -> np.ndarray:
        bytes_ = np.zeros(n, np.uint8)
        kind(linked.addresses["run"])(bytes_.ctypes.data, n, grain, times)
        return bytes_

    return count


def job(linked: Linked, kernel: Callable[[int, int, int], None], n: int, grain: int) -> None:
    """Run a Python function on the pool; it takes the GIL in each thread."""
    kept = Kernel(lambda args, start, stop: kernel(args, start, stop))
    Job(linked.addresses[pool_text.PARALLEL_FOR])(ctypes.cast(kept, ctypes.c_void_p), None, n, grain)


def forget_the_crowd() -> None:
    """Wait until nobody remembers that several callers came at the same time."""
    time.sleep(1.5e-9 * pool_text.CROWD_LASTS)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    errors: list[BaseException] = []

    def run(k: int) -> None:
        try:
            work(k)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


def fresh(code: str, **environment: str) -> str:
    """Run code in a process of its own and return what it prints."""
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    before = inherited | {"PYTHONPATH": os.pathsep.join([*sys.path, os.getcwd()])} | environment
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=60, env=before, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize(("n", "grain"), [(0, 1), (1, 1), (7, 1), (8, 4), (9, 4), (1000, 7), (100_000, 4096), (5, 100)])
def test_every_element_comes_once(counter, threads, n, grain):
    with config.change_flags(threads=threads):
        np.testing.assert_array_equal(counter(n, grain, 20), 20)


def test_pieces_are_whole_grains_and_a_small_job_is_one_piece():
    seen: list[tuple[int, int, int]] = []

    def note(args: int, start: int, stop: int) -> None:
        seen.append((start, stop, threading.get_native_id()))

    with config.change_flags(threads=3):
        for n, grain in ((100, 7), (64, 32), (12_345, 16)):
            seen.clear()
            job(pool(), note, n, grain)
            pieces = sorted(seen)
            assert [start for start, _, _ in pieces[1:]] == [stop for _, stop, _ in pieces[:-1]]
            assert (pieces[0][0], pieces[-1][1]) == (0, n)
            assert all(start % grain == 0 for start, _, _ in pieces)
            assert len(pieces) <= 3 * 2 * pool_text.PIECES_EACH
        seen.clear()
        job(pool(), note, 63, 32)
        assert seen == [(0, 63, threading.get_native_id())]


def test_as_many_threads_take_part_as_asked_for():
    forget_the_crowd()
    for threads in (1, 2, 4, 3):
        together = threading.Barrier(threads)
        ids: set[int] = set()

        def meet(args: int, start: int, stop: int, ids: set[int] = ids, together: threading.Barrier = together) -> None:
            if threading.get_native_id() not in ids:
                ids.add(threading.get_native_id())
                together.wait(30)

        with config.change_flags(threads=threads):
            job(pool(), meet, 64, 1)
        assert len(ids) == threads


def test_the_caller_comes_from_the_front_and_workers_from_the_back():
    """So that each meets the same part of an array again."""
    forget_the_crowd()
    seen: list[tuple[int, int]] = []
    together = threading.Barrier(2)
    met: set[int] = set()

    def note(args: int, start: int, stop: int) -> None:
        own = threading.get_native_id()
        if own not in met:
            met.add(own)
            together.wait(30)
        seen.append((start, own))

    with config.change_flags(threads=2):
        job(pool(), note, 640, 10)
    mine = [start for start, own in seen if own == threading.get_native_id()]
    others = [start for start, own in seen if own != threading.get_native_id()]
    assert mine == sorted(mine)
    assert others == sorted(others, reverse=True)
    assert max(mine) < min(others)


def test_small_jobs_that_come_close_together_wake_workers():
    """The first of them runs alone, where workers sleep; who then looks takes part."""
    seen: set[int] = set()
    with config.change_flags(threads=usable_cores()):
        if usable_cores() < 2:
            pytest.skip("one core: nobody looks before sleeping")
        for attempt in range(200):
            if attempt % 20 == 0:
                time.sleep(0.01)  # workers fall asleep
            job(pool(), lambda args, start, stop: seen.add(threading.get_native_id()), 8, 1)
            if len(seen) > 1:
                return
    raise AssertionError("no worker took part in 200 jobs of 8 grains")


def test_callers_at_the_same_time_do_not_wait_for_each_other(counter):
    with config.change_flags(threads=3):
        in_threads(8, lambda k: np.testing.assert_array_equal(counter(20_000 + k, 64, 200), 200))


def test_a_job_inside_a_job_runs_alone():
    seen: list[int] = []

    def outer(args: int, start: int, stop: int) -> None:
        job(pool(), lambda args, a, b: seen.append(b - a), 100, 1)

    forget_the_crowd()
    with config.change_flags(threads=2):
        job(pool(), outer, 4, 1)
    assert seen == [100] * 4


def test_a_job_inside_a_job_is_no_caller():
    """The job after it has workers as before."""
    forget_the_crowd()
    with config.change_flags(threads=2):
        job(pool(), lambda args, start, stop: job(pool(), lambda args, start, stop: None, 100, 1), 4, 1)
        pieces: list[int] = []
        job(pool(), lambda args, start, stop: pieces.append(start), 64, 1)
    assert len(pieces) > 1


def test_callers_count_as_threads_and_are_remembered_for_a_while():
    """Where two of two threads call there is no room for a worker, nor for a while after; where two of three do, there is."""

    def pieces() -> int:
        seen: list[int] = []
        job(pool(), lambda args, start, stop: seen.append(start), 64, 1)
        return len(seen)

    def outer(args: int, start: int, stop: int) -> None:
        if start == 0:
            in_threads(1, lambda k: others.append(pieces()))

    for threads in (2, 3):
        with config.change_flags(threads=threads):
            for _ in range(50):  # until the system has let us do it in time
                others: list[int] = []
                forget_the_crowd()
                assert pieces() > 1
                started = time.monotonic_ns()
                job(pool(), outer, 64, 1)
                shared = pieces() > 1
                in_time = time.monotonic_ns() - started < pool_text.CROWD_LASTS
                assert others == [1]  # one job at a time
                if in_time:
                    assert shared == (threads > 2)
                    break
            forget_the_crowd()
            assert pieces() > 1


def test_a_forked_process_has_workers_of_its_own(counter):
    with config.change_flags(threads=3):
        counter(1000, 1)
        assert workers() >= 2
        stop = threading.Event()
        busy = threading.Thread(target=lambda: [counter(100_000, 10) for _ in iter(stop.is_set, True)])
        busy.start()
        for _ in range(5):
            time.sleep(0.002)
            child = os.fork()
            if child == 0:
                good = workers() == 0 and (counter(1000, 1, 50) == 50).all() and workers() == 2
                os._exit(0 if good else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        busy.join()


def test_one_thread_starts_no_worker():
    code = """
        import numpy as np, neano, neano.tensor as T
        from neano.backends.native.runtime.pool import workers
        x = T.dvector("x")
        f = neano.function([x], T.exp(x).sum() + T.exp(2 * x))
        f(np.ones(1_000_000))
        print(workers())
        """
    assert fresh(code, NEANO_NUM_THREADS="1") == "0"
    assert fresh(code, OMP_NUM_THREADS="1") == "0"


def test_small_jobs_start_no_worker():
    code = """
        import numpy as np, neano, neano.tensor as T
        from neano.backends.native.runtime.pool import workers
        x = T.dvector("x")
        f = neano.function([x], x + 1)
        f(np.ones(1000))
        small = workers()
        f(np.ones(1_000_000))
        print(small, workers())
        """
    assert fresh(code, NEANO_NUM_THREADS="3") == "0 2"


@pytest.mark.parametrize(
    "end", ["pass", "sys.exit(0)", "os._exit(0)", "threading.Thread(target=loop, daemon=True).start(); time.sleep(.05)"]
)
def test_the_process_ends_cleanly(end):
    code = f"""
        import os, sys, threading, time
        import numpy as np, neano, neano.tensor as T
        x = T.dvector("x")
        f = neano.function([x], T.exp(x) * 2)
        ones = np.ones(300_000)
        def loop():
            while True:
                f(ones)
        for _ in range(20):
            kept = f(ones)
        print("done", flush=True)
        {end}
        """
    for _ in range(2):
        assert fresh(code, NEANO_NUM_THREADS="3") == "done"


def test_sleeping_by_conditions_works_too():
    """What platforms without Linux's futex use, run in a process of its own."""
    code = """
        import ctypes, numpy as np
        from neano.backends.native.runtime import pool_text
        pool_text.can_sleep_on_futex = lambda: False
        from neano.backends.native.runtime.engine import Module, link
        from neano.backends.native.runtime.pool import pool, workers
        pool()
        from tests.backends.native.runtime.test_pool import COUNT
        linked = link([Module("count", COUNT)], exports=("run",))
        run = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 3)(linked.addresses["run"])
        data = np.zeros(1000, np.uint8)
        run(data.ctypes.data, 1000, 1, 200)
        print(workers(), data.min(), data.max())
        """
    assert fresh(code, NEANO_NUM_THREADS="4") == "3 200 200"
