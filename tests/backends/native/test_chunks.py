"""Reductions in chunks: the same bits for any number of threads, and the same numbers as NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import neano.tensor as T
from neano import config, function
from neano.backends.native.emit import chunks, kernel_calls, row_passes


@pytest.fixture
def small_chunks(monkeypatch):
    """Let a few hundred elements be worth a thread."""
    monkeypatch.setattr(kernel_calls, "GRAIN_WORK", 40)
    monkeypatch.setattr(kernel_calls, "ELEMENTS", 64)
    monkeypatch.setattr(kernel_calls, "COLUMNS_FROM", 128)
    monkeypatch.setattr(kernel_calls, "COLUMNS", 64)
    monkeypatch.setattr(row_passes, "COLUMN_BYTES", 1024)
    monkeypatch.setattr(chunks, "LEAST_ROWS", 2)
    with config.change_flags(cache_functions=False):
        yield


X, V, M, C, K = T.dmatrix("x"), T.dvector("v"), T.lmatrix("m"), T.dtensor3("c"), T.btensor3("k")
RANDOM = np.random.default_rng(5)
MATRIX, VECTOR = RANDOM.standard_normal((317, 23)), RANDOM.standard_normal(5003)
WIDE, CUBE = RANDOM.standard_normal((21, 700)), RANDOM.standard_normal((9, 35, 40))
NUMBERS = RANDOM.integers(-50, 50, (301, 7))
NARROW = RANDOM.integers(-2, 3, (5, 19, 33), "int8")
CASES = {
    "sum": (V, V.sum(), VECTOR, np.sum),
    "sum of complex numbers": (V, (V + 1j * V).sum(), VECTOR, lambda v: (v + 1j * v).sum()),
    "product": (V, T.exp(V / 100).prod(), VECTOR, lambda v: np.exp(v / 100).prod()),
    "maximum": (V, V.max(), VECTOR, np.max),
    "argmax": (V, V.argmax(), VECTOR, np.argmax),
    "first of equal ones": (V, T.floor(V).argmax(), VECTOR, lambda v: np.floor(v).argmax()),
    "sum of a matrix": (X, X.sum(), MATRIX, np.sum),
    "sum of a turned matrix": (X, X.sum(), MATRIX.T, np.sum),
    "sum of a matrix with gaps": (X, X.sum(), MATRIX[::2, ::-3], np.sum),
    "columns": (X, X.sum(axis=0), MATRIX, lambda x: x.sum(0)),
    "columns of a wide matrix": (X, X.sum(axis=0), WIDE, lambda x: x.sum(0)),
    "columns of a wide turned matrix": (X, X.sum(axis=0), WIDE.copy("F"), lambda x: x.sum(0)),
    "columns of every second row": (X, X.max(axis=0), WIDE[::-2], lambda x: x.max(0)),
    "first of three axes": (C, C.sum(axis=0), CUBE, lambda c: c.sum(0)),
    "first of three turned axes": (C, C.sum(axis=0), CUBE.transpose(2, 0, 1), lambda c: c.sum(0)),
    "middle of three axes": (C, C.sum(axis=1), CUBE, lambda c: c.sum(1)),
    "first two of three axes": (C, (C * C).sum(axis=(0, 1)), CUBE, lambda c: (c * c).sum((0, 1))),
    "integers of the middle axis": (K, T.prod(K, axis=1), NARROW, lambda k: k.prod(1)),
    "columns of a turned matrix": (X, X.sum(axis=0), MATRIX.T, lambda x: x.sum(0)),
    "least of columns": (X, X.min(axis=0), MATRIX, lambda x: x.min(0)),
    "product of columns": (X, T.exp(X / 9).prod(axis=0), MATRIX, lambda x: np.exp(x / 9).prod(0)),
    "all of columns": (M, T.all(M > -49, axis=0), NUMBERS, lambda m: (m > -49).all(0)),
    "any of columns": (M, T.any(M > 48, axis=0), NUMBERS, lambda m: (m > 48).any(0)),
    "greatest integers": (M, M.max(axis=0), NUMBERS, lambda m: m.max(0)),
    "integers": (M, M.sum(), NUMBERS, np.sum),
    "rows": (X, X.sum(axis=1), MATRIX, lambda x: x.sum(1)),
    "cost over rows": (
        X, T.log(T.exp(X).sum(axis=1)).sum(), MATRIX, lambda x: np.log(np.exp(x).sum(1)).sum()
    ),
    "columns of rows": (
        X, (X / T.exp(X).sum(axis=1, keepdims=True)).sum(axis=0), MATRIX,
        lambda x: (x / np.exp(x).sum(1, keepdims=True)).sum(0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_bits_do_not_depend_on_threads(small_chunks, name):
    source, result, value, expected = CASES[name]
    compiled = function([source], [result, T.exp(source).sum()])
    found = []
    for threads in (1, 2, 3, 8):
        with config.change_flags(threads=threads):
            found += [compiled(value)[0] for _ in range(3)]
    assert all(each.tobytes() == found[0].tobytes() for each in found)
    np.testing.assert_allclose(found[0], expected(value), rtol=1e-11, atol=1e-12)


def test_chunks_are_many(small_chunks):
    for source, result in ((V, V.sum()), (X, X.sum(axis=0))):
        compiled = function([source], result)
        assert any("@chunks." in text for _, text in compiled.stages.emitted.modules)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 129, 1000])
def test_every_length(small_chunks, size):
    value = VECTOR[:size]
    total, square = function([V], [V.sum(), (V**2).sum()])(value)
    np.testing.assert_allclose([total, square], [value.sum(), (value**2).sum()], rtol=1e-12, atol=1e-12)
    columns = function([X], X.sum(axis=0))(np.ones((size, 5)))
    np.testing.assert_array_equal(columns, np.full(5, float(size)))


def test_not_a_number_stays_one(small_chunks):
    value = VECTOR.copy()
    value[3000] = np.nan
    low, high, place, total = function([V], [V.min(), V.max(), V.argmax(), V.sum()])(value)
    assert np.isnan([low, high, total]).all()
    assert place == 3000


def test_sums_of_many_numbers_lose_nothing(small_chunks):
    value = np.full(100_000, 0.1)
    assert function([V], V.sum())(value) == pytest.approx(10_000, rel=1e-15)


@pytest.mark.parametrize("shape", [(40, 60), (1, 60), (60, 1), (30, 1, 4), (7, 8, 9)])
def test_sums_do_not_care_for_the_order_of_memory(shape):
    value = RANDOM.standard_normal(shape)
    source = T.TensorType("float64", (False,) * len(shape))("x")
    compiled = function([source], [(source**2).sum(), source.sum(axis=0)])
    for order in ("C", "F"):
        given = np.array(value, order=order)
        for part in (given, given[::-1], given[..., ::2], given.swapaxes(0, -1)):
            total, columns = compiled(part)
            np.testing.assert_allclose(total, (part**2).sum(), rtol=1e-12)
            np.testing.assert_allclose(columns, part.sum(axis=0), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("reduce", ["sum", "max", "min", "prod", "mean"])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(37, 53), (0, 4), (4, 1), (1, 9)])
def test_reductions_go_along_memory(small_chunks, reduce, axis, shape):
    if reduce in ("max", "min") and 0 in shape:
        return
    value = RANDOM.standard_normal(shape)
    compiled = function([X], [getattr(T, reduce)(2 * X, axis=axis)])
    assert any("either" in text for name, text in compiled.stages.emitted.modules if name == "neano_body")
    expected = getattr(np, reduce)
    for given in (value, np.asfortranarray(value), np.asfortranarray(value)[::-1, ::-1]):
        if given.size or reduce != "mean":
            np.testing.assert_allclose(compiled(given)[0], expected(2 * given, axis=axis), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 16, 37])
def test_every_number_of_rows(small_chunks, rows):
    """Eight rows go in a pass, what is left one by one."""
    value = RANDOM.integers(-9, 9, (3, rows, 70)).astype("float64")
    first, middle = function([C], [C.sum(axis=0), C.sum(axis=1)])(value)
    np.testing.assert_array_equal(first, value.sum(0))
    np.testing.assert_array_equal(middle, value.sum(1))
    np.testing.assert_array_equal(function([X], X.sum(axis=0))(value[0]), value[0].sum(0))


def test_rows_at_computed_places_go_together(small_chunks):
    table, places = RANDOM.standard_normal((50, 33)), RANDOM.integers(-50, 50, (6, 19))
    bags = function([X, M], X[M].sum(axis=1))
    assert sum("group" in text for _, text in bags.stages.emitted.modules) == 1
    np.testing.assert_allclose(bags(table, places), table[places].sum(1), rtol=1e-12, atol=1e-13)


def test_a_row_that_is_read_is_not_combined_in_groups():
    """Each row of the running product is made from the one before."""
    value = RANDOM.uniform(0.9, 1.1, (30, 40))
    np.testing.assert_allclose(function([X], T.cumprod(X, axis=0))(value), value.cumprod(0), rtol=1e-12)
