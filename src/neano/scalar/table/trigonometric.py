"""Rows for circular and hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import float_upcast, float_upcast_no_complex
from neano.scalar.op import POSITIVE, REALS, Derivative, Interval, TableOp, in_dtype_of, scalar_function
from neano.scalar.rows import row

_UNIT: Interval = (-1.0, 1.0)


def _row(
    name: str,
    function: Callable[..., Any],
    derivative: Derivative,
    doc: str,
    domain: Interval = REALS,
    class_name: str | None = None,
) -> TableOp:
    return scalar_function(
        name, 1, float_upcast, function, derivative, doc=doc, class_name=class_name, domain=(domain,)
    )


def _sqr(x: Any) -> Any:
    return row("sqr")(x)


def _sqrt(x: Any) -> Any:
    return row("sqrt")(x)


sin: TableOp = _row("sin", np.sin, lambda xs, z, g: [g * cos(xs[0])], "Sine of radians.")
cos: TableOp = _row("cos", np.cos, lambda xs, z, g: [-g * sin(xs[0])], "Cosine of radians.")
tan = _row("tan", np.tan, lambda xs, z, g: [g / _sqr(cos(xs[0]))], "Tangent of radians.", (-math.pi / 2, math.pi / 2))
arcsin = _row("arcsin", np.arcsin, lambda xs, z, g: [g / _sqrt(1 - _square(xs, z))], "Inverse sine.", _UNIT, "ArcSin")
arccos = _row(
    "arccos", np.arccos, lambda xs, z, g: [-g / _sqrt(1 - _square(xs, z))], "Inverse cosine.", _UNIT, "ArcCos"
)
arctan = _row("arctan", np.arctan, lambda xs, z, g: [g / (1 + _square(xs, z))], "Inverse tangent.", class_name="ArcTan")
sinh: TableOp = _row("sinh", np.sinh, lambda xs, z, g: [g * cosh(xs[0])], "Hyperbolic sine.")
cosh: TableOp = _row("cosh", np.cosh, lambda xs, z, g: [g * sinh(xs[0])], "Hyperbolic cosine.")
tanh = _row("tanh", np.tanh, lambda xs, z, g: [g * (1 - _sqr(z))], "Hyperbolic tangent.")
arcsinh = _row(
    "arcsinh",
    np.arcsinh,
    lambda xs, z, g: [g / _sqrt(_square(xs, z) + 1)],
    "Inverse hyperbolic sine.",
    class_name="ArcSinh",
)
arccosh = _row(
    "arccosh",
    np.arccosh,
    lambda xs, z, g: [g / _sqrt(_square(xs, z) - 1)],
    "Inverse hyperbolic cosine.",
    (1.0, math.inf),
    "ArcCosh",
)
arctanh = _row(
    "arctanh", np.arctanh, lambda xs, z, g: [g / (1 - _square(xs, z))], "Inverse hyperbolic tangent.", _UNIT, "ArcTanh"
)


def _square(xs: Sequence[Any], z: Any) -> Any:
    """Return the operand's square in the result's dtype."""
    return _sqr(in_dtype_of(z, xs[0]))


def _arctan2_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    y, x = xs
    size = _square([x], z) + _square([y], z)
    return [g * x / size, -g * y / size]


arctan2 = scalar_function(
    "arctan2",
    2,
    float_upcast_no_complex,
    np.arctan2,
    _arctan2_derivative,
    doc="The angle of the point (second operand, first operand).",
    class_name="ArcTan2",
    domain=(REALS, POSITIVE),
)
