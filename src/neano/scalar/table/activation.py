"""Rows for the activations of neural networks, exact over their whole range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import float_upcast, float_upcast_no_complex
from neano.scalar.op import like, scalar_function
from neano.scalar.rows import row


def _sigmoid(x: Any) -> Any:
    """Compute 1 / (1 + exp(-x)) without an exponential that overflows, so that small results keep their precision."""
    if np.iscomplexobj(x):
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


sigmoid = scalar_function(
    "scalar_sigmoid",
    1,
    float_upcast,
    _sigmoid,
    lambda xs, z, g: [g * z * (like(z, 1) - z)],
    doc="The logistic function 1 / (1 + exp(-x)).",
    class_name="ScalarSigmoid",
)
scalar_sigmoid = sigmoid


def _softplus(x: Any) -> Any:
    return np.log1p(np.exp(x)) if np.iscomplexobj(x) else np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


softplus = scalar_function(
    "scalar_softplus",
    1,
    float_upcast,
    _softplus,
    lambda xs, z, g: [g * sigmoid(xs[0])],
    doc="log(1 + exp(x)), a smooth form of max(x, 0).",
    class_name="ScalarSoftplus",
)
scalar_softplus = softplus
softsign = scalar_function(
    "scalar_softsign",
    1,
    float_upcast,
    lambda x: x / (1 + np.abs(x)),
    lambda xs, z, g: [g / row("sqr")(like(z, 1) + abs(xs[0]))],
    doc="x / (1 + |x|).",
    class_name="ScalarSoftsign",
)
scalar_softsign = softsign


def _ultra_fast(x: Any) -> Any:
    """Three pieces in t = |x| / 2: hyperbola, line, constant; mirrored for negative x."""
    number = x.dtype.type
    half = number(0.5) * np.abs(x)
    curve = np.where(
        half < 1.7,
        number(1.5) * half / (1 + half),
        np.where(
            half < 3,
            number(0.935409070603099) + number(0.0458812946797165) * (half - number(1.7)),
            number(0.99505475368673),
        ),
    )
    return number(0.5) * (np.copysign(curve, x) + 1)


def _ultra_fast_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    """The slope of the piece in which the operand lies."""
    switch, lt = row("switch"), row("lt")
    half = like(z, 0.5) * abs(xs[0])
    curve = like(z, 0.375) / row("sqr")(1 + half)
    line = switch(lt(half, like(z, 3)), like(z, 0.25 * 0.0458812946797165), like(z, 0))
    return [g * switch(lt(half, like(z, 1.7)), curve, line)]


ultra_fast_sigmoid = scalar_function(
    "ultra_fast_scalar_sigmoid",
    1,
    float_upcast_no_complex,
    _ultra_fast,
    _ultra_fast_derivative,
    doc="A piecewise approximation of the logistic function.",
    class_name="UltraFastScalarSigmoid",
)
ultra_fast_scalar_sigmoid = ultra_fast_sigmoid
