"""The activations of neural networks: rows of the scalar table as tensor functions, and what is composed of them."""

from __future__ import annotations

from typing import Any

import neano.scalar.table  # noqa: F401 - declares the rows
from neano.scalar.dtype_rules import float_upcast
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.elemwise import Elemwise

sigmoid = Elemwise(row("scalar_sigmoid"), name="sigmoid")
sigmoid_inplace = Elemwise(row("scalar_sigmoid"), {0: 0}, name="sigmoid_inplace")
softplus = Elemwise(row("scalar_softplus"), name="softplus")
softsign = Elemwise(row("scalar_softsign"), name="softsign")
ultra_fast_sigmoid = Elemwise(row("ultra_fast_scalar_sigmoid"), name="ultra_fast_sigmoid")

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""Klambauer et al., Self-Normalizing Neural Networks (2017), equation 14."""


def hard_sigmoid(x: Any) -> Any:
    """Return 0.2 x + 0.5 held between 0 and 1, in the dtype of `x` where that is a float."""
    x = as_tensor_variable(x)
    dtype = float_upcast(x.dtype)
    line = row("add")(row("mul")(x, constant(0.2, dtype=dtype)), constant(0.5, dtype=dtype))
    return row("clip")(line, 0, 1)


def relu(x: Any, alpha: Any = 0) -> Any:
    """Return max(x, 0), or with a slope of `alpha` below zero.

    At zero the derivative is the mean of the slopes on both sides.

    Args:
        x: a tensor.
        alpha: a number or a tensor that broadcasts against `x`.
    """
    x = as_tensor_variable(x)
    if isinstance(alpha, (int, float)) and alpha == 0:
        return 0.5 * (x + abs(x))
    alpha = as_tensor_variable(alpha)
    return 0.5 * (1 + alpha) * x + 0.5 * (1 - alpha) * abs(x)


def elu(x: Any, alpha: Any = 1) -> Any:
    """Return x where it is positive, else alpha (exp(x) - 1)."""
    x = as_tensor_variable(x)
    return row("switch")(row("gt")(x, 0), x, row("mul")(alpha, row("expm1")(x)))


def selu(x: Any) -> Any:
    """Return the exponential linear unit scaled so that activations keep mean 0 and variance 1."""
    return SELU_SCALE * elu(x, SELU_ALPHA)
