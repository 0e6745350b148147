"""Products in generated code: every way of computing them, on any number of threads, and batches."""

from __future__ import annotations

import ctypes
import mmap

import llvmlite.binding as llvm
import numpy as np
import pytest

import neano.tensor as T
from neano import config, function, shared
from neano.backends.native.calls import (
    block_product_text,
    matrix,
    product_blocks_text,
    product_chunks_text,
    row_product_text,
)
from neano.backends.native.calls.matrix_text import matmul_text
from neano.backends.native.emit.target import Target, host
from neano.backends.native.runtime.engine import Module, link
from neano.tensor.blas import gemm_no_inplace

RANDOM = np.random.default_rng(6)
LENGTHS = (0, 1, 2, 3, 5, 8, 9, 16, 17)


@pytest.fixture(autouse=True)
def made_anew():
    """Compile every function: what is changed here is no part of a function's key."""
    with config.change_flags(cache_functions=False):
        yield


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


WAYS = {
    "panels of three, two and one vector": (19, 33, 77),
    "a panel that ends within a vector": (64, 20, 50),
    "more terms than fit in cache": (9, 600, 70),
    "panels of B copied": (50, 300, 48),
    "few rows and many columns": (3, 77, 1234),
    "one row": (1, 45, 1500),
    "rows times a vector": (23, 77, 1),
    "short rows times a vector": (40, 3, 1),
    "a vector times columns": (1, 70, 31),
    "few elements of long sums": (5, 5000, 7),
    "one element": (1, 3000, 1),
    "no terms, many columns": (2, 0, 200),
    "shared by rows": (150, 40, 30),
    "shared by columns": (20, 40, 300),
    "BLAS": (260, 256, 258),
}
"""What decides how a product is computed, and a shape (m, k, n) that has it."""


def small_pieces(monkeypatch):
    """Let threads share everything, in the smallest pieces."""
    for module, names in (
        (block_product_text, ("SHARED", "SLICE")),
        (row_product_text, ("SHARED", "BLOCK")),
        (product_chunks_text, ("CHUNK",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 1)
    monkeypatch.setitem(block_product_text.OWN_PRODUCTS, host().vector_bytes, 2**26)
    monkeypatch.setattr(product_blocks_text, "ROWS_AT_ONCE", 32)
    monkeypatch.setattr(matrix, "block_product_text", block_product_text.block_product_text.__wrapped__)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_computing(monkeypatch, dtype, way):
    small_pieces(monkeypatch)
    m, k, n = WAYS[way]
    a, b, c = (T.TensorType(dtype, (False, False))(name) for name in "abc")
    product = function([a, b], T.dot(a, b))
    added = function([a, b, c], 0.5 * c - 2 * T.dot(a, b))
    x, y, z = (RANDOM.standard_normal(s).astype(dtype) for s in ((m, k), (k, n), (m, n)))
    exact = x.astype("float64") @ y.astype("float64")
    tolerance = {"rtol": 0, "atol": (1e-5 if dtype == "float32" else 1e-13) * max(k, 1)}
    for left in layouts(x):
        for right in layouts(y):
            found = []
            for threads in (1, 2, 3, 8):
                with config.change_flags(threads=threads):
                    found.append(product(left, right))
            np.testing.assert_allclose(found[0], exact, **tolerance)
            assert all(each.tobytes() == found[0].tobytes() for each in found)
    for old in layouts(z):
        found = []
        for threads in (1, 3):
            with config.change_flags(threads=threads):
                found.append(added(x, y, old))
        np.testing.assert_allclose(found[0], 0.5 * z - 2 * exact, **tolerance)
        assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize("way", WAYS)
def test_a_target_times_zero_is_not_read(way):
    m, k, n = WAYS[way]
    z, a, b = T.dmatrices("zab")
    alpha, beta = T.dscalars("alpha", "beta")
    update = function([z, alpha, a, b, beta], gemm_no_inplace(z, alpha, a, b, beta))
    x, y, old = (RANDOM.standard_normal(s) for s in ((m, k), (k, n), (m, n)))
    bound = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(update(np.full((m, n), np.nan), 2.0, x, y, 0.0), 2 * (x @ y), **bound)
    np.testing.assert_allclose(update(old, 0.0, x, y, 3.0), 3 * old, **bound)
    np.testing.assert_allclose(update(old, -1.0, x, y, 1.0), old - x @ y, **bound)
    x[:, :1] = np.nan
    assert np.isnan(update(old, 1.0, x, y, 1.0)).all() or k == 0


@pytest.mark.parametrize("way", WAYS)
def test_operands_of_stride_zero(way):
    m, k, n = WAYS[way]
    a, b = T.dmatrices("ab")
    product = function([a, b], T.dot(a, b))
    x, y = RANDOM.standard_normal((1, k)), RANDOM.standard_normal((k, 1))
    np.testing.assert_allclose(
        product(np.broadcast_to(x, (m, k)), np.broadcast_to(y, (k, n))), np.broadcast_to(x @ y, (m, n)), atol=1e-10
    )


@pytest.mark.parametrize("way", ["BLAS", "few rows and many columns", "rows times a vector", "shared by rows"])
def test_updates_in_place(way):
    m, k, n = WAYS[way]
    weights = shared(RANDOM.standard_normal((m, n)))
    a, b = T.dmatrices("ab")
    step = function([a, b], [], updates=[(weights, weights - 0.5 * T.dot(a, b) + T.dot(2 * a, b))])
    expected = weights.get_value()
    for _ in range(3):
        x, y = RANDOM.standard_normal((m, k)), RANDOM.standard_normal((k, n))
        step(x, y)
        expected = expected + 1.5 * (x @ y)
    np.testing.assert_allclose(weights.get_value(), expected, rtol=1e-9, atol=1e-9)


def far_apart(rows, columns, dtype):
    """Return a matrix whose rows lie further apart than 32 bits count elements; most of its memory is never touched."""
    size = np.dtype(dtype).itemsize
    step = size * (2**31 + 512)
    try:
        memory = mmap.mmap(-1, rows * step, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)  # MAP_NORESERVE
    except (OSError, AttributeError, OverflowError):
        pytest.skip("no address space to be had")
    base = np.frombuffer(memory, dtype)
    return np.lib.stride_tricks.as_strided(base, (rows, columns), (step, size), writeable=True)


def test_strides_beyond_32_bits(monkeypatch):
    small_pieces(monkeypatch)
    m, k, n = 260, 256, 258  # by BLAS, otherwise
    x, y = RANDOM.standard_normal((m, k)), RANDOM.standard_normal((k, n))
    far = far_apart(m, k, "float64")
    far[...] = x
    a, b = T.dmatrices("ab")
    product = function([a, b], T.dot(a, b))
    np.testing.assert_allclose(product(far, y), x @ y, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(product(y.T, far.T), y.T @ x.T, rtol=1e-9, atol=1e-9)


def test_blas_is_not_given_strides_beyond_32_bits():
    far = far_apart(3, 2, "complex128")
    a, b = T.zmatrices("ab")
    with pytest.raises(ValueError, match="above 2147483647"):
        function([a, b], T.dot(a, b))(far, np.ones((2, 2), "complex128"))


@pytest.mark.parametrize("way", [way for way in WAYS if way != "BLAS"])
def test_without_scratch_memory_it_takes_longer_but_does_not_fail(way):
    m, k, n = WAYS[way]
    declared, given = (
        "declare ptr @neano_scratch_take(i64)",
        "define internal ptr @neano_scratch_take(i64 %n) { ret ptr null }",
    )
    texts = block_product_text.block_product_text("d", host())
    assert any(declared in text for text in texts.values())
    modules = [Module(name, text.replace(declared, given)) for name, text in texts.items()]
    modules.append(Module("matmul", matmul_text("d")))
    linked = link(modules, exports=("neano_product_d",))
    call = ctypes.CFUNCTYPE(
        ctypes.c_int32,
        *[ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64] * 3,
        *[ctypes.c_int64] * 3,
        *[ctypes.c_void_p] * 2,
    )(linked.addresses["neano_product_d"])
    numbers = np.array([2.0, 0.5])
    x, y, z = (RANDOM.standard_normal(s) for s in ((m, k), (k, n), (m, n)))
    for left in layouts(x):
        for right in layouts(y):
            found = z.copy()
            matrices = [v for a in (left, right, found) for v in (a.ctypes.data, *a.strides)]
            assert call(*matrices, m, n, k, numbers.ctypes.data, numbers.ctypes.data + 8) == 0
            np.testing.assert_allclose(found, 2 * (x @ y) + 0.5 * z, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("machine", ["sse", "avx2", "avx512"])
def test_the_code_is_of_the_processors_vectors(machine):
    width = {"sse": 16, "avx2": 32, "avx512": 64}[machine]
    text = block_product_text.block_product_text("d", Target(width))["neano_product_d"]
    llvm.parse_assembly(text).verify()
    assert f"<{width // 8} x double> @llvm.fmuladd" in text


@pytest.mark.parametrize("shape", [(7, 5, 4, 3), (3, 40, 30, 20), (0, 2, 2, 2), (1, 64, 64, 64)])
def test_batches_on_threads(monkeypatch, shape):
    monkeypatch.setattr(matrix, "GRAIN", 1)
    count, m, n, k = shape
    a, b = T.dtensor3("a"), T.dtensor3("b")
    compiled = function([a, b], T.batched_dot(a, b))
    x, y = RANDOM.standard_normal((count, m, k)), RANDOM.standard_normal((count, k, n))
    found = []
    for threads in (1, 2, 3, 8):
        with config.change_flags(threads=threads):
            found.append(compiled(x, y))
    np.testing.assert_allclose(found[0], x @ y, rtol=1e-11, atol=1e-12)
    assert all(each.tobytes() == found[0].tobytes() for each in found)
