"""Every second element and backwards: from vectors in registers where indices say so and elements stand side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from backends.native.test_page_ends import fenced
from neano import function
from neano.backends.native.emit import host

RANDOM = np.random.default_rng(12)
LENGTHS = (*range(2, 70, 2), 126, 128, 130, 1000, 1022, 1024, 1026, 4098)
DTYPES = ("float64", "float32", "int8", "int32", "bool", "float16", "complex128")


def numbers(dtype: str, *shape: int) -> np.ndarray:
    return (RANDOM.standard_normal(shape) * 5).astype(dtype)


def parts(x: Any, y: Any) -> list[Any]:
    """Return what is looked at, of tensors or arrays of the same even length."""
    times = (lambda a, b: a & b) if x.dtype == "bool" else (lambda a, b: a * b)
    half = y[::2]
    return [
        times(x[::2], y[1::2]),
        times(x[::-1], y),
        times(x[:0:-1], x[1:]),
        times(times(x[::-1][: half.shape[0]], half), y[1::2]),
        times(x[1::2], x[::-2]),
    ]


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers(dtype: str) -> None:
    x, y = T.vector("x", dtype), T.vector("y", dtype)
    compiled = function([x, y], parts(x, y))
    for length in LENGTHS:
        a, b = numbers(dtype, length), numbers(dtype, length)
        for p, q in ((fenced(a), fenced(b)), (fenced(a, False), b), (np.repeat(a, 2)[::2], b), (a[::-1], b[::-1])):
            for found, expected in zip(compiled(p, q), parts(p, q), strict=True):
                np.testing.assert_allclose(found, expected, rtol=2e-3 if dtype == "float16" else 1e-6)


def test_results_past_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = T.dvector("x"), T.dvector("y")
    compiled = function([x, y], x[::2] * y[1::2] + x[1::2])
    length = 6 * host().cache_bytes // 8 // 10 * 2 + 6
    a, b = np.arange(length, dtype="float64"), np.ones(length)
    np.testing.assert_array_equal(compiled(a, b), a[::2] + a[1::2])


def test_bits_are_those_of_a_copy() -> None:
    """Whole vectors, the rest of a loop, and elements with gaps."""
    x = T.dvector("x")
    compiled = function([x], T.exp(x[::2]) * x[::-2])
    for length in LENGTHS:
        value = numbers("float64", length)
        assert compiled(value).tobytes() == compiled(np.repeat(value, 3)[::3]).tobytes()


@pytest.mark.skipif(host().vector_bytes < 32, reason="two lanes")
def test_which_loops_have_two_forms() -> None:
    x, y, i = T.dvector("x"), T.dvector("y"), T.lvector("i")

    def forms(result: Any) -> int:
        emitted = function([x, y, i], result, on_unused_input="ignore").stages.emitted
        return sum("direct." in kernel.text for kernel in emitted.kernels)

    assert forms(x[::2] + y[1::2]) == 1
    assert forms(x[::-1] * y) == 1
    assert forms(x * y) == 0
    assert forms(x[::3] + 1) == 0
    assert forms(x[::2][i] * 2) == 0
