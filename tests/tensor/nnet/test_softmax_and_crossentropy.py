"""Softmax, its logarithm, and cross-entropies: values, stability, decompositions, derivatives, refusals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special

from neano.autodiff import grad
from neano.tensor import nnet
from neano.tensor.type import TensorType
from tensor.op_checks import check_node, check_shapes, evaluate, variable_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4))
BIAS = RNG.normal(size=4)
LABELS = np.array([0, 3, 1, -1, 2])
WILD = np.array([[1000.0, 0, -1000], [-np.inf, 1, 2], [1e300, 1e300, 0], [-1e5, -1e5, -1e5]])
PROBABILITIES = scipy.special.softmax(X, axis=1)
COTANGENT = RNG.normal(size=5)

NODES: dict[str, Any] = {
    "softmax": (nnet.softmax_op, [X]),
    "logsoftmax": (nnet.logsoftmax_op, [X]),
    "softmax_grad": (nnet.softmax_grad, [X, PROBABILITIES]),
    "softmax_with_bias": (nnet.softmax_with_bias, [X, BIAS]),
    "crossentropy_categorical_1hot": (nnet.crossentropy_categorical_1hot, [PROBABILITIES, LABELS]),
    "crossentropy_categorical_1hot_grad": (
        nnet.crossentropy_categorical_1hot_grad,
        [COTANGENT, PROBABILITIES, LABELS],
    ),
    "crossentropy_softmax_argmax": (nnet.crossentropy_softmax_argmax_1hot_with_bias, [X, BIAS, LABELS]),
    "crossentropy_softmax_dx": (nnet.crossentropy_softmax_1hot_with_bias_dx, [COTANGENT, PROBABILITIES, LABELS]),
    "crossentropy_softmax_dx of one number": (
        nnet.crossentropy_softmax_1hot_with_bias_dx,
        [np.asarray(0.3), PROBABILITIES, LABELS],
    ),
}


def applied(name: str, dtype: str = "float64") -> tuple[Any, dict[Any, Any]]:
    """Return the node of a row of the table and the values of its inputs."""
    op, arrays = NODES[name]
    arrays = [np.asarray(a, dtype=dtype if a.dtype.kind == "f" else None) for a in arrays]
    variables = [variable_of(a) for a in arrays]
    return op.make_node(*variables), dict(zip(variables, arrays, strict=True))


@pytest.mark.parametrize("name", NODES)
def test_shapes_and_derivatives(name: str) -> None:
    node, values = applied(name)
    check_node(node.outputs[0], values, RNG)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", NODES)
def test_the_decomposition_is_the_op(name: str, dtype: str) -> None:
    node, values = applied(name, dtype)
    whole = evaluate(node.outputs, values)
    outputs = node.op.decompose(*node.inputs)
    assert [v.dtype for v in outputs] == [v.dtype for v in node.outputs]
    assert [v.ndim for v in outputs] == [v.ndim for v in node.outputs]
    tolerance = {"float16": 2e-3, "float32": 1e-6, "float64": 1e-14}[dtype]
    for part, wanted in zip(evaluate(outputs, values), whole, strict=True):
        assert part.dtype == wanted.dtype
        np.testing.assert_allclose(part, wanted, rtol=tolerance, atol=tolerance)


def test_values() -> None:
    x, b, labels = variable_of(X), variable_of(BIAS), variable_of(LABELS)
    values = {x: X, b: BIAS, labels: LABELS}

    def check(variable: Any, wanted: Any) -> None:
        np.testing.assert_allclose(evaluate([variable], values)[0], wanted, rtol=1e-13)

    logarithms = scipy.special.log_softmax(X, axis=1)
    check(nnet.softmax(x), np.exp(logarithms))
    check(nnet.softmax_graph(x), np.exp(logarithms))
    check(nnet.logsoftmax(x), logarithms)
    check(nnet.softmax_with_bias(x, b), scipy.special.softmax(X + BIAS, axis=1))
    check(nnet.categorical_crossentropy(nnet.softmax(x), labels), -logarithms[np.arange(5), LABELS])
    check(nnet.categorical_crossentropy(nnet.softmax(x), x), -(X * logarithms).sum(axis=1))
    loss, probabilities, place = nnet.crossentropy_softmax_argmax_1hot_with_bias(x, b, labels)
    biased = scipy.special.log_softmax(X + BIAS, axis=1)
    check(loss, -biased[np.arange(5), LABELS])
    check(probabilities, np.exp(biased))
    check(place, biased.argmax(axis=1))
    loss, probabilities, largest, place = nnet.crossentropy_softmax_max_and_argmax_1hot(x, labels)
    check(loss, -logarithms[np.arange(5), LABELS])
    check(largest, np.exp(logarithms).max(axis=1))
    check(place, logarithms.argmax(axis=1))


@pytest.mark.parametrize("decomposed", [False, True])
def test_large_numbers(decomposed: bool) -> None:
    x = variable_of(WILD)
    for op, wanted in ((nnet.softmax_op, scipy.special.softmax), (nnet.logsoftmax_op, scipy.special.log_softmax)):
        result = op.decompose(x)[0] if decomposed else op(x)
        np.testing.assert_allclose(evaluate([result], {x: WILD})[0], wanted(WILD, axis=1), rtol=1e-13)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (1, 1), (2, 1)])
def test_small_matrices(shape: tuple[int, int]) -> None:
    x = variable_of(np.ones(shape))
    for function in (nnet.softmax, nnet.logsoftmax):
        assert evaluate([function(x)], {x: np.ones(shape)})[0].shape == shape


def test_a_vector_is_the_only_row() -> None:
    x = variable_of(X[0])
    for function in (nnet.softmax, nnet.logsoftmax):
        with pytest.warns(UserWarning, match="vector"):
            result = function(x)
        assert result.broadcastable == (True, False)
        assert evaluate([result], {x: X[0]})[0].shape == (1, 4)
    with pytest.warns(UserWarning, match="dimension of shape 1"):
        nnet.softmax(TensorType("float64", (None, 1))())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nnet.softmax(variable_of(X))


def test_refusals() -> None:
    m, v, cube, ints = (
        TensorType("float64", (None,) * 2)(),
        TensorType("float64", (None,))(),
        TensorType("float64", (None,) * 3)(),
        TensorType("int64", (None,) * 2)(),
    )
    for function in (nnet.softmax, nnet.logsoftmax):
        for bad in (cube, ints, TensorType("float64", ())()):
            with pytest.raises(ValueError, match="1-d or 2-d tensor of floats"):
                function(bad)
    with pytest.raises(ValueError, match="b must be 1-d"):
        nnet.softmax_with_bias(m, m)
    for labels in (v, TensorType("uint8", (None,))()):
        with pytest.raises(TypeError, match="integer vector required"):
            nnet.categorical_crossentropy(m, labels)
    with pytest.raises(TypeError, match="matrix required"):
        nnet.categorical_crossentropy(v, TensorType("int64", ())())
    with pytest.raises(TypeError, match="rank mismatch"):
        nnet.categorical_crossentropy(cube, v)
    with pytest.raises(ValueError):
        nnet.crossentropy_softmax_argmax_1hot_with_bias(m, v, v)


def test_labels_that_do_not_fit_at_run_time() -> None:
    p, labels, b = variable_of(X), variable_of(LABELS), variable_of(BIAS)
    loss = nnet.categorical_crossentropy(p, labels)
    fused = nnet.crossentropy_softmax_argmax_1hot_with_bias(p, b, labels)[0]
    with np.errstate(all="ignore"):
        for variable in (loss, fused):
            for bad, error in ((np.array([0, 1]), ValueError), (np.array([0, 1, 2, 3, 4]), IndexError)):
                with pytest.raises(error):
                    evaluate([variable], {p: X, labels: bad, b: BIAS})
        with pytest.raises(ValueError):
            evaluate([fused], {p: X, labels: LABELS, b: BIAS[:1]})


def test_binary_crossentropies() -> None:
    logits = np.array([-800.0, -3, 0, 0.5, 40, 900])
    bits = np.array([0.0, 1, 0.5, 0.25, 1, 0])
    o, t = variable_of(logits), variable_of(bits)
    values = {o: logits, t: bits}
    stable = evaluate([nnet.sigmoid_binary_crossentropy(o, t)], values)[0]
    np.testing.assert_allclose(stable, np.logaddexp(0, logits) - bits * logits, rtol=1e-12, atol=1e-16)
    slope = evaluate([grad(nnet.sigmoid_binary_crossentropy(o, t).sum(), o)], values)[0]
    np.testing.assert_allclose(slope, scipy.special.expit(logits) - bits, atol=1e-15)
    p = np.array([0.1, 0.5, 0.9])
    q = variable_of(p)
    plain = evaluate([nnet.binary_crossentropy(q, t[:3])], {q: p, t: bits})[0]
    np.testing.assert_allclose(plain, -(bits[:3] * np.log(p) + (1 - bits[:3]) * np.log(1 - p)))


def test_gradient_through_both_outputs_of_the_fused_op() -> None:
    node, values = applied("crossentropy_softmax_argmax")
    ones = [np.ones(5), np.ones((5, 4))]
    cotangents = [variable_of(a) for a in ones]
    from neano.graph.null_type import DisconnectedType, NullType

    back = node.op.L_op(node.inputs, node.outputs, [*cotangents, DisconnectedType()()])
    values.update(zip(cotangents, ones, strict=True))
    wanted = scipy.special.softmax(X + BIAS, axis=1)
    wanted[np.arange(5), LABELS] -= 1  # rows of softmax sum to 1, so their sum moves nothing
    dx, db = evaluate(list(back[:2]), values)
    np.testing.assert_allclose(dx, wanted, atol=1e-12)
    np.testing.assert_allclose(db, wanted.sum(axis=0), atol=1e-12)
    null = node.op.L_op(node.inputs, node.outputs, [*cotangents, cotangents[0]])
    assert isinstance(null[0].type, NullType)
    check_shapes(node, values)


@pytest.mark.parametrize("rows", [None, 1, 5])
@pytest.mark.parametrize("columns", [None, 1, 4])
@pytest.mark.parametrize("name", NODES)
def test_decompositions_have_the_broadcast_pattern_of_the_op(name: str, rows: int | None, columns: int | None) -> None:
    op, arrays = NODES[name]
    shapes: dict[int, list[int | None]] = {0: [], 1: [rows], 2: [rows, columns]}
    inputs = [
        TensorType(a.dtype, [columns] if a is BIAS else [None] if a is LABELS else shapes[a.ndim])() for a in arrays
    ]
    node = op.make_node(*inputs)
    for part, whole in zip(op.decompose(*node.inputs), node.outputs, strict=True):
        assert part.type.in_same_class(whole.type), f"{part.type.shape} for {whole.type.shape}"
