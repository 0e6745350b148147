"""The pool and the memory of results load with the first job and the first result that are large, and not before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backends.native.runtime.test_pool import fresh

PREAMBLE = """
        import sys, numpy as np, neano, neano.tensor as T
        def loaded():
            gates = sys.modules["neano.backends.native.runtime.gates"]
            return [name for gate, name in gates._BEHIND.items() if gate in gates._servers]
        def kind(array):
            return str(np._core.multiarray.get_handler_name(array))
        x = T.dvector("x")
        f = neano.function([x], T.exp(x) * 2)
"""


def test_small_calls_load_neither():
    code = (
        PREAMBLE
        + """
        for n in (0, 1, 10, 1000):
            f(np.ones(n))
        print(loaded())
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3") == "[]"


def test_the_pool_is_generated_after_the_first_function_and_not_again(tmp_path: Path):
    code = (
        PREAMBLE
        + """
        from neano.backends.native.runtime import default_cache, objects
        import threading
        for each in threading.enumerate():
            if each.name == "neano code generation":
                each.join()
        made = []
        generate = objects.generate_object
        objects.generate_object = lambda module: made.append(module.name) or generate(module)
        f(np.ones(1_000_000))
        print(loaded(), made)
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3", NEANO_CACHE_DIR=str(tmp_path)) == "['pool', 'memory'] ['memory']"


def test_the_first_large_call_loads_both_and_its_result_is_right():
    code = (
        PREAMBLE
        + """
        data = np.linspace(0, 1, 1_000_000)
        first = f(data)
        second = f(data)
        print(loaded(), np.array_equal(first, second), np.allclose(first, np.exp(data) * 2), kind(second))
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3") == "['pool', 'memory'] True True neano"


def test_a_job_under_the_gil_goes_on_alone_and_the_pool_comes_after_it():
    """What is written in place is written with the GIL held: nobody may look at it, nor load anything meanwhile."""
    code = (
        PREAMBLE
        + """
        from neano.backends.native.runtime.pool import workers
        s = neano.shared(np.zeros(200_000))
        g = neano.function([], [], updates=[(s, T.exp(s) * 0.5 + 1)])
        values = np.zeros(200_000)
        for _ in range(4):
            g()
            values = np.exp(values) * 0.5 + 1
        print("pool" in loaded(), np.allclose(s.get_value(), values), workers() > 0)
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3") == "True True True"


def test_many_threads_ask_at_the_same_time():
    code = (
        PREAMBLE
        + """
        import threading
        data = np.linspace(0, 1, 500_000)
        results = []
        threads = [threading.Thread(target=lambda: results.append(f(data))) for _ in range(8)]
        for each in threads: each.start()
        for each in threads: each.join()
        print(len(results), all(np.array_equal(r, results[0]) for r in results), loaded())
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3") == "8 True ['pool', 'memory']"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_asks_for_itself():
    code = (
        PREAMBLE
        + """
        import os
        child = os.fork()
        f(np.ones(1_000_000))
        f(np.ones(1_000_000))
        good = loaded() == ["pool", "memory"]
        if child == 0:
            os._exit(0 if good else 1)
        print(good, os.waitpid(child, 0)[1])
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3") == "True 0"


def test_a_loader_that_fails_is_reported_and_costs_no_result():
    code = (
        PREAMBLE
        + """
        import neano.backends.native.runtime.pool as pool_module
        told = []
        sys.unraisablehook = lambda args: told.append(type(args.exc_value).__name__)
        def broken():
            raise RuntimeError("no threads today")
        pool_module.pool = broken
        for _ in range(3):
            result = f(np.zeros(1_000_000))
        print(told, result.min(), result.max())
        """
    )
    assert fresh(code, NEANO_NUM_THREADS="3") == "['RuntimeError'] 2.0 2.0"
