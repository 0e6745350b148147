"""Jobs on the threads of an OpenMP runtime: the same pieces, the same bits; forks; what happens where there is none."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.runtime.test_pool import forget_the_crowd, fresh, in_threads, job
from backends.native.test_threads import PROGRAMS, matrices
from neano.backends.native.runtime import openmp
from neano.backends.native.runtime.pool import openmp_runtime, pool, workers
from neano.config import ConfigWarning, config

LIBRARIES = ("libgomp.so.1", "libomp.so.5", "libiomp5.so", "libomp.dylib")
FOUND = [name for name in LIBRARIES if openmp.find_runtime(name) is not None]

needs_a_runtime = pytest.mark.skipif(not FOUND, reason="there is no OpenMP runtime")


@pytest.fixture
def _openmp() -> Iterator[None]:
    with config.change_flags(openmp=True):
        yield


@needs_a_runtime
@pytest.mark.usefixtures("_openmp")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_bits_as_with_threads_of_our_own(name: str) -> None:
    build, shapes = PROGRAMS[name]
    inputs = [T.dmatrix() for _ in shapes]
    f, values = neano.function(inputs, build(*inputs)), matrices(*shapes)
    with config.change_flags(openmp=False, threads=3):
        expected = f(*values)
    for threads in (1, 2, 3, 8):
        with config.change_flags(threads=threads):
            for found, one in zip(f(*values), expected, strict=True):
                np.testing.assert_array_equal(found, one)


@needs_a_runtime
@pytest.mark.usefixtures("_openmp")
def test_as_many_threads_take_part_as_asked_for_and_all_are_the_runtimes() -> None:
    had = workers()
    forget_the_crowd()
    for threads in (1, 2, 4, 3):
        together, ids = threading.Barrier(threads), set[int]()

        def meet(args: int, start: int, stop: int, ids: set[int] = ids, together: threading.Barrier = together) -> None:
            if threading.get_native_id() not in ids:
                ids.add(threading.get_native_id())
                together.wait(30)

        with config.change_flags(threads=threads):
            job(pool(), meet, 64, 1)
        assert len(ids) == threads
    assert workers() == had


@needs_a_runtime
@pytest.mark.usefixtures("_openmp")
def test_a_job_inside_a_job_and_callers_at_the_same_time_run_alone() -> None:
    seen: list[int] = []

    def outer(args: int, start: int, stop: int) -> None:
        job(pool(), lambda args, a, b: seen.append(b - a), 100, 1)

    forget_the_crowd()
    with config.change_flags(threads=2):
        job(pool(), outer, 4, 1)
        assert seen == [100] * 4
        x = T.dvector()
        f = neano.function([x], T.exp(x))
        value = np.random.default_rng(1).random(100_000)
        expected = f(value)

        def work(k: int) -> None:
            for _ in range(20):
                np.testing.assert_array_equal(f(value), expected)

        in_threads(8, work)


FORK = """
    import os, warnings, numpy as np, neano, neano.tensor as T
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads
    from neano.backends.native.runtime.pool import openmp_runtime, workers
    x = T.dvector()
    f = neano.function([x], T.exp(x))
    value = np.random.default_rng(1).random(300_000)
    expected = f(value)
    used, own = openmp_runtime(), workers()
    def descend(depth):
        child = os.fork()
        if child == 0:
            good = all((f(value) == expected).all() for _ in range(20))
            good = good and (workers() == 0) == used.fork_safe == (openmp_runtime() is not None)
            if depth:
                descend(depth - 1)
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert (f(value) == expected).all()
    descend(1)
    descend(0)
    print(own, workers(), used.library)
    """


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.parametrize("library", FOUND)
def test_a_forked_process_goes_on_if_need_be_with_workers_of_its_own(library: str) -> None:
    flags = f"openmp=True,openmp_runtime={library}"
    assert fresh(FORK, NEANO_FLAGS=flags, NEANO_NUM_THREADS="3") == f"0 0 {library}"


@pytest.mark.parametrize("library", FOUND)
def test_the_process_ends_cleanly_while_a_job_runs(library: str) -> None:
    code = """
        import threading, time, numpy as np, neano, neano.tensor as T
        x = T.dvector()
        f, ones = neano.function([x], T.exp(x)), np.ones(300_000)
        f(ones)
        threading.Thread(target=lambda: [f(ones) for _ in iter(int, 1)], daemon=True).start()
        time.sleep(0.05)
        print("done", flush=True)
        """
    assert fresh(code, NEANO_FLAGS=f"openmp=True,openmp_runtime={library}", NEANO_NUM_THREADS="3") == "done"


def test_where_there_is_none_a_warning_says_so_and_workers_of_our_own_do_the_work() -> None:
    x = T.dvector()
    f, value = neano.function([x], T.exp(x)), np.zeros(300_000)
    with warnings.catch_warnings(record=True) as seen, config.change_flags(threads=2):
        warnings.simplefilter("always")
        with config.change_flags(openmp_runtime="libnot.so", openmp=True):
            assert (f(value) == 1).all()
            assert workers() > 0
            assert openmp_runtime() is None
    assert {each.category for each in seen} == {ConfigWarning}
    assert "openmp=True has no effect: no libnot.so" in str(seen[0].message)


def test_a_library_without_openmp_is_no_runtime() -> None:
    assert openmp.find_runtime("libm.so.6") is None
    assert openmp_runtime() is None


MAPS = """\
7f1000-7f2000 r--p 00000000 fe:01 1  /usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0
7f2000-7f3000 r-xp 00001000 fe:01 1  /usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0
7f3000-7f4000 r--p 00000000 fe:01 2  /opt/a folder/libiomp5.so
7f4000-7f5000 r--p 00000000 fe:01 3  /site/lib/libgomp-24e2ab19.so.1
7f5000-7f6000 rw-p 00000000 00:00 0
7f6000-7f7000 rw-p 00000000 00:00 0  [heap]
7f7000-7f8000 r--p 00000000 fe:01 4  /usr/lib/libcompile.so
7f8000-7f9000 r--p 00000000 fe:01 5  /usr/lib/libompimpl.so
"""


def test_what_is_loaded_is_found_those_first_that_survive_a_fork(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text(MAPS)
    assert list(openmp.loaded(tmp_path / "maps")) == [
        "/opt/a folder/libiomp5.so",
        "/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0",
        "/site/lib/libgomp-24e2ab19.so.1",
    ]
    assert list(openmp.loaded(tmp_path / "none")) == []
