"""Functions on several threads: the same bits for any number of them, Python threads at the same time, BLAS's own threads."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.runtime.test_pool import fresh, in_threads
from neano.backends.native.runtime import symbols
from neano.backends.native.runtime.blas_threads import ENTER, LEAVE, blas_threads
from neano.backends.native.runtime.pool import workers
from neano.config import config

RNG = np.random.default_rng(3)


def matrices(*shapes):
    return [RNG.standard_normal(shape) for shape in shapes]


def row_softmax(x):
    e = T.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def layer_norm(x):
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / T.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)


PROGRAMS = {
    "elementwise": (lambda x: [T.tanh(x) * 2 + x**2, T.exp(-x)], [(317, 1013)]),
    "transcendental": (lambda x: [T.sin(x) / T.log1p(x * x)], [(100_003, 1)]),
    "broadcast": (lambda x, y: [x * y[0] + y[:, 0].dimshuffle(0, "x")], [(1000, 301), (1000, 301)]),
    "transposed": (lambda x, y: [x + y.T], [(700, 501), (501, 700)]),
    "softmax": (lambda x: [row_softmax(x)], [(900, 257)]),
    "softmax gradient": (lambda x: [neano.grad((row_softmax(x) ** 3).sum(), x)], [(500, 111)]),
    "layer norm": (lambda x: [layer_norm(x)], [(900, 257)]),
    "sums of rows": (lambda x: [x.sum(axis=1), x.max(axis=1), x.argmin(axis=1)], [(2003, 401)]),
    "sums of columns": (lambda x: [x.sum(axis=0), x.max(axis=0)], [(2003, 401)]),
    "sums of all": (lambda x: [x.sum(), (x * x).mean(), x.min(), T.exp(x).prod()], [(1003, 401)]),
    "gather": (lambda x, y: [x[T.cast(abs(y[:, 0] * 50), "int64")] * 2], [(1000, 300), (5000, 1)]),
    "products": (lambda x, y: [T.dot(x, y), T.dot(y, x), T.dot(y.T, x.T)], [(251, 603), (603, 251)]),
    "thin products": (lambda x, y: [T.dot(x, y), T.dot(y.T, x.T)], [(3, 1500), (1500, 2001)]),
    "matrix by vector": (lambda x, y: [T.dot(x, y[:, 0]), T.dot(y[:, 0], x.T)], [(3001, 1201), (1201, 1)]),
    "batches": (
        lambda x, y: [T.batched_dot(x.reshape((4, 100, 150)), y.reshape((4, 150, 200)))],
        [(400, 150), (600, 200)],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_bits_for_any_number_of_threads(name):
    build, shapes = PROGRAMS[name]
    inputs = [T.dmatrix() for _ in shapes]
    f = neano.function(inputs, build(*inputs))
    values = matrices(*shapes)
    with config.change_flags(threads=1):
        expected = f(*values)
    for threads in (2, 3, 8):
        with config.change_flags(threads=threads):
            for _ in range(3):
                for found, one in zip(f(*values), expected, strict=True):
                    np.testing.assert_array_equal(found, one)


def test_float32_too():
    x = T.fmatrix()
    f = neano.function([x], [T.dot(x, x.T), row_softmax(x)])
    value = RNG.standard_normal((301, 703)).astype("float32")
    results = []
    for threads in (1, 2, 3, 8):
        with config.change_flags(threads=threads):
            results.append(f(value))
    for other in results[1:]:
        for found, one in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(found, one)


def test_workers_are_as_many_as_the_flag_says_and_no_more_than_needed():
    code = """
        import numpy as np, neano, neano.tensor as T
        from neano.backends.native.runtime.pool import workers
        from neano.config import config
        x = T.dvector()
        f = neano.function([x], T.exp(x))
        value, counts = np.ones(10**6), []
        for threads in (1, 3, 2, 5):
            with config.change_flags(threads=threads):
                f(value)
                counts.append(workers())
        print(counts)
        """
    assert fresh(code) == "[0, 2, 2, 4]"


def test_eight_python_threads_share_one_function():
    x = T.dmatrix("x")
    f = neano.function([x], [T.tanh(x).sum(axis=1), T.dot(x, x.T), T.exp(x)])
    values = matrices(*[(200 + 10 * k, 301) for k in range(8)])
    with config.change_flags(threads=3):
        expected = [f(value) for value in values]

        def work(k: int) -> None:
            for _ in range(25):
                for found, one in zip(f(values[k]), expected[k], strict=True):
                    np.testing.assert_array_equal(found, one)

        in_threads(8, work)
    assert workers() >= 2


def test_a_function_is_dropped_while_it_runs():
    value = np.ones(400_000)

    def work(k: int) -> None:
        for i in range(4):
            x = T.dvector()
            box = [neano.function([x], T.exp(x * (k + i + 1)))]
            other = threading.Thread(target=lambda box=box: box.pop()(value))
            other.start()
            other.join()
            assert box == []

    with config.change_flags(threads=3):
        in_threads(2, work)


def test_fork_while_another_thread_runs_a_function():
    x = T.dmatrix()
    f = neano.function([x], [T.exp(x), T.dot(x, x)])
    value = RNG.standard_normal((400, 400))
    with config.change_flags(threads=3):
        expected = f(value)
        stop = threading.Event()
        busy = threading.Thread(target=lambda: [f(value) for _ in iter(stop.is_set, True)])
        busy.start()
        for _ in range(4):
            child = os.fork()
            if child == 0:
                good = all((found == one).all() for found, one in zip(f(value), expected, strict=True))
                os._exit(0 if good else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        busy.join()


def test_large_work_runs_without_the_gil():
    """While a long call runs, another Python thread goes on."""
    x = T.dvector()
    f = neano.function([x], T.sin(T.exp(x)))
    value = np.ones(3_000_000)
    f(value)
    ticks, stop = [0], threading.Event()

    def count() -> None:
        while not stop.is_set():
            ticks[0] += 1

    other = threading.Thread(target=count)
    other.start()
    progress = []
    for _ in range(20):  # on a busy machine the other thread may get no core during one call
        before = ticks[0]
        f(value)
        progress.append(ticks[0] - before)
    stop.set()
    other.join()
    assert max(progress) > 100


def test_the_threads_of_blas_are_held():
    x = T.dmatrix()
    f = neano.function([x], T.dot(x, x))
    value = RNG.standard_normal((300, 300))
    f(value)
    found = blas_threads()
    assert found is not None
    kept = int(found.get())
    for threads in (1, 2):
        with config.change_flags(threads=threads):
            assert found.get() == min(threads, found.most)
            f(value)
            assert found.get() == min(threads, found.most)
    assert found.get() == kept
    found.set(1)  # by the user
    f(value)
    assert found.get() == 1
    found.hold()


def test_while_a_product_is_shared_blas_uses_one_thread_however_many_are_inside():
    found = blas_threads()
    assert found is not None
    enter, leave = (ctypes.CFUNCTYPE(None)(symbols.address(name)) for name in (ENTER, LEAVE))
    before = int(found.get())
    found.set(2)
    try:
        counts = [int(found.get())]
        for step in (enter, enter, leave):
            step()
            counts.append(int(found.get()))
        child = os.fork()
        if child == 0:  # nobody is inside there
            os._exit(int(found.get() != 2))
        assert os.waitpid(child, 0)[1] == 0
        leave()
        counts.append(int(found.get()))
        assert counts == [2, 1, 1, 1, 2]
    finally:
        found.set(before)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_products_keep_no_more_threads_busy_than_asked_for():
    """Threads of our own and of BLAS together, by the time that each of the process's threads has spent on a processor."""
    code = """
        import os, time, numpy as np, neano, neano.tensor as T
        x = T.dmatrix()
        f = neano.function([x], [T.dot(x, x), T.exp(x), T.dot(T.tanh(x), x)])
        value = np.ones((500, 500))
        for _ in range(5):
            f(value)
        time.sleep(0.5)  # what the first large job asked for has been compiled, on a thread of its own
        def spent():
            ticks = {}
            for task in os.listdir("/proc/self/task"):
                with open(f"/proc/self/task/{task}/stat") as file:
                    ticks[task] = sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
            return ticks
        before = spent()
        for _ in range(20):
            f(value)
        print(sum(after - before.get(task, 0) > 3 for task, after in spent().items()))
        """
    for threads in (1, 2, 3):
        assert 1 <= int(fresh(code, NEANO_NUM_THREADS=str(threads))) <= threads
