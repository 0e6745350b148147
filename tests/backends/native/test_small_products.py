"""Products of small matrices in generated code, and batches on several threads."""

from __future__ import annotations

import numpy as np
import pytest

import neano.tensor as T
from neano import config, function
from neano.backends.native.calls import matrix

RANDOM = np.random.default_rng(6)
LENGTHS = (0, 1, 2, 3, 5, 8, 9, 16, 17)


def layouts(value):
    """Yield a matrix by rows, by columns, and as a window with steps of its own."""
    yield value
    yield np.asfortranarray(value)
    wide = np.zeros((2 * value.shape[0], 3 * value.shape[1]), value.dtype)
    wide[::-2, ::3] = value
    yield wide[::-2, ::3]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("m", LENGTHS)
def test_products_of_every_small_size(dtype, m):
    a, b, c = (T.TensorType(dtype, (False, False))(name) for name in "abc")
    product = function([a, b], T.dot(a, b))
    added = function([a, b, c], 0.5 * c - 2 * T.dot(a, b))
    tolerance = {"rtol": 1e-5, "atol": 1e-4} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-12}
    for n in LENGTHS:
        for k in LENGTHS:
            x, y, z = (RANDOM.standard_normal(s).astype(dtype) for s in ((m, k), (k, n), (m, n)))
            for left, right in zip(layouts(x), layouts(y), strict=True):
                np.testing.assert_allclose(product(left, right), x @ y, **tolerance)
            np.testing.assert_allclose(added(x, y, z), 0.5 * z - 2 * (x @ y), **tolerance)


def test_what_is_no_number_passes_through():
    a, b = T.dmatrix("a"), T.dmatrix("b")
    x = np.array([[np.inf, 1.0], [np.nan, 2.0]])
    found = function([a, b], T.dot(a, b))(x, np.ones((2, 1)))
    assert found[0, 0] == np.inf
    assert np.isnan(found[1, 0])


def test_small_products_have_code_of_their_own():
    a, b = T.dmatrix("a"), T.dmatrix("b")
    texts = dict(function([a, b], T.dot(a, b)).stages.emitted.modules)
    assert "fmuladd" in texts["neano_product_d"]


@pytest.mark.parametrize("shape", [(7, 5, 4, 3), (3, 40, 30, 20), (0, 2, 2, 2), (1, 64, 64, 64)])
def test_batches_on_threads(monkeypatch, shape):
    monkeypatch.setattr(matrix, "GRAIN", 1)
    count, m, n, k = shape
    a, b = T.dtensor3("a"), T.dtensor3("b")
    with config.change_flags(cache_functions=False):
        compiled = function([a, b], T.batched_dot(a, b))
    x, y = RANDOM.standard_normal((count, m, k)), RANDOM.standard_normal((count, k, n))
    found = []
    for threads in (1, 2, 3, 8):
        with config.change_flags(threads=threads):
            found.append(compiled(x, y))
    np.testing.assert_allclose(found[0], x @ y, rtol=1e-11, atol=1e-12)
    assert all(each.tobytes() == found[0].tobytes() for each in found)
