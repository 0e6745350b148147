"""What a call costs, against `numpy.add` in the same run, with bodies as the emitter would write them."""

from __future__ import annotations

import timeit
from typing import Any

import numpy as np
import pytest

from backends.native.runtime.bodies import ACCUMULATE_SIGNATURE, ACCUMULATE_WITHOUT_COPY, adder, function
from neano.backends.native.runtime.entry import FREE_THREADED


def nanoseconds(call: Any, *args: Any) -> float:
    names = "abc"[: len(args)]
    statement = f"call({', '.join(names)})"
    times = timeit.repeat(
        statement, globals={"call": call, **dict(zip(names, args, strict=True))}, number=20_000, repeat=25
    )
    return min(times) / 20_000 * 1e9


@pytest.mark.skipif(FREE_THREADED, reason="the bounds are those of a CPython with the GIL")
def test_calls_are_cheaper_than_numpys() -> None:
    a, b, storage = np.array(2.0), np.array(3.0), [np.array(0.0)]
    add = adder()
    accumulate = function(ACCUMULATE_SIGNATURE, ACCUMULATE_WITHOUT_COPY, storages=[storage])
    numpy = nanoseconds(np.add, a, b)
    ratios = (nanoseconds(add, a, b) / numpy, nanoseconds(accumulate, a) / numpy)
    print(f"numpy.add {numpy:.0f} ns; x + y {ratios[0]:.2f}, accumulator {ratios[1]:.2f} of it")
    assert ratios[0] <= 0.35
    assert ratios[1] <= 0.45
