"""Identities that change what passes backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neano.autodiff import (
    DisconnectedInputError,
    GradClip,
    GradScale,
    NullTypeGradError,
    Rop,
    consider_constant,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    undefined_grad,
    zero_grad,
)
from neano.tensor.type import TensorType
from tensor.op_checks import check_shapes, evaluate


def vector(dtype: str = "float64") -> Any:
    return TensorType(dtype, [None])()


X = np.array([0.5, -2.0, 3.0])


def gradient(expression: Any, x: Any) -> list[float]:
    (value,) = evaluate([grad(expression.sum(), x)], {x: X})
    return value.tolist()


@pytest.mark.parametrize("mark", [zero_grad, disconnected_grad, undefined_grad, lambda x: grad_clip(x, -1, 1)])
def test_forward_they_are_identities(mark: Any) -> None:
    x = vector()
    y = mark(x)
    check_shapes(y.owner, {x: X})
    assert y.type == x.type
    assert y.owner.op.view_map == {0: [0]}
    (value,) = evaluate([y], {x: X})
    assert value is X


def test_zero_grad() -> None:
    x = vector()
    assert gradient(zero_grad(x) * x, x) == X.tolist()
    assert gradient(zero_grad(x) * 2, x) == [0.0] * 3
    with pytest.warns(DeprecationWarning, match="zero_grad"):
        y = consider_constant(x)
    assert gradient(y * 2, x) == [0.0] * 3
    assert evaluate([Rop(zero_grad(x), x, x)], {x: X})[0].tolist() == [0.0] * 3


def test_disconnected_grad() -> None:
    x = vector()
    assert gradient(disconnected_grad(x) * x, x) == X.tolist()
    with pytest.raises(DisconnectedInputError):
        grad(disconnected_grad(x).sum(), x)
    with pytest.raises(DisconnectedInputError):
        Rop(disconnected_grad(x), x, x)
    assert grad((disconnected_grad(x) * 2).sum(), x, disconnected_inputs="ignore").dtype == "float64"


def test_undefined_grad() -> None:
    x = vector()
    with pytest.raises(NullTypeGradError, match="UndefinedGrad"):
        grad(undefined_grad(x).sum(), x)
    with pytest.raises(NullTypeGradError):
        Rop(undefined_grad(x), x, x)


def test_grad_clip() -> None:
    x = vector()
    assert gradient(grad_clip(x, -1.5, 1.5) ** 2, x) == [1.0, -1.5, 1.5]
    with pytest.raises(AssertionError, match="reversed"):
        grad_clip(x, 2, 1)
    assert GradClip(-1, 1) == GradClip(-1, 1) != GradClip(-1, 2)
    single = vector("float32")
    assert grad((grad_clip(single, -0.1, 0.1) ** 2).sum(), single).dtype == "float32"
    bound = TensorType("float64", ())()
    clipped = grad((grad_clip(x, -bound, bound) ** 2).sum(), x)
    assert evaluate([clipped], {x: X, bound: np.array(2.0)})[0].tolist() == [1.0, -2.0, 2.0]


def test_grad_scale() -> None:
    x = vector()
    assert gradient(grad_scale(x, 0.25) * 2, x) == [0.5] * 3
    assert gradient(grad_scale(x, -1) * 2, x) == [-2.0] * 3
    assert GradScale(2) == GradScale(2)
    single = vector("float32")
    assert grad(grad_scale(single, 0.1).sum(), single).dtype == "float32"


def test_grad_clip_and_scale_are_identities_for_tangents() -> None:
    x = vector()
    for y in (grad_clip(x, -1, 1), grad_scale(x, 3)):
        assert evaluate([Rop(y, x, x)], {x: X})[0].tolist() == X.tolist()
