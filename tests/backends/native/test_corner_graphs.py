"""Small graphs in which lengths of 1, or lengths that are known late, once led the scheduler astray."""

from __future__ import annotations

import numpy as np
import pytest

import neano
import neano.tensor as T
import neano.tensor.nnet
from backends.native.running import assert_same
from neano.scalar.rows import row


def graph_of(inputs, output):
    """Return the inputs and outputs of a function's graph after rewriting."""
    fgraph = neano.function(inputs, [output], mode="FAST_COMPILE").maker.fgraph
    return fgraph.inputs, fgraph.outputs


def check(inputs, output, values):
    """Check the interpreter against `perform`, and the native function against it."""
    inputs_, outputs = graph_of(inputs, output)
    assert_same(inputs_, outputs, values)
    expected = neano.function(inputs, output, mode=neano.Mode("py", None))(*values)
    np.testing.assert_allclose(neano.function(inputs, output)(*values), expected, rtol=1e-5)


def test_operand_of_a_routine_keeps_axes_of_length_1():
    x = T.lvector("x")
    deviation = T.std(x, axis=0, keepdims=True)
    check([x], T.dot(deviation, deviation), [np.array([0, 5, 5])])


def test_row_with_an_axis_of_length_1_in_a_product():
    a, b = T.TensorType("float32", (True, True, False))("a"), T.fvector("b")
    check([a, b], T.dot(a, b), [np.ones((1, 1, 3), "float32"), np.arange(3, dtype="float32")])


def test_operand_of_python_keeps_axes_of_length_1():
    x = T.dscalar("x")
    check([x], T.cumsum(T.exp(x).reshape((1, 1, 1)), 0), [np.array(1.0)])


def test_indices_computed_for_a_vector_of_one_index():
    x = T.dvector("x")
    check([x], T.take(x * 2, [-8], 0, "clip"), [np.array([0.0, 1.0, -3.25])])


def test_length_of_what_python_gives_is_not_used_before_the_call():
    x = T.bmatrix("x")
    order = T.argsort(row("erfcinv")(T.tanh(x) * 0.9 + 1.0), -1, "stable")
    check([x], order ^ x, [np.array([[-3, -5, 2]], "int8")])


def test_length_found_to_be_1_while_pieces_are_joined():
    x = T.TensorType("float64", (False, True))("x")
    pieces = [x.reshape((x.shape[0], -1)), x, x]
    check([x], T.stack(pieces, axis=-3), [np.array([[3.0], [-3.5], [3.25]])])


@pytest.mark.parametrize("length", [0, 1, 3])
def test_product_with_a_column(length):
    x, y = T.vector("x"), T.matrix("y")
    check([x, y], T.dot(y[:, :1], x.dimshuffle(0, "x").T), [np.arange(length, dtype="float64"), np.ones((2, 3))])


@pytest.mark.parametrize("length", [3, 20, 27])
def test_bytes_beyond_the_end_stay(length):
    """LLVM once widened a mask of eight bytes to sixteen, of which the upper eight were set."""
    x = T.dvector("x")
    f = neano.function([x], x**2.5 > 1)
    value = np.linspace(0.0, 2.0, length)
    results = [f(value) for _ in range(300)]
    for result in results:
        np.testing.assert_array_equal(result, value > 1)


def test_shape_of_a_scalar():
    x = T.dscalar("x")
    assert neano.function([x], x.shape)(1.0).tolist() == []
    assert neano.function([x], x.size)(1.0) == 1


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3)])
@pytest.mark.parametrize("function", [T.nnet.softmax, T.nnet.logsoftmax])
def test_softmax_of_nothing(shape, function):
    x = T.dmatrix("x")
    check([x], function(x), [np.zeros(shape)])


@pytest.mark.parametrize("dtype", ["int8", "int64"])
@pytest.mark.parametrize("mode", ["FAST_RUN", neano.Mode("py", None)])
def test_negative_powers_of_integers(dtype, mode):
    """NumPy's error, and none where nothing is raised to them."""
    x, y = T.vector("x", dtype), T.vector("y", dtype)
    f = neano.function([x, y], x**y, mode=mode)
    base = np.array([2, -3, 0], dtype)
    assert f(base, np.array([3, 3, 0], dtype)).tolist() == [8, -27, 1]
    assert f(base[:0], base[:0]).tolist() == []
    with pytest.raises(ValueError, match="negative integer powers"):
        f(base, np.array([3, -1, 0], dtype))
    inverse_square = neano.function([x], x ** np.int8(-2), mode=mode)
    assert inverse_square(base[:0]).tolist() == []
    with pytest.raises(ValueError, match="negative integer powers"):
        inverse_square(base)


def test_vector_added_at_a_matrix_of_indices():
    x, i, y = T.dvector("x"), T.bmatrix("i"), T.dvector("y")
    values = [np.zeros(12), np.array([[7, 2, -1], [-7, 9, 9]], "int8"), np.array([1.0, 2.0, 3.0])]
    expected = np.zeros(12)
    expected[[7, 2, 11, 5, 9]] = [1, 2, 3, 1, 5]
    for mode in (neano.Mode("py", None), "FAST_RUN"):
        np.testing.assert_array_equal(neano.function([x, i, y], T.inc_subtensor(x[i], y), mode=mode)(*values), expected)


def test_misfit_of_a_product_and_what_it_is_added_to():
    x, y = T.fvector("x"), T.fmatrix("y")
    f = neano.function([x, y], T.dot(x, y) * np.float32(0.5) + x)
    with pytest.raises(ValueError, match="length"):
        f(np.ones(3, "float32"), np.ones((3, 2), "float32"))


def test_part_found_to_have_length_1_by_what_is_written():
    x, mask = T.dvector("x"), T.TensorType("bool", (True,))("mask")
    first, _ = T.split(x, [1, 1], 2, 0)
    check([x, mask], T.inc_subtensor(first[mask], first), [np.array([3.355, 0.02]), np.array([True])])


def test_element_of_an_empty_constant():
    f = neano.function([], T.take(T.constant(np.zeros(0)), [4, -8], 0, "wrap"))
    with pytest.raises(IndexError):
        f()


@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (2, 0)])
def test_sum_of_nothing_of_known_shape(shape):
    x = T.dvector("x")
    check([x], T.sum(x.reshape(shape), axis=0), [np.zeros(0)])


def test_constant_whose_magnitude_overflows():
    assert T.constant(np.complex128(complex(1.7e308, 1.7e308))).dtype == "complex128"


@pytest.mark.parametrize("backend", ["reference", "native"])
def test_a_length_that_does_not_follow_from_the_others(backend):
    x, n, v = T.dtensor3("x"), T.lscalar("n"), T.lvector("v")
    empty = np.zeros((0, 3, 2))
    with neano.config.change_flags(backend=backend):
        for wanted in ((x.shape[0], -1), (n, x.shape[0]), (x.shape[0], n)):
            f = neano.function([x, n], x.reshape(wanted), on_unused_input="ignore")
            assert f(np.ones((2, 3, 2)), -1).size == 12
            with pytest.raises(ValueError, match="Cannot reshape"):
                f(empty, -1)
        g = neano.function([x, v], x.reshape(v, ndim=2))
        assert g(empty, [0, 3]).shape == (0, 3)
        with pytest.raises(ValueError, match="Cannot reshape"):
            g(empty, [-1, 0])
