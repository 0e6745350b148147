"""Activations, batch normalisation and prepended columns against plain formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

from neano.tensor import nnet
from neano.tensor.type import TensorType
from tensor.op_checks import evaluate, variable_of

X = np.array([-1000.0, -40, -2.5, -0.5, -0.0, 0.0, 0.3, 3, 30, 800])

FORMULAS: dict[str, tuple[Any, Any]] = {
    "sigmoid": (nnet.sigmoid, scipy.special.expit),
    "softplus": (nnet.softplus, lambda x: np.logaddexp(0, x)),
    "softsign": (nnet.softsign, lambda x: x / (1 + abs(x))),
    "hard_sigmoid": (nnet.hard_sigmoid, lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
    "relu": (nnet.relu, lambda x: np.maximum(x, 0)),
    "leaky relu": (lambda x: nnet.relu(x, 0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
    "elu": (nnet.elu, lambda x: np.where(x > 0, x, np.expm1(x))),
    "elu with alpha": (lambda x: nnet.elu(x, 0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    "selu": (nnet.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name: str) -> None:
    function, formula = FORMULAS[name]
    x = variable_of(X)
    with np.errstate(over="ignore"):
        (value,) = evaluate([function(x)], {x: X})
        np.testing.assert_allclose(value, formula(X), rtol=1e-12, atol=0)


def test_ultra_fast_sigmoid_is_close() -> None:
    x = variable_of(X)
    np.testing.assert_allclose(evaluate([nnet.ultra_fast_sigmoid(x)], {x: X})[0], scipy.special.expit(X), atol=0.06)


@pytest.mark.parametrize(
    ("dtype", "wanted"), [("float16", "float16"), ("float32", "float32"), ("float64", "float64"), ("int64", "float64")]
)
def test_dtype_of_hard_sigmoid(dtype: str, wanted: str) -> None:
    assert nnet.hard_sigmoid(TensorType(dtype, (None,))()).dtype == wanted


def test_texts() -> None:
    x = TensorType("float64", (None,))("x")
    assert str(nnet.sigmoid(x).owner.op) == "sigmoid"
    assert str(nnet.softplus(x).owner.op) == "softplus"


BATCH = np.random.default_rng(0).normal(1, 2, size=(6, 3, 2, 2))


@pytest.mark.parametrize(("axes", "numbers"), [("per-activation", (0,)), ("spatial", (0, 2, 3)), ((0, 2), (0, 2))])
def test_batch_normalization(axes: Any, numbers: tuple[int, ...]) -> None:
    shape = tuple(1 if i in numbers else n for i, n in enumerate(BATCH.shape))
    rng = np.random.default_rng(1)
    gamma, beta, old_mean, old_var = (rng.random(shape) for _ in range(4))
    arrays = [BATCH, gamma, beta, old_mean, old_var]
    x, g, b, m, v = variables = [variable_of(a) for a in arrays]
    values = dict(zip(variables, arrays, strict=True))
    mean, var = BATCH.mean(axis=numbers, keepdims=True), BATCH.var(axis=numbers, keepdims=True)
    count = BATCH.size / mean.size
    results = nnet.batch_normalization_train(x, g, b, axes, 1e-3, 0.25, m, v)
    wanted = [
        (BATCH - mean) / np.sqrt(var + 1e-3) * gamma + beta,
        mean,
        1 / np.sqrt(var + 1e-3),
        old_mean * 0.75 + mean * 0.25,
        old_var * 0.75 + var * count / (count - 1) * 0.25,
    ]
    for result, expected in zip(evaluate(list(results), values), wanted, strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-10)
    assert len(nnet.batch_normalization_train(x, g, b, axes)) == 3
    tested = nnet.batch_normalization_test(x, g, b, m, v, axes, 1e-3)
    expected = (BATCH - old_mean) * gamma / np.sqrt(old_var + 1e-3) + beta
    np.testing.assert_allclose(evaluate([tested], values)[0], expected, rtol=1e-10)


def test_batch_normalization_takes_parameters_without_the_axes() -> None:
    x, g = variable_of(BATCH[:, :, 0, 0]), variable_of(BATCH[0, :, 0, 0])
    values = {x: BATCH[:, :, 0, 0], g: BATCH[0, :, 0, 0]}
    result = nnet.batch_normalization_train(x, g, g)[0]
    assert evaluate([result], values)[0].shape == (6, 3)
    old = nnet.batch_normalization(x, g, g, x.mean(axis=0), x.std(axis=0), mode="high_mem")
    expected = (values[x] - values[x].mean(0)) * values[g] / values[x].std(0) + values[g]
    np.testing.assert_allclose(evaluate([old], values)[0], expected)


def test_batch_normalization_refuses() -> None:
    x = TensorType("float64", (None, None))()
    with pytest.raises(ValueError, match="epsilon"):
        nnet.batch_normalization_train(x, x, x, epsilon=1e-6)
    with pytest.raises(ValueError, match="axes"):
        nnet.batch_normalization_train(x, x, x, axes="spacial")
    with pytest.raises(ValueError, match="axes"):
        nnet.batch_normalization_train(x, x, x, axes=(2,))
    with pytest.raises(ValueError, match="dimensions"):
        nnet.batch_normalization_test(x, x.dimshuffle(0, 1, "x"), x, x, x)
    with pytest.raises(ValueError, match="low_mem"):
        nnet.batch_normalization(x, x, x, x, x, mode="fast")


def test_prepended_columns() -> None:
    x = variable_of(BATCH[:, :, 0, 0])
    values = {x: BATCH[:, :, 0, 0]}
    for function, number in ((nnet.prepend_0_to_each_row, 0), (nnet.prepend_1_to_each_row, 1)):
        np.testing.assert_array_equal(
            evaluate([function(x)], values)[0], np.column_stack([np.full(6, number), values[x]])
        )
    with pytest.raises(TypeError):
        nnet.prepend_scalar_to_each_row(x, x)
    with pytest.raises(TypeError):
        nnet.prepend_0_to_each_row(x[0])


def test_confusion_matrix() -> None:
    actual, predicted = np.array([1, 3, 1]), np.array([0, 1, 1])
    a, p = variable_of(actual), variable_of(predicted)
    counts, labels = evaluate(nnet.confusion_matrix(a, p), {a: actual, p: predicted})
    np.testing.assert_array_equal(counts, [[0, 0, 0], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(labels, [0, 1, 3])
    with pytest.raises(ValueError, match="1-d"):
        nnet.confusion_matrix(a, p.dimshuffle(0, "x"))
