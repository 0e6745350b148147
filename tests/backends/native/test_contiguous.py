"""Reshapes of inputs: the input's own memory where it is contiguous, a copy where it is not; the same numbers always."""

from __future__ import annotations

import numpy as np
import pytest

import neano.tensor as T
from neano import function, shared
from neano.backends.native.ir import Invoke
from neano.compile.as_op import as_op

X = T.dmatrix("x")
VALUE = np.arange(24.0).reshape(4, 6)
LAYOUTS = {
    "C": VALUE,
    "F": np.asfortranarray(VALUE),
    "gaps": np.repeat(VALUE, 2, axis=1)[:, ::2],
    "backwards": np.ascontiguousarray(VALUE[::-1])[::-1],
    "rows left out": np.repeat(VALUE, 2, axis=0)[::2],
    "empty": np.ones((4, 0)),
    "one row": VALUE[:1],
    "one column": VALUE[:, 2:3],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout(name):
    value = LAYOUTS[name]
    compiled = function(
        [X], [X.flatten() + 1, X.flatten(), (X.T.flatten() * 2).sum(), T.dot(X.reshape((-1, 2)).T, X.reshape((-1, 2)))]
    )
    expected = [value.ravel() + 1, value.ravel(), (value * 2).sum(), value.reshape(-1, 2).T @ value.reshape(-1, 2)]
    for _ in range(2):
        for found, wanted in zip(compiled(value), expected, strict=True):
            np.testing.assert_allclose(found, wanted)
            assert not np.shares_memory(found, value)


def test_a_contiguous_input_is_not_copied():
    compiled = function([X], T.exp(X.reshape((-1, 3))).sum(axis=1))
    calls = [s.routine for s in compiled.stages.program.body if isinstance(s, Invoke)]
    assert calls == ["as_contiguous"]


def test_python_gets_memory_that_stays():
    kept = []

    @as_op(itypes=[T.dvector], otypes=[T.dvector])
    def keep(v):
        kept.append(v)
        return v + 1

    compiled = function([X], keep(X.flatten()))
    for value in LAYOUTS.values():
        given = value.copy(order="K")
        np.testing.assert_array_equal(compiled(given), value.ravel() + 1)
    del given
    for found, value in zip(kept, LAYOUTS.values(), strict=True):
        np.testing.assert_array_equal(found, value.ravel())


def test_a_reshaped_value_is_not_overwritten_while_it_is_read():
    w = shared(VALUE.copy())
    step = function([], [], updates=[(w, w + w.flatten()[::-1].reshape((4, 6)))])
    step()
    np.testing.assert_array_equal(w.get_value(), VALUE + VALUE.ravel()[::-1].reshape(4, 6))
    again = function([], w.flatten(), updates=[(w, w + 1)])
    before = w.get_value()
    np.testing.assert_array_equal(again(), before.ravel())
    np.testing.assert_array_equal(w.get_value(), before + 1)
