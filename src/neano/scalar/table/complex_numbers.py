"""Rows that take complex numbers apart and put them together.

The cotangent of a complex number z = a + ib is dc/da + i dc/db for a real cost c.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import complex_of, float64, own_dtypes, parts_of_output, real_part, same_min_int8
from neano.scalar.dtypes import is_complex
from neano.scalar.op import REALS, TableOp, scalar_function, zeros_of
from neano.scalar.rows import row


def _part_derivative(real: bool) -> Any:
    """Return the derivative of `real` or `imag`."""

    def derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
        (x,) = xs
        if is_complex(x.type.dtype):
            return [complex(g, 0) if real else complex(0, g)]
        return [g if real else zeros_of(x)]

    return derivative


real = scalar_function(
    "real",
    1,
    real_part,
    np.real,
    _part_derivative(True),
    operands=own_dtypes,
    doc="The real part.",
    complex_derivative=True,
)
imag = scalar_function(
    "imag",
    1,
    real_part,
    np.imag,
    _part_derivative(False),
    operands=own_dtypes,
    doc="The imaginary part; 0 of a real operand.",
    complex_derivative=True,
)


def _angle_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    """The angle grows across the direction of the number, the slower the farther from 0; on the reals it is fixed."""
    (x,) = xs
    if not is_complex(x.type.dtype):
        return [zeros_of(x)]
    a, b = real(x), imag(x)
    share = row(f"convert_to_{a.type.dtype}")(g) / (row("sqr")(a) + row("sqr")(b))
    return [complex(-b * share, a * share)]


def _widest(dtypes: Sequence[str], output: str) -> Sequence[str]:
    return ["complex128" if is_complex(dtype) else "float64" for dtype in dtypes]


angle = scalar_function(
    "angle",
    1,
    float64,
    np.angle,
    _angle_derivative,
    operands=_widest,
    doc="The angle of a complex number; 0 or pi of a real one.",
    complex_derivative=True,
)
conj: TableOp = scalar_function(
    "conj",
    1,
    same_min_int8,
    np.conjugate,
    lambda xs, z, g: [conj(g)],
    doc="The complex conjugate.",
    complex_derivative=True,
)


def _cartesian(x: Any, y: Any) -> Any:
    """Put parts together without arithmetic, which would spoil infinities and the signs of zeros."""
    result = np.empty(np.broadcast_shapes(x.shape, y.shape), np.result_type(x.dtype, np.complex64))
    result.real, result.imag = x, y
    return result


complex: TableOp = scalar_function(
    "complex",
    2,
    complex_of,
    _cartesian,
    lambda xs, z, g: [real(g), imag(g)],
    operands=parts_of_output,
    doc="The complex number with these real and imaginary parts.",
    complex_derivative=True,
)


def _polar(r: Any, theta: Any) -> Any:
    result = np.empty(np.broadcast_shapes(r.shape, theta.shape), np.result_type(r.dtype, np.complex64))
    result.real = r * np.cos(theta)
    result.imag = r * np.sin(theta)
    return result


def _polar_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    r, theta = xs
    along, across, a, b = row("cos")(theta), row("sin")(theta), real(g), imag(g)
    return [a * along + b * across, r * (b * along - a * across)]


complex_from_polar = scalar_function(
    "complex_from_polar",
    2,
    complex_of,
    _polar,
    _polar_derivative,
    operands=parts_of_output,
    doc="The complex number with this absolute value and angle.",
    domain=(REALS, REALS),
    complex_derivative=True,
)
