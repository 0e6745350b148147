"""Scratch memory that is taken over from a value that nobody reads any more."""

from __future__ import annotations

import numpy as np
import pytest

import neano
import neano.tensor as T
from neano.backends.native.emit.body import _last_uses
from neano.backends.native.emit.inherited import inherited
from neano.backends.native.emit.statements import views_of
from neano.backends.native.ir import Program
from neano.config import config


def pairs(program: Program) -> dict[str, str]:
    views = views_of(program)
    return inherited(program, views, _last_uses(program, views))


def chained(x, w):
    return T.dot(T.tanh(T.dot(x, w)), w)


def with_a_sum_beside(x, w):
    hidden = T.tanh(T.dot(x, w) * 2)
    return T.dot(hidden, w) + hidden.sum(axis=0)


def gradient(x, w):
    return neano.grad((T.tanh(T.dot(T.tanh(T.dot(x, w)), w)) ** 2).sum(), w)


def read_again(x, w):
    product = T.dot(x, w)
    return T.dot(T.tanh(product), w) + T.dot(product, w)


def other_elements(x, w):
    product = T.dot(x, w)
    return T.dot(T.tanh(product[::-1]) + 1, w)


def turned(x, w):
    product = T.dot(x, w)
    return T.dot(T.tanh(product + product.T), w)


def rows(x, w):
    product = T.dot(x, w)
    return T.dot(T.exp(product - product.max(axis=1, keepdims=True)), w)


def other_size(x, w):
    return T.dot(T.cast(T.tanh(T.dot(x, w)), "float32"), T.cast(w, "float32"))


@pytest.mark.parametrize(
    ("build", "shared"),
    [
        (chained, True),
        (with_a_sum_beside, True),
        (gradient, True),
        (read_again, False),
        (other_elements, False),
        (turned, False),
        (rows, False),
        (other_size, False),
    ],
)
def test_memory_is_taken_over_where_each_element_is_read_for_the_last_time(build, shared):
    x, w = T.dmatrices("x", "w")
    f = neano.function([x, w], build(x, w))
    program = f.stages.program
    assert bool(pairs(program)) == shared
    rng = np.random.default_rng(3)
    left, right = rng.standard_normal((2, 67, 67))
    expected = neano.function([x, w], build(x, w), mode=neano.compile.mode.Mode(backend="reference"))(left, right)
    single = build is other_size  # sums of 67 products below 10, in float32
    for threads in (1, 3):
        with config.change_flags(threads=threads):
            np.testing.assert_allclose(
                f(left, right), expected, rtol=1e-5 if single else 1e-11, atol=2e-5 if single else 1e-12
            )


def test_a_chain_of_values_has_the_memory_of_one_or_two():
    x, w = T.dmatrices("x", "w")
    value = x
    for _ in range(6):
        value = T.tanh(T.dot(value, w))
    found = pairs(neano.function([x, w], value).stages.program)
    assert len(found) == 5
    assert len(set(found.values())) == 5
