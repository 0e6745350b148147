"""Rows for arithmetic: sums, products, quotients, powers, signs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import (
    float_upcast,
    own_dtypes,
    quotient,
    real_part,
    same,
    same_no_bool,
    same_no_bool_no_complex,
    upcast_complex_error,
    upcast_min_int8,
    upcast_no_bool,
)
from neano.scalar.dtypes import is_complex, upcast
from neano.scalar.op import POSITIVE, REALS, conjugate, in_dtype_of, like, onto, scalar_function, zero_derivative
from neano.scalar.rows import row


def _fold(function: np.ufunc) -> Callable[..., Any]:
    """Return the n-ary form of a binary ufunc."""
    return lambda *xs: functools.reduce(function, xs)


def _square(z: Any, x: Any) -> Any:
    """Return x * x in the dtype of the result z, in which an integer does not overflow."""
    x = in_dtype_of(z, x)
    return x * x


def _product_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    """Each factor receives the cotangent times all the others (conjugated, where they are complex)."""
    return [onto(x, mul(g, *[conjugate(y) for j, y in enumerate(xs) if j != i])) for i, x in enumerate(xs)]


def _power(x: Any, y: Any) -> Any:
    """Return x to the power of y, each pair by itself.

    NumPy takes square roots where one exponent of 1/2 stands for all, which differ at -inf and -0.
    """
    shape = np.broadcast_shapes(np.shape(x), np.shape(y))
    return np.power(x, np.ascontiguousarray(np.broadcast_to(y, shape))).reshape(shape)[()]


def _power_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    """y x**(y-1) in the base; log(x) x**y in the exponent, 0 where the base is 0 and the logarithm has no value."""
    x, y = xs
    in_base = g * y * x ** (y - 1)
    in_exponent = row("switch")(row("eq")(x, 0), 0, g * row("log")(x) * z)
    return [in_base, in_exponent]


add = scalar_function(
    "add",
    -1,
    upcast,
    _fold(np.add),
    lambda xs, z, g: [g] * len(xs),
    doc="Sum of the operands.",
    commutative=True,
    associative=True,
)
mul = scalar_function(
    "mul",
    -1,
    upcast,
    _fold(np.multiply),
    _product_derivative,
    doc="Product of the operands.",
    commutative=True,
    associative=True,
    complex_derivative=True,
)
sub = scalar_function(
    "sub",
    2,
    upcast_no_bool,
    np.subtract,
    lambda xs, z, g: [g, -g],
    doc="Difference: the first operand less the second.",
)
neg = scalar_function(
    "neg",
    1,
    same_no_bool,
    np.negative,
    lambda xs, z, g: [-g],
    doc="The operand with its sign turned.",
    complex_derivative=True,
)
true_div = scalar_function(
    "true_div",
    2,
    quotient,
    np.true_divide,
    lambda xs, z, g: [g / xs[1], -(g * xs[0]) / _square(z, xs[1])],
    doc="Quotient; of two discrete operands a floatX.",
    domain=(REALS, POSITIVE),
)
int_div = scalar_function(
    "int_div",
    2,
    upcast_complex_error,
    np.floor_divide,
    zero_derivative,
    doc="Quotient rounded toward minus infinity.",
    class_name="IntDiv",
)
floor_div = int_div
mod = scalar_function(
    "mod",
    2,
    upcast_complex_error,
    np.mod,
    lambda xs, z, g: [g, -(xs[0] // xs[1]) * g],
    doc="Remainder, with the divisor's sign.",
    domain=(REALS, POSITIVE),
)
pow = scalar_function(
    "pow",
    2,
    upcast_min_int8,
    _power,
    _power_derivative,
    doc="The first operand to the power of the second.",
    domain=(POSITIVE, REALS),
)
sqr = scalar_function(
    "sqr", 1, same, np.square, lambda xs, z, g: [g * xs[0] * 2], doc="Square, in the operand's dtype."
)
inv = scalar_function(
    "inv",
    1,
    float_upcast,
    np.reciprocal,
    lambda xs, z, g: [-g / _square(z, xs[0])],
    doc="Reciprocal, floating-point.",
    domain=(POSITIVE,),
)


def _absolute_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    (x,) = xs
    return [g * x / abs(x)] if is_complex(x.type.dtype) else [g * sgn(x)]


abs_ = scalar_function(
    "abs_",
    1,
    real_part,
    np.abs,
    _absolute_derivative,
    operands=own_dtypes,
    doc="Absolute value; real for a complex operand.",
    class_name="Abs",
    complex_derivative=True,
)
sgn = scalar_function(
    "sgn", 1, same_no_bool_no_complex, np.sign, zero_derivative, doc="-1, 0 or 1: the sign of the operand."
)


def _mul_without_zeros(x: Any, y: Any) -> Any:
    return np.where(x == 0, y, np.where(y == 0, x, x * y))


mul_without_zeros = scalar_function(
    "mul_without_zeros",
    2,
    upcast,
    _mul_without_zeros,
    None,
    doc="Product in which a zero counts as absent.",
    class_name="MulWithoutZeros",
    commutative=True,
    associative=True,
)
deg2rad = scalar_function(
    "deg2rad",
    1,
    float_upcast,
    lambda x: x * x.dtype.type(math.pi / 180),
    lambda xs, z, g: [g * like(z, math.pi / 180)],
    doc="Degrees as radians.",
    class_name="Deg2Rad",
)
rad2deg = scalar_function(
    "rad2deg",
    1,
    float_upcast,
    lambda x: x * x.dtype.type(180 / math.pi),
    lambda xs, z, g: [g * like(z, 180 / math.pi)],
    doc="Radians as degrees.",
    class_name="Rad2Deg",
)
