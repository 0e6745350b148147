"""Operations that are no plain nests: positions, running sums, repetitions, searches, order, choices, draws of outcomes.

Each is compiled, interpreted and compared with its Op's own `perform`; none may call into Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.backends.native.interpreter import interpret
from neano.backends.native.spec import check_program
from neano.compile.function import function
from neano.compile.mode import Mode
from neano.random.from_uniform import ChoiceFromUniform, MultinomialFromUniform
from neano.scalar.rows import row
from neano.tensor.contiguous import cpu_contiguous
from neano.tensor.diagonal import fill_diagonal, fill_diagonal_offset
from neano.tensor.flat_index import ravel_multi_index, unravel_index
from neano.tensor.permutation import inverse_permutation, permute_row_elements
from neano.tensor.reduce import CAReduce
from neano.tensor.repetition import RepeatOp
from neano.tensor.selection import choose, compress, searchsorted
from neano.tensor.windows import bartlett
from tensor.op_checks import variable_of

NATIVE, REFERENCE = Mode(backend="native"), Mode(backend="reference")
RNG = np.random.default_rng(0)
BITS, REALS = RNG.integers(0, 2, (4, 5)), RNG.normal(size=(4, 5))
CUBE = RNG.normal(size=(3, 4, 5))
TIMES = np.array([2, 0, 3, 1])
SORTED, VALUES = np.sort(RNG.normal(size=9)).round(1), RNG.normal(size=(3, 4)).round(1)
ORDERS = np.array([RNG.permutation(5) for _ in range(4)])
COMPLEX = RNG.integers(0, 3, (4, 5)) + 1j * RNG.integers(0, 3, (4, 5))
WITH_NAN = np.where(REALS > 1, np.nan, COMPLEX)
PROBABILITIES = np.full((4, 6), 1 / 6) + np.linspace(-0.1, 0.1, 6)
NUMBERS = RNG.random(12)


def check(write: Callable[..., Any], *arrays: Any) -> None:
    """Compare the compiled and the interpreted program with the Ops' own `perform`."""
    values = [np.asarray(a) for a in arrays]
    variables = [variable_of(a) for a in values]
    written = write(*variables)
    outputs = list(written) if isinstance(written, (list, tuple)) else [written]
    native, reference = (function(variables, outputs, on_unused_input="ignore", mode=m) for m in (NATIVE, REFERENCE))
    assert not native.stages.fallbacks
    check_program(native.stages.program)
    interpreted = interpret(native.stages.program, values)
    for found, simple, wanted in zip(native(*values), interpreted, reference(*values), strict=True):
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_allclose(found, wanted, rtol=1e-13)
        np.testing.assert_allclose(simple, wanted, rtol=1e-13)


@pytest.mark.parametrize(
    "array", [BITS, BITS[:, 0], BITS.astype(bool), BITS * 1j, BITS[:0], CUBE, BITS[:1, :1].T, WITH_NAN]
)
def test_positions(array: Any) -> None:
    check(lambda x: [*T.nonzero(x), T.nonzero(x, return_matrix=True), T.flatnonzero(x), T.nonzero_values(x)], array)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "uint16", "bool", "complex128"])
def test_distinct_elements(dtype: str) -> None:
    array = np.round(REALS * 2).astype(dtype)
    every = [T.Unique(bool(k & 1), bool(k & 2), bool(k & 4)) for k in range(8)]
    check(lambda x: [z for op in every for z in op(x, return_list=True)], array)
    check(lambda x: T.Unique(True, True, True)(x[0]), array)


@pytest.mark.parametrize(
    "array",
    [BITS[:0], BITS[0, :0], np.array(2.5), WITH_NAN, WITH_NAN.real, -BITS * 0.0, CUBE[::-1, ::2].round(), BITS[:, 0]],
)
def test_distinct_elements_of_any_array(array: Any) -> None:
    check(lambda x: [*T.Unique(True, True, True)(x), T.Unique()(x * 2)], array)
    check(lambda x: T.Unique(axis=-1)(x.flatten()), array)


@pytest.mark.parametrize("write", [T.cumsum, T.cumprod])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "uint16", "bool", "complex128"])
def test_running(write: Any, dtype: str) -> None:
    check(lambda x: [write(x), write(x, 0), write(x, 1), write(x.T, 0)], (REALS * 2).astype(dtype))


@pytest.mark.parametrize("array", [CUBE, CUBE[:0], CUBE[:, :0], CUBE[0, 0], CUBE[0, :1], CUBE[::-1, ::2]])
def test_running_along_axes(array: Any) -> None:
    check(lambda x: [T.cumsum(x), *[T.cumsum(x * 2, axis) for axis in range(x.ndim)]], array)


@pytest.mark.parametrize("array", [np.float64(3.5), [[3.5]]])
def test_running_over_one_element(array: Any) -> None:
    check(lambda x: [T.cumsum(x), T.cumsum(x + 1)], array)


@pytest.mark.parametrize("dtype", ["float64", "uint8", "bool"])
def test_differences(dtype: str) -> None:
    check(lambda x: [T.diff(x), T.diff(x, 2, 0), T.diff(x, 3, 1), T.diff(x, 7)], (REALS * 2).astype(dtype))


def test_repetition() -> None:
    check(
        lambda x, r: [
            RepeatOp(0)(x, r),
            RepeatOp(1)(x, 3),
            RepeatOp(None)(x, 2),
            RepeatOp(-1)(x.T, r),
            RepeatOp(0)(x, r).sum(),
            RepeatOp(None)(x[:, 0], r),
        ],
        REALS,
        TIMES,
    )
    check(lambda x, r: [RepeatOp(None)(x, r), T.repeat(x, r)], REALS[:2, :2], TIMES.astype("uint8"))
    x, r = variable_of(REALS), variable_of(TIMES)
    repeated = function([x, r], RepeatOp(0)(x, r), mode=NATIVE)
    with pytest.raises(ValueError, match="negative"):
        repeated(REALS, -TIMES)
    with pytest.raises(ValueError, match="broadcast"):
        repeated(REALS, TIMES[:3])


@pytest.mark.parametrize("side", ["left", "right"])
def test_search(side: str) -> None:
    shuffled = RNG.permutation(SORTED)
    with_nan = [np.nan, 0.5, 3.0, 0.0]
    check(lambda v, w: [searchsorted(v, w, side), searchsorted(v, w[0, 0], side)], SORTED, VALUES)
    check(lambda v, w: searchsorted(v, w, side), np.arange(9), VALUES)
    check(lambda v, w: searchsorted(v, w, side), SORTED[:0], VALUES)
    check(lambda v, w: searchsorted(v, w, side), [0.0, 1.0, np.nan, np.nan], with_nan)
    check(lambda v, s, w: searchsorted(v, w, side, s), shuffled, np.argsort(shuffled), VALUES)
    check(lambda v, w: searchsorted(v, w, side), [False, True], BITS.astype(bool))
    for length in (1, 2, 3, 4, 7, 8, 15, 16, 17, 65):
        values = np.arange(-1.0, length + 1)
        check(lambda v, w: searchsorted(v, w, side), values[1:-1], values)


ORDERED = [
    *[(CUBE * 3).round().astype(d) for d in ("float64", "float32", "float16", "uint8", "bool", "complex64")],
    np.where(CUBE > 1, np.nan, CUBE),
    CUBE[::-1, :, ::2],
    CUBE[:, :0],
    CUBE.T,
]


@pytest.mark.parametrize("array", ORDERED)
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_order(array: Any, axis: int | None) -> None:
    check(
        lambda x: [T.sort(x, axis), T.argsort(x, axis, "stable"), T.sort(x, axis)[-1:], T.argsort(x, axis).sum()], array
    )
    if array.size:
        check(
            lambda x: [
                T.topk(x, 2, axis),
                T.argtopk(x, -2, axis),
                *T.topk_and_argtopk(x, 1, axis, idx_dtype="int32"),
            ],
            array,
        )


def test_topk_is_checked() -> None:
    x, k = T.dvector(), T.lscalar()
    largest = function([x, k], T.topk(x, k), mode=NATIVE)
    np.testing.assert_array_equal(largest([1.0, 5, 3], 2), [5, 3])
    np.testing.assert_array_equal(largest([1.0, 5, 3], -2), [1, 3])
    for wrong in (0, 4, -4):
        with pytest.raises(ValueError, match="cannot be satisfied"):
            largest([1.0, 5, 3], wrong)


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_choice_by_number(mode: str) -> None:
    numbers = RNG.integers(0, 3, (2, 4)) * (1 if mode == "raise" else 3)
    options = RNG.normal(size=(3, 2, 4))
    check(lambda a, o: [choose(a, o, mode=mode), choose(a, [o[0], o[1], o[2]], mode=mode)], numbers, options)
    a, o = variable_of(numbers), variable_of(options)
    if mode == "raise":
        with pytest.raises(ValueError, match="invalid entry in choice array"):
            function([a, o], choose(a, o), mode=NATIVE)(numbers + 3, options)


def test_compress() -> None:
    check(lambda a, x: compress(a, x, 0), [0, 1, 1, 0], REALS)


def test_filled_diagonals() -> None:
    check(lambda x: [fill_diagonal(x, 7.0), fill_diagonal(x.T + 1, 7.0)], REALS)
    check(lambda x: fill_diagonal(x, 7.0), CUBE[:, :3, :3])
    check(lambda x: [fill_diagonal_offset(x, 7.0, offset) for offset in (-9, -2, 0, 3, 9)], REALS)


def test_permutations() -> None:
    check(
        lambda x, p: [
            permute_row_elements(x, p),
            permute_row_elements(x, p, 1),
            permute_row_elements(x, p[0]),
            inverse_permutation(p),
        ],
        REALS,
        ORDERS,
    )
    x, p = variable_of(REALS), variable_of(ORDERS)
    with pytest.raises(IndexError):
        function([x, p], permute_row_elements(x, p), mode=NATIVE)(REALS, ORDERS + 1)


@pytest.mark.parametrize("order", ["C", "F"])
def test_flat_positions(order: str) -> None:
    check(lambda a: unravel_index(a, (3, 4, 5), order=order), RNG.integers(0, 60, (2, 3)))
    for mode, factor in (("raise", 1), ("wrap", 3), ("clip", 3)):
        a = (BITS * 2) * factor - (factor > 1) * 2
        check(lambda a, b: ravel_multi_index((a, b), (3, 4), mode, order), a, BITS + 1)  # noqa: B023
    a = variable_of(BITS)
    with pytest.raises(ValueError, match="out of bounds"):
        function([a], unravel_index(a, (3, 4)), mode=NATIVE)(BITS + 12)
    with pytest.raises(ValueError, match="invalid entry"):
        function([a], ravel_multi_index((a, a), (3, 4)), mode=NATIVE)(BITS - 1)


@pytest.mark.parametrize("length", [-1, 0, 1, 2, 5, 6])
def test_triangular_window(length: int) -> None:
    check(bartlett, length)


def test_contiguous() -> None:
    check(lambda x: [cpu_contiguous(x.T), cpu_contiguous(x.T) + 1], REALS)


@pytest.mark.parametrize("array", [COMPLEX, WITH_NAN, COMPLEX.astype("complex64")])
def test_extremes_of_complex_numbers(array: Any) -> None:
    check(lambda x: [x.max(), x.max(0), x.max(1), CAReduce(row("minimum"), 0)(x)], array)
    check(lambda x: [x.argmax(), x.argmax(0), x.argmax(1), *T.max_and_argmax(x, 1)], array)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("result", ["auto", "int64", "int8"])
def test_outcomes(dtype: str, result: str) -> None:
    check(
        lambda p, u: [
            MultinomialFromUniform(result)(p, u, 3),
            ChoiceFromUniform(result)(p, u, 3),
            ChoiceFromUniform(result, replace=True)(p, u, 3),
        ],
        PROBABILITIES.astype(dtype),
        NUMBERS.astype(dtype),
    )


def test_outcomes_are_checked() -> None:
    p, u, n = T.dmatrix(), T.dvector(), T.lscalar()
    counts = function([p, u, n], MultinomialFromUniform("auto")(p, u, n), mode=NATIVE)
    choices = function([p, u, n], ChoiceFromUniform("auto")(p, u, n), mode=NATIVE)
    with pytest.raises(ValueError, match=r"unis.shape\[0\] != pvals"):
        counts(PROBABILITIES, NUMBERS, 2)
    with pytest.raises(ValueError, match="negative numbers"):
        counts(PROBABILITIES, NUMBERS, -3)
    with pytest.raises(ValueError, match="Cannot sample without replacement"):
        choices(PROBABILITIES, np.resize(NUMBERS, 28), 7)
    with pytest.raises(ValueError, match="no outcomes"):
        counts(PROBABILITIES[:, :0], NUMBERS, 3)
