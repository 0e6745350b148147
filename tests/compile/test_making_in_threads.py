"""Functions made, and graphs built, by several threads at once."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import neano.tensor as T
from neano import config, function


@pytest.fixture
def restless():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_flags_and_traces_are_as_if_each_thread_were_alone(restless):
    flags = {path: config.get(path) for path, *_ in config.walk()}
    failures = []
    begin = threading.Barrier(8)

    def make(number: int) -> None:
        begin.wait()
        for turn in range(12):
            x = T.dvector("x")
            y = x * number + turn
            if not any(code.co_name == "make" for code, _ in y.owner.trace):
                failures.append(f"the trace of {y} is {y.owner.trace}")
            value = function([x], y)(np.ones(2))
            if value.tolist() != [number + turn] * 2:
                failures.append(f"{number} + {turn} gave {value}")

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {path: config.get(path) for path, *_ in config.walk()} == flags
