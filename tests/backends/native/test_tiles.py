"""Matrices that are read across, tile by tile: numbers, what is left beside the tiles, lines past the cache, what is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from backends.native.test_page_ends import fenced
from neano import config, function
from neano.backends.native.emit import host, tiles

RANDOM = np.random.default_rng(21)
LENGTHS = (0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 70, 129)
DTYPES = ("float64", "float32", "int64", "int32", "int8", "complex64")


def numbers(dtype: str, *shape: int) -> np.ndarray:
    return (RANDOM.standard_normal(shape) * 9).astype(dtype)


def forms(x: np.ndarray) -> list[np.ndarray]:
    """Return arrays of the same numbers, with neighbours elsewhere."""
    return [
        x,
        x.copy("F"),
        x[::-1, ::-1].copy()[::-1, ::-1],
        np.repeat(x, 2, axis=1)[:, ::2],
        np.repeat(x, 2, axis=0)[::2],
    ]


@pytest.mark.parametrize("columns_at_a_time", [16, tiles.COLUMNS])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers(monkeypatch: pytest.MonkeyPatch, dtype: str, columns_at_a_time: int) -> None:
    monkeypatch.setattr(tiles, "COLUMNS", columns_at_a_time)
    x, y = T.matrix("x", dtype), T.matrix("y", dtype)
    with config.change_flags(cache_functions=False):
        compiled = function([x, y], [x.T * 2 + y, x.T - y * x.T, x.T + 0, (x + x).T])
    for rows in LENGTHS:
        for columns in LENGTHS[::2] if rows % 2 else LENGTHS:
            a, b = numbers(dtype, columns, rows), numbers(dtype, rows, columns)
            for left, right in [(each, b) for each in forms(a)] + [(a, each) for each in forms(b)]:
                expected = (a.T * 2 + b, a.T - b * a.T, a.T, (a + a).T)
                for found, wanted in zip(compiled(left, right), expected, strict=True):
                    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_axes_in_other_orders() -> None:
    x = T.tensor3("x", "float64")
    orders = [(0, 2, 1), (2, 1, 0), (1, 0, 2), (1, 2, 0), (2, 0, 1)]
    compiled = function([x], [x.dimshuffle(*order) * 2 + 1 for order in orders])
    for shape in ((3, 17, 20), (9, 16, 33), (1, 40, 40), (24, 1, 30)):
        value = numbers("float64", *shape)
        for found, order in zip(compiled(value), orders, strict=True):
            np.testing.assert_array_equal(found, value.transpose(order) * 2 + 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(2104, 1304), (2101, 1303)])
def test_results_past_the_cache(dtype: str, shape: tuple[int, int]) -> None:
    """With rows that begin at lines of the cache, and with others."""
    x, y = T.matrix("x", dtype), T.matrix("y", dtype)
    compiled = function([x, y], x.T * 2 + y)
    scale = max(1, round((host().cache_bytes / 2**25) ** 0.5 * 2))
    a, b = numbers(dtype, shape[0], shape[1] * scale), numbers(dtype, shape[1] * scale, shape[0])
    for _ in range(2):
        np.testing.assert_array_equal(compiled(a, b), a.T * 2 + b)


def test_nothing_is_read_beyond_the_matrix() -> None:
    x, y = T.dmatrix("x"), T.dmatrix("y")
    compiled = function([x, y], x.T + y)
    for shape in ((8, 8), (16, 24), (17, 23), (5, 40)):
        for end in (True, False):
            a, b = fenced(numbers("float64", *shape), end), fenced(numbers("float64", *shape[::-1]), end)
            np.testing.assert_array_equal(compiled(a, b), a.T + b)


@pytest.mark.skipif(host().vector_bytes < 32, reason="vectors of fewer than four lanes")
def test_which_nests_have_tiles() -> None:
    x, y, w, i = T.dmatrix("x"), T.dmatrix("y"), T.dvector("w"), T.lvector("i")

    def has(result: Any) -> bool:
        emitted = function([x, y, w, i], result, on_unused_input="ignore").stages.emitted
        return any("tile." in kernel.text for kernel in emitted.kernels)

    assert has(x.T + y)
    assert has(x.T * w + w[0])
    assert has((x.T - 1) * y)
    assert not has(x + y)
    assert not has(T.exp(x.T) + y)  # computing takes the time
    assert not has((x.T + y).sum(axis=1))
    assert not has(x[i].T + y)
