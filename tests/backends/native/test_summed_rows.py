"""Rows that are combined into a number each, several in a pass: the numbers, their bits, what is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from backends.native.test_page_ends import fenced
from neano import function
from neano.backends.native.emit import host

RANDOM = np.random.default_rng(8)
ROWS = (0, 1, 2, 7, 8, 9, 16, 17, 33)
LENGTHS = (0, 1, 7, 8, 9, 15, 16, 17, 25, 31, 32, 33, 63, 64, 100, 129, 511, 512, 513, 1023, 1024, 1025, 2100)
PASSES = pytest.mark.skipif(host().vector_bytes < 32, reason="rows of two lanes")

GRAPHS: dict[str, tuple[Callable[[Any], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "sum": (lambda x: x.sum(axis=1), lambda x: x.sum(1)),
    "greatest": (lambda x: x.max(axis=1), lambda x: x.max(1)),
    "least": (lambda x: x.min(axis=1), lambda x: x.min(1)),
    "sum of squares": (lambda x: T.sqr(x).sum(axis=1), lambda x: (x * x).sum(1)),
    "function of the sum": (lambda x: x.sum(axis=1) * 2 + x.shape[1], lambda x: x.sum(1) * 2 + x.shape[1]),
}


def numbers(dtype: str, *shape: int) -> np.ndarray:
    return (RANDOM.standard_normal(shape) * 8).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "float16", "complex128"])
@pytest.mark.parametrize("name", GRAPHS)
def test_numbers(name: str, dtype: str) -> None:
    graph, expected = GRAPHS[name]
    x = T.matrix("x", dtype)
    if (dtype == "complex128" and name in ("greatest", "least")) or (dtype == "float16" and "sq" in name):
        pytest.skip("complex numbers have no order; squares overflow")
    compiled = function([x], graph(x))
    for rows in ROWS:
        for length in LENGTHS:
            if length == 0 and name in ("greatest", "least"):
                continue
            value = numbers(dtype, rows, length)
            found, wanted = compiled(value), expected(value)
            scale = np.abs(value.astype("complex128")).sum() ** 2 + 1
            tolerance = {"float16": 2e-3, "float32": 1e-6}.get(dtype, 1e-14)
            np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bits_of_a_row_do_not_depend_on_where_it_stands(dtype: str) -> None:
    x = T.matrix("x", dtype)
    compiled = function([x], [x.sum(axis=1), (x * x).sum(axis=1)])
    for length in LENGTHS[1:]:
        value = numbers(dtype, 19, length)
        whole = np.array(compiled(value))
        assert np.array(compiled(np.repeat(value, 2, axis=0)[::2])).tobytes() == whole.tobytes()
        assert np.array(compiled(value[::-1]))[:, ::-1].tobytes() == whole.tobytes()
        alone = np.array([compiled(value[k : k + 1]) for k in range(19)])
        assert alone[:, :, 0].T.tobytes() == whole.tobytes()
        with_gaps = compiled(np.repeat(value, 3, axis=1)[:, ::3])  # by the plain loop
        assert with_gaps[0].tobytes() == whole[0].tobytes()


def test_what_no_sum_can_repair() -> None:
    x = T.dmatrix("x")
    compiled = function([x], [x.sum(axis=1), x.max(axis=1)])
    value = np.zeros((12, 21))
    value[1, 3], value[2, 20], value[3, 0], value[3, 9] = np.nan, np.inf, np.inf, -np.inf
    value[4, :2], value[7, :3] = 1e308, (1e16, 1.0, -1e16)
    total, greatest = compiled(value)
    assert np.isnan(total[[1, 3]]).all()
    assert np.isnan(greatest[1])
    assert (total[[2, 4]] == np.inf).all()
    assert (total[8:] == 0).all()
    assert abs(total[7] - value[7].sum()) <= 2.0


def test_nothing_is_read_beyond_the_rows() -> None:
    x = T.matrix("x", "float32")
    compiled = function([x], x.sum(axis=1))
    for rows, length in ((1, 3), (5, 16), (16, 21), (17, 100)):
        for end in (True, False):
            value = fenced(numbers("float32", rows, length), end)
            np.testing.assert_allclose(compiled(value), value.sum(1), rtol=1e-4, atol=1e-4)


@PASSES
def test_which_rows_are_combined_in_passes() -> None:
    x, y, w = T.dmatrix("x"), T.dmatrix("y"), T.dvector("w")

    def passes(result: Any) -> bool:
        emitted = function([x, y, w], result, on_unused_input="ignore").stages.emitted
        return any("pass." in kernel.text for kernel in emitted.kernels)

    assert passes(x.sum(axis=1))
    assert passes((x * y).mean(axis=1))
    assert passes((x * w).sum(axis=1) + w[0])
    assert not passes(T.exp(x).sum(axis=1))  # computing takes the time
    assert not passes(x[:, ::2].sum(axis=1))  # its elements never stand together
    assert not passes(x.sum(axis=0))


def test_values_of_a_row_before_and_after() -> None:
    x, w, c = T.dmatrix("x"), T.dvector("w"), T.dtensor3("c")
    scaled = function([x, w], [(x * T.exp(w)[:, None]).sum(axis=1) / w, ((x - w[:, None]) ** 2).sum(axis=1)])
    value, weights = RANDOM.standard_normal((21, 13)), RANDOM.random(21) + 1
    first, second = scaled(value, weights)
    np.testing.assert_allclose(first, (value * np.exp(weights)[:, None]).sum(1) / weights)
    np.testing.assert_allclose(second, ((value - weights[:, None]) ** 2).sum(1))
    shifted = function([c], (c[1:, :, 2:] * c[:-1, ::-1, :-2]).sum(axis=2))
    cube = RANDOM.standard_normal((4, 11, 30))
    np.testing.assert_allclose(shifted(cube), (cube[1:, :, 2:] * cube[:-1, ::-1, :-2]).sum(2))
