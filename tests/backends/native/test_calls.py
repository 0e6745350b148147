"""Library routines, emitted and interpreted: matrix products on any strides, Python callables, ufunc loops, copies."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest

from backends.native.emitted_program import Compiled
from backends.native.programs import LAYOUTS, numbers, program
from neano.backends.native.calls import UnknownRoutine, routine
from neano.backends.native.interpreter import interpret

DTYPES = ("float32", "float64", "complex64", "complex128")
SIZES = [(3, 4, 5), (1, 4, 5), (3, 1, 1), (0, 3, 2), (3, 2, 0), (1, 1, 1), (3, 4, 1)]


def check(made, values, wanted):
    """Compare a program, compiled and interpreted, with the results wanted."""
    for results in (Compiled(made)(*values), interpret(made, values)):
        for found, want in zip(results, wanted, strict=True):
            want = np.asarray(want)
            tolerance = 32 * np.finfo(want.dtype).eps
            assert found.dtype == want.dtype
            np.testing.assert_allclose(found, want, rtol=tolerance, atol=tolerance)


def layouts(array):
    padded = np.zeros((*array.shape[:-1], array.shape[-1] + 3), array.dtype)
    padded[..., : array.shape[-1]] = array
    return [*(LAYOUTS[name](array) for name in ("C", "F", "reversed", "spread")), padded[..., : array.shape[-1]]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_gemm_and_gemv(dtype, size):
    m, n, k = size
    rng = np.random.default_rng(m + n + k)
    matrix = program(
        f"""
inputs a, b, v
results c, d
input a: {dtype}[?, ?]
input b: {dtype}[?, ?]
input v: {dtype}[?]
output c: {dtype}[?, ?]
output d: {dtype}[?]
body
  alloc c[dim(a, 0), dim(b, 1)]
  invoke gemm [c] of [a, b] scalars [] {{}}
  alloc d[dim(a, 0)]
  invoke gemv [d] of [a, v] scalars [] {{}}
"""
    )
    run = Compiled(matrix)
    for a in layouts(numbers((m, k), dtype, rng)):
        for b, v in zip(layouts(numbers((k, n), dtype, rng)), layouts(numbers((k,), dtype, rng)), strict=True):
            tolerance = 32 * np.finfo(dtype).eps
            for found, wanted in zip(run(a, b, v), (a @ b, a @ v), strict=True):
                np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    check(matrix, [a, b, v], [a @ b, a @ v])


@pytest.mark.parametrize("dtype", DTYPES)
def test_ger_dot_and_batches(dtype):
    rng = np.random.default_rng(7)
    made = program(
        f"""
inputs x, y, w, a, b
results c, e, g
input x: {dtype}[?]
input y: {dtype}[?]
input w: {dtype}[?]
input a: {dtype}[?, ?, ?]
input b: {dtype}[?, ?, ?]
output c: {dtype}[?, ?]
output e: {dtype}[]
output g: {dtype}[?, ?, ?]
body
  alloc c[dim(x, 0), dim(y, 0)]
  invoke ger [c] of [x, y] scalars [] {{}}
  invoke ger [c] of [x, y, c] scalars [2.0:{dtype}, 1.0:{dtype}] {{}}
  alloc e[]
  invoke dot [e] of [x, w] scalars [] {{}}
  alloc g[dim(a, 0), dim(a, 1), dim(b, 1)]
  invoke batched_gemm [g] of [a, b] scalars [] {{'transpose_b': True}}
"""
    )
    for name in ("C", "reversed", "spread"):
        x, y, w = (LAYOUTS[name](numbers((n,), dtype, rng)) for n in (4, 3, 4))
        a, b = (LAYOUTS[name](numbers(shape, dtype, rng)) for shape in ((2, 3, 5), (2, 4, 5)))
        check(made, [x, y, w, a, b], [3 * np.outer(x, y), x @ w, a @ b.swapaxes(1, 2)])


def test_a_product_into_windows():
    made = program(
        """
inputs a, b
results c
input a: float64[?, ?]
input b: float64[?, ?]
output c: float64[?, ?]
view t: float64[?, ?]
view s: float64[?, ?]
body
  alloc c[dim(b, 1), dim(a, 0)]
  view t of c start [0, 0] dims [dim(a, 0), dim(b, 1)] axes [1, 0] steps [1, 1]
  invoke gemm [t] of [a, b] scalars [] {}
  view s of c start [sub<int64>(dim(c, 0), 1), 0] dims [dim(c, 0), dim(c, 1)] axes [0, 1] steps [-1, 1]
  invoke gemm [s] of [b, b, s] scalars [1.0:float64, 1.0:float64] {'transpose_a': True}
"""
    )
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(3, 5)), rng.normal(size=(5, 3))
    wanted = (a @ b).T.copy()
    wanted[::-1] += b.T @ b
    check(made, [a, b], [wanted])


def calling(function):
    """Return a program that calls back with an array, a computed array, an object, a 0-d array, a window and a constant."""
    return program(
        """
inputs x, r, s
results z, o, q, v
input x: float64[?]
input r: object[]
input s: float64[]
constant k: float64[?]
output y: float64[?]
scratch t: float64[?]
view w: float64[?]
view z: float64[?]
view o: object[]
view q: float64[]
output v: float64[?]
body
  alloc y[dim(x, 0)]
  alloc t[dim(x, 0)]
  parallel for i < dim(x, 0):
    y[i] = add<float64>(x[i], 1.0:float64)
    t[i] = mul<float64>(x[i], 2.0:float64)
  view w of x start [sub<int64>(dim(x, 0), 1)] dims [dim(x, 0)] axes [0] steps [-1]
  invoke python [z, o, q] of [x, y, t, w, k, r, s] scalars [] {'object': 0}
  alloc v[dim(z, 0)]
  parallel for n < dim(z, 0):
    v[n] = z[n]
""",
        constants={"k": np.array([1.0, 2.0])},
        objects=[function],
    )


def test_a_python_callable_sees_arrays_and_returns_them():
    seen = []

    def function(x, y, t, w, k, r, s):
        seen.append([np.array(v) for v in (x, y, t, w, k)])
        assert not k.flags.writeable
        assert not w.flags.writeable
        return (x + y)[::-1], r, np.array(s * 2)

    x, r = np.arange(5.0), ["opaque"]
    made = calling(function)
    z, o, q, v = Compiled(made)(x, r, np.array(3.0))
    np.testing.assert_array_equal(z, (2 * x + 1)[::-1])
    np.testing.assert_array_equal(v, z)
    assert o is r
    assert q == 6.0
    for found, wanted in zip(seen[0], (x, x + 1, 2 * x, x[::-1], [1.0, 2.0]), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_references_are_balanced():
    run = Compiled(calling(lambda x, y, t, w, k, r, s: (x + y, r, np.array(s))))
    x, r, s = np.arange(5.0), ["opaque"], np.array(1.0)
    run(x, r, s)
    before = [sys.getrefcount(v) for v in (x, r, s, None)]
    for _ in range(1000):
        run(x, r, s)
    after = [sys.getrefcount(v) for v in (x, r, s, None)]
    assert max(abs(a - b) for a, b in zip(after, before, strict=True)) < 10
    first = run(x, r, s)[0]
    alive = weakref.ref(first)
    del first
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((1, 2, 3), TypeError),
        ((np.zeros((2, 2)), 2, np.zeros(())), TypeError),
        ((np.zeros(2, "float32"), 2, np.zeros(())), TypeError),
        ((np.zeros(2), 2), IndexError),
        (KeyError, KeyError),
    ],
)
def test_bad_answers_are_errors_and_leak_nothing(answer, error):
    def function(*args):
        if answer is KeyError:
            raise KeyError("mine")
        return answer

    run = Compiled(calling(function))
    x, r, s = np.arange(5.0), ["opaque"], np.array(1.0)
    for _ in range(3):
        with pytest.raises(error):
            run(x, r, s)
    before = sys.getrefcount(x), sys.getrefcount(r)
    for _ in range(100):
        with pytest.raises(error):
            run(x, r, s)
    gc.collect()
    assert max(abs(a - b) for a, b in zip((sys.getrefcount(x), sys.getrefcount(r)), before, strict=True)) < 5


@pytest.mark.parametrize("layout", ["C", "F", "reversed", "spread"])
def test_a_ufunc_loop_over_strided_operands(layout):
    made = program(
        """
inputs x, y
results z, s
input x: complex128[?, ?]
input y: complex128[?, ?]
output z: complex128[?, ?]
output s: complex128[]
body
  alloc z[dim(x, 0), dim(x, 1)]
  invoke ufunc [z] of [x, y] scalars [] {'module': 'numpy', 'name': 'power'}
  alloc s[]
  s[] = 4.0:complex128
  invoke ufunc [s] of [s] scalars [] {'module': 'numpy', 'name': 'arcsin'}
"""
    )
    rng = np.random.default_rng(2)
    x, y = (LAYOUTS[layout](numbers((3, 4), "complex128", rng)) for _ in "xy")
    check(made, [x, y], [x**y, np.arcsin(4.0 + 0j)])
    check(made, [x[:0], y[:0]], [x[:0], np.arcsin(4.0 + 0j)])


def test_a_copy_of_any_strides():
    made = program(
        """
inputs x
results z
input x: int16[?, ?]
output z: int16[?, ?]
body
  alloc z[dim(x, 0), dim(x, 1)]
  invoke copy [z] of [x] scalars [] {}
"""
    )
    x = np.arange(35, dtype="int16").reshape(5, 7)
    for layout in LAYOUTS.values():
        (found,) = Compiled(made)(layout(x))
        np.testing.assert_array_equal(found, layout(x))
        assert interpret(made, [layout(x)])[0].tolist() == found.tolist()


def test_an_unknown_routine_is_an_error():
    with pytest.raises(UnknownRoutine, match="teleport"):
        routine("teleport")
