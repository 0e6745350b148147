"""What is loaded once, when several threads ask for it first."""

from __future__ import annotations

import os
import threading
import time

import pytest

from backends.native.runtime.test_pool import fresh, in_threads
from neano.backends.native.runtime.once import once


def test_threads_that_come_at_once_get_the_same() -> None:
    calls: list[int] = []
    together = threading.Barrier(8)

    @once
    def load() -> object:
        calls.append(1)
        time.sleep(0.01)
        return object()

    seen: list[object] = []

    def work(k: int) -> None:
        together.wait()
        seen.append(load())

    in_threads(8, work)
    assert len(calls) == 1
    assert len({id(each) for each in seen}) == 1
    assert load.__name__ == "load"


def test_a_load_that_fails_is_tried_again() -> None:
    outcomes = [ValueError("first"), None]

    @once
    def load() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    with pytest.raises(ValueError, match="first"):
        load()
    assert load() is None
    assert load() is None
    assert outcomes == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_forked_process_does_not_wait_for_a_thread_of_its_parent() -> None:
    begun, end = threading.Event(), threading.Event()

    @once
    def load() -> int:
        begun.set()
        end.wait(30)
        return os.getpid()

    loading = threading.Thread(target=load)
    loading.start()
    begun.wait()
    child = os.fork()
    if child == 0:
        end.set()
        os._exit(0 if load() == os.getpid() else 1)
    assert os.waitpid(child, 0)[1] == 0
    end.set()
    loading.join()
    assert load() == os.getpid()


def test_the_first_functions_of_a_process_are_made_by_eight_threads_at_once(tmp_path: object) -> None:
    code = """
        import threading
        import numpy as np, neano, neano.tensor as T
        errors, together = [], threading.Barrier(8)
        def work(k):
            try:
                together.wait()
                for i in range(2):
                    x, y, s = T.dvector(), T.dmatrix(), neano.shared(0.0)
                    outputs = [T.exp(x) * (k % 3 + i), T.dot(y, y), T.dot(y, x).sum()]
                    f = neano.function([x, y], outputs, updates=[(s, s + x[0])])
                    for _ in range(3):
                        found = f(np.ones(4), 2 * np.eye(4))
                    assert np.allclose(found[0], np.e * (k % 3 + i)) and found[1].sum() == 16 and found[2] == 8
                    assert s.get_value() == 3
            except BaseException as error:
                errors.append(repr(error))
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        print(errors)
        """
    assert fresh(code, NEANO_CACHE_DIR=str(tmp_path)) == "[]"
