"""pow(x, y) for float64 as exp(y log|x|), log|x| with twice the digits (relative error below 2**-64); float32 in float64.

The plan is SLEEF's (N. Shibata, F. Petrogalli, "SLEEF: a portable vectorized library of C standard mathematical functions",
2020): one series of artanh, its first terms in pairs of numbers. The special cases are those of C99, annex F.9.4.4.
"""

from __future__ import annotations

import math

from neano.backends.native.emit.vector_math.double_double import Pair, add, divide, fast_two_sum, multiply, two_sum
from neano.backends.native.emit.vector_math.exponential import TAIL, exp, reduced
from neano.backends.native.emit.vector_math.logarithm import log, normal_parts
from neano.backends.native.emit.vector_math.number import Mask, Number, times_power_of_two, where

LN2 = (0.6931471805599453, 2.3190468138462996e-17)
"""log(2) in two numbers."""

THIRD = (0.6666666666666666, 3.700743415417188e-17)
"""2 / 3 in two numbers."""

ARTANH = {
    "float64": (
        0.4000000000000227,
        0.2857142857009189,
        0.2222222252135354,
        0.18181784237116136,
        0.15386763527953323,
        0.13256668919099215,
        0.13197749453536445,
    ),
}
"""(2 artanh(s) - 2 s - 2 s**3 / 3) / s**5, of s**2, lowest coefficient first."""


def log_pair(x: Number) -> Pair:
    """Return log(x) of a positive finite number, with twice the digits."""
    m, k = normal_parts(x)
    f = m - 1.0
    zero = x.constant(0.0)
    s = divide((f, zero), two_sum(x.constant(2.0), f))
    z = multiply(s, s)
    cube = multiply(s, z)
    third = multiply(cube, (x.constant(THIRD[0]), x.constant(THIRD[1])))
    rest = cube[0] * z[0] * z[0].polynomial(ARTANH["float64"])
    series = add((s[0] * 2.0, s[1] * 2.0), fast_two_sum(third[0], third[1] + rest))
    exponent = multiply((k, zero), (x.constant(LN2[0]), x.constant(LN2[1])))
    return add(exponent, series)


def exp_pair(x: Pair) -> Number:
    """Return exp of a pair."""
    near = x[0].at_least(-746.0).at_most(711.0)
    r, n = reduced(near)
    r = r + where(near.equals(x[0]), x[1], 0.0)
    return times_power_of_two((r * r).fma(r.polynomial(TAIL["float64"]), r) + 1.0, n)


def is_whole(x: Number) -> Mask:
    return x.floor().equals(x)


def power(x: Number, y: Number) -> Number:
    """x to the power y of float64 numbers."""
    size = abs(x)
    regular = where(size < math.inf, where(size > 0.0, size, 1.0), 1.0)
    logarithm = log_pair(regular)
    # Beyond 2**64 every exponent gives 0, 1 or infinity; a smaller one keeps the product of pairs finite.
    exponent = y.at_most(2.0**100).at_least(-(2.0**100))
    result = exp_pair(multiply(logarithm, (exponent, x.constant(0.0))))
    return _defined(x, y, size, result)


def _defined(x: Number, y: Number, size: Number, result: Number) -> Number:
    """Return the result with its sign and the values at zeros, infinities, NaN and negative bases."""
    whole = is_whole(y)
    half = y * 0.5
    odd = whole & (half.floor() < half) & (abs(y) < 2.0**53)
    # Bases 0 and infinity, and infinite exponents: zero or infinity by the side of 1 and the exponent's sign.
    grows = Mask(x.b, x.b.compare("eq", (size > 1.0).value, (y > 0.0).value))
    extreme = size.equals(0.0) | size.equals(math.inf) | abs(y).equals(math.inf)
    result = where(extreme, where(grows, math.inf, x.constant(0.0)), result)
    sign = where(odd, x, 1.0)
    result = result.with_sign_of(sign)
    negative = (x < 0.0) & (size < math.inf)
    not_whole = (y.floor() < y) & (abs(y) < math.inf)
    result = where(negative & not_whole, math.nan, result)
    result = where(unordered(x, y), math.nan, result)
    one = x.equals(1.0) | y.equals(0.0) | (x.equals(-1.0) & abs(y).equals(math.inf))
    return where(one, 1.0, result)


def unordered(x: Number, y: Number) -> Mask:
    return Mask(x.b, x.b.compare("uno", x.value, y.value))


def power_in_float64(x: Number, y: Number) -> Number:
    """x to the power y of float64 numbers, to the digits of float32."""
    size = abs(x)
    regular = where(size < math.inf, where(size > 0.0, size, 1.0), 1.0)
    exponent = y.at_most(2.0**100).at_least(-(2.0**100))
    return _defined(x, y, size, exp(exponent * log(regular)))
