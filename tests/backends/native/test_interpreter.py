"""The interpreter of the loop IR against NumPy, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from backends.native.programs import nest, program
from neano.backends.native.interpreter import OutOfBounds, interpret

X = np.arange(12.0).reshape(3, 4) - 5
Y = np.array([2.0, -1.0, 0.5, 3.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("two axes", X + X),
        ("broadcast row", X * Y + Y[0]),
        ("transposed", X.T * X.T),
        ("chosen row", np.vstack([Y, X[:2]])),
        ("sum", X.sum() + Y[0]),
        ("row sums", X @ Y + Y[0]),
        ("row products", X.prod(1) * Y[0]),
        ("column sums", X.sum(0) + Y),
        ("scaled rows", X**2 + (X**2).sum(1, keepdims=True) + Y[0]),
        ("diagonal", np.where(np.eye(3, 4) == 1, Y[0], X)),
    ],
)
def test_nests_mean_what_numpy_means(name, expected):
    (found,) = interpret(nest(name, "float64"), [X, Y])
    np.testing.assert_allclose(found, expected)


def test_positions_of_extremes():
    x = np.array([[1.0, 5.0, 5.0], [2.0, np.nan, np.nan]])
    _, highest, lowest = interpret(nest("positions", "float64"), [x, x[0]])
    assert highest.tolist() == [1, 1]
    assert lowest.tolist() == [0, 1]


def test_gathers_and_scatters():
    rows = np.array([2, 0, 2])
    (found,) = interpret(nest("gathered rows", "float64"), [X, Y, rows])
    np.testing.assert_allclose(found, X[rows] + Y)
    (found,) = interpret(nest("scattered", "float64"), [X, Y, rows])
    wanted = np.full(3, Y[0])
    np.add.at(wanted, rows, X[rows, 0] * Y[0])
    np.testing.assert_allclose(found, wanted)


HEAD = """
inputs x
results z
input x: float64[?]
output z: float64[?]
view v: float64[?]
error KeyError '{0} of {1}' node -1
body
"""


def test_a_failed_check_raises_its_error():
    checked = program(HEAD + "  check eq<bool>(dim(x, 0), 3) error 0 [dim(x, 0), 3]\n  alloc z[0]")
    assert interpret(checked, [np.zeros(3)])[0].shape == (0,)
    with pytest.raises(KeyError, match="2 of 3"):
        interpret(checked, [np.zeros(2)])


@pytest.mark.parametrize(
    "lines",
    [
        "alloc z[2]\n  z[2] = 1.0:float64",
        "alloc z[1]\n  z[0] = x[-1]",
        "view v of x start [1] dims [3] axes [0] steps [1]\n  alloc z[0]",
        "view v of x start [0] dims [2] axes [0] steps [-1]\n  alloc z[0]",
        "reinterpret v of x dims [4]\n  alloc z[0]",
    ],
)
def test_what_is_out_of_bounds_is_refused(lines):
    with pytest.raises(OutOfBounds):
        interpret(program(HEAD + "  " + lines), [np.zeros(3)])


def test_a_branch_that_is_not_taken_is_not_read():
    lazy = program(HEAD + "  alloc z[1]\n  z[0] = select<float64>(lt<bool>(dim(x, 0), 1), 7.0:float64, x[0])")
    assert interpret(lazy, [np.zeros(0)])[0].tolist() == [7.0]


def test_memory_starts_poisoned():
    unwritten = program(HEAD + "  alloc z[2]")
    assert np.isnan(interpret(unwritten, [np.zeros(0)])[0]).all()
