"""`verify_grad` and `numeric_grad`: right gradients pass, wrong ones are found and told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neano.autodiff import GradientError, numeric_grad, verify, verify_grad, zero_grad
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.table import mul, tanh

pytestmark = pytest.mark.usefixtures("_interpreted")


def rng() -> np.random.RandomState:
    return np.random.RandomState(3)


class OffByOne(Op):
    """2 x, with a gradient that is wrong in one entry."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any, *params: Any) -> None:
        output_storage[0][0] = inputs[0] * 2

    def grad(self, inputs: Any, output_grads: Any) -> Any:
        return [output_grads[0] * np.array([2.0, 2.0, 3.0])]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_right_gradients_pass(dtype: str) -> None:
    x, y = np.array([[0.3, -1.2, 2.0]]).astype(dtype), np.array([[1.0], [2.0]]).astype(dtype)
    verify_grad(tanh, [x], rng=rng())
    verify_grad(lambda a, b: mul(a, b) + a, [x, y], rng=rng(), n_tests=3)
    verify_grad(tanh, (np.asarray(0.5, dtype),), rng=rng(), cast_to_output_type=True)


def test_wrong_gradients_are_found() -> None:
    with pytest.raises(GradientError, match="At position 2 of argument 0 with shape") as caught:
        verify_grad(OffByOne(), [np.ones(3)], rng=rng())
    assert caught.value.err_pos == 2
    assert caught.value.abs_tol == 1e-4
    with pytest.raises(GradientError):
        verify_grad(zero_grad, [np.ones(3)], rng=rng())


def test_it_fails_only_where_both_errors_exceed() -> None:
    verify_grad(OffByOne(), [np.ones(3)], rng=rng(), abs_tol=10.0)
    verify_grad(OffByOne(), [np.ones(3)], rng=rng(), rel_tol=1.0)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="rng"):
        verify_grad(tanh, [np.ones(3)])
    with pytest.raises(TypeError, match="floating point"):
        verify_grad(tanh, [np.ones(3, "int64")], rng=rng())
    with pytest.raises(AssertionError):
        verify_grad(tanh, np.ones(3), rng=rng())
    with pytest.raises(NotImplementedError):
        verify_grad(lambda x: [x, x], [np.ones(3)], rng=rng())


def test_it_says_so_when_nothing_can_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "compile_function", None)
    with pytest.raises(RuntimeError, match=r"neano\.compile"):
        verify_grad(tanh, [np.ones(3)], rng=rng())


def test_numeric_grad() -> None:
    found = numeric_grad(lambda a, b: (a * b).sum(), [np.ones(3), np.arange(3.0)])
    np.testing.assert_allclose(found.gf[0], np.arange(3.0), atol=1e-7)
    np.testing.assert_allclose(found.gf[1], np.ones(3), atol=1e-7)
    assert found.max_err([np.ones(3), np.ones(3)], 1e-4, 1e-4)[:2] == (0, 0)
    assert found.max_err([np.arange(3.0), np.array([1.0, np.nan, 1.0])], 1e-4, 1e-4)[:2] == (1, 1)
    single = numeric_grad(lambda a: (a**2).sum(), np.ones(2))
    np.testing.assert_allclose(single.gf, [2.0, 2.0], atol=1e-6)
    with pytest.raises(ValueError, match="wrong number"):
        single.max_err([np.ones(2), np.ones(2)], 1, 1)
    with pytest.raises(ValueError, match="wrong shape"):
        single.max_err(np.ones(3), 1, 1)
    assert numeric_grad.abs_rel_err(1.0, 2.0) == (1.0, 1 / 3)
    assert numeric_grad.type_eps == {"float64": 1e-7, "float32": 3e-4, "float16": 1e-1}
