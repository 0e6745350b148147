"""Memory stands still over many calls of whole functions: products, random states, updates, Python inside, errors inside."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.runtime.test_ownership import raising, resident, standing_still
from neano.backends.native.runtime.entry import FREE_THREADED
from neano.graph.op import Op
from neano.random import RandomStreams


class Sometimes(Op):
    """Twice a vector; an error where it starts with a negative number."""

    __props__ = ()
    itypes: ClassVar = [T.dvector]
    otypes: ClassVar = [T.dvector]

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        if inputs[0][0] < 0:
            raise ArithmeticError("negative")
        output_storage[0][0] = 2 * inputs[0]


def elementwise() -> Callable[[], Any]:
    x, value = T.dvector("x"), np.ones(20)
    f = neano.function([x], [T.exp(x), T.tanh(x).sum()])
    return lambda: f(value)


def large_results() -> Callable[[], Any]:
    x, value = T.dvector("x"), np.ones(10_000)
    f = neano.function([x], [x + 1, x * 2])
    return lambda: f(value)


def products() -> Callable[[], Any]:
    x, value = T.dmatrix("x"), np.ones((40, 40))
    f = neano.function([x], T.dot(x, x.T) + T.dot(x, x[0]))
    return lambda: f(value)


def keywords() -> Callable[[], Any]:
    x, y, value = T.dvector("x"), T.dvector("y"), np.ones(5)
    f = neano.function([x, neano.In(y, value=np.ones(5))], x + y)
    return lambda: (f(x=value), f(value), f(value, y=[1, 2, 3, 4, 5]))


def updates() -> Callable[[], Any]:
    s, t, x, value = neano.shared(np.zeros(20)), neano.shared(0.0), T.dvector("x"), np.ones(20)
    f = neano.function([x], [s.sum(), s], updates=[(s, s * 0.5 + x), (t, t + s[0])])
    return lambda: f(value)


def steps_in_place() -> Callable[[], Any]:
    s, x, value = neano.shared(np.zeros((30, 30))), T.dmatrix("x"), np.ones((30, 30))
    f = neano.function([x], [], updates=[(s, 0.9 * s + T.dot(x, x.T))])
    return lambda: f(value)


def random_numbers() -> Callable[[], Any]:
    streams = RandomStreams(1)
    f = neano.function([], [streams.uniform((5,)), streams.normal((3,)), streams.binomial((2,))])
    return f


def python_inside() -> Callable[[], Any]:
    x, value = T.dvector("x"), np.ones(5)
    f = neano.function([x], Sometimes()(x + 1).sum())
    return lambda: f(value)


def error_in_python() -> Callable[[], Any]:
    s, x, value = neano.shared(np.zeros(5)), T.dvector("x"), -np.ones(5)
    f = neano.function([x], [x + s, Sometimes()(x)], updates=[(s, s + x)])
    return raising(f, ArithmeticError, value)


def error_in_an_index() -> Callable[[], Any]:
    x, i, value = T.dvector("x"), T.lvector("i"), np.ones(5)
    f = neano.function([x, i], [x * 2, x[i]])
    return raising(f, IndexError, value, np.array([1, 7]))


def error_in_lengths() -> Callable[[], Any]:
    s, x, y = neano.shared(np.zeros(5)), T.dvector("x"), T.dvector("y")
    f = neano.function([x, y], x + y, updates=[(s, s + x)])
    return raising(f, ValueError, np.ones(5), np.ones(4))


def wrong_types() -> Callable[[], Any]:
    x = T.dvector("x")
    f = neano.function([x], x + 1)
    return raising(f, TypeError, np.ones((2, 2)))


KINDS = (
    elementwise, large_results, products, keywords, updates, steps_in_place, random_numbers, python_inside,
    error_in_python, error_in_an_index, error_in_lengths, wrong_types,
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "count"),
    [(kind, 2_000) for kind in KINDS] + [pytest.param(kind, 200_000, marks=pytest.mark.long) for kind in KINDS],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_memory_stands_still(kind: Callable[[], Callable[[], Any]], count: int) -> None:
    call = kind()
    standing_still(call, count // 10)
    before = resident() if sys.platform == "linux" else 0
    blocks, counts = standing_still(call, count)
    assert blocks < 100, "blocks leak"
    assert max(map(abs, counts)) < 100, "references leak or vanish"
    if sys.platform == "linux":
        assert resident() - before < (8 if FREE_THREADED else 2) * 2**20, "bytes leak"
