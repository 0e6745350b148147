"""log, log2, log10, log1p.

x = 2**k m with sqrt(1/2) <= m < sqrt(2); log(m) = 2 artanh(s), s = f / (2 + f), f = m - 1, in the form of FreeBSD's msun
(e_log.c, s_log1p.c) that adds the large parts last. The rest of the series in s**2 by Remez
(`python -m benchmarks.accuracy.minimax log`).
"""

from __future__ import annotations

import math

from neano.backends.native.emit.vector_math.branch import unless
from neano.backends.native.emit.vector_math.exponential import LN2, TINY
from neano.backends.native.emit.vector_math.number import BIAS, MANTISSA, Mask, Number, where

TAIL = {
    "float64": (
        0.6666666666666735,
        0.39999999999411123,
        0.2857142874325519,
        0.2222219847681531,
        0.1818356969397759,
        0.15313904484850113,
        0.14797494696918528,
    ),
    "float32": (
        0.6666677672339125,
        0.3997749502857042,
        0.2987308246223887,
    ),
}
"""(log((1 + s) / (1 - s)) / s - 2) / s**2, of s**2, lowest coefficient first."""

ROOT_HALF = {"float64": 0x3FE6A09E667F3BCD, "float32": 0x3F3504F3}
"""The bits of sqrt(1/2)."""

SMALLEST_NORMAL = {"float64": 2.0**-1022, "float32": 2.0**-126}

LOG10_2 = {"float64": (0.30102999566406652, -8.532344317057106e-14), "float32": (0.30078125, 0.0002487457)}
"""log10(2) in two parts, the first of which times an exponent is exact."""


def parts(x: Number) -> tuple[Number, Number]:
    """Return (m, k) with x = 2**k m and sqrt(1/2) <= m < sqrt(2), of a positive normal number."""
    mantissa, bias = MANTISSA[x.dtype], BIAS[x.dtype]
    # The exponent in the upper bits, biased that it is positive, without converting integers to floats: a number
    # 2**mantissa with the integer as its lowest bits, less 2**mantissa.
    bits = x.bits()
    shifted = bits + ((bias << mantissa) - ROOT_HALF[x.dtype])
    biased = shifted >> mantissa
    k = (biased | ((bias + mantissa) << mantissa)).number() - (2.0**mantissa + bias)
    fraction = shifted & ((1 << mantissa) - 1)
    return (fraction + ROOT_HALF[x.dtype]).number(), k


def normal_parts(x: Number) -> tuple[Number, Number]:
    """`parts` of a positive number that may be subnormal."""
    small = x < SMALLEST_NORMAL[x.dtype]
    shift = MANTISSA[x.dtype] + 2
    m, k = parts(where(small, x * 2.0**shift, x))
    return m, where(small, k - shift, k)


def of_one_plus(f: Number) -> tuple[Number, Number]:
    """Return (h, t) with log(1 + f) = f - (h - t): h is f**2 / 2, and t the rest."""
    s = f / (f + 2.0)
    z = s * s
    half_square = f * f * 0.5
    return half_square, s * (half_square + z * z.polynomial(TAIL[f.dtype]))


def defined(x: Number, result: Number) -> Number:
    """Return a logarithm's result, with its values at zero, infinity, NaN and negative numbers."""
    regular = where(x < math.inf, result, x)
    return where(x.equals(0.0), -math.inf, where(x < 0.0, math.nan, regular))


def is_regular(x: Number) -> Mask:
    """Return whether numbers are positive, normal and finite."""
    return (x >= SMALLEST_NORMAL[x.dtype]) & (x < math.inf)


def combined(f: Number, k: Number, c: Number | float = 0.0) -> Number:
    """Return log(2**k (1 + f)), and the small c beside it."""
    high, low = LN2[f.dtype]
    h, t = of_one_plus(f)
    rest = t + c if isinstance(c, Number) else t
    return k.fma(high, f - (h - k.fma(low, rest)))


def log_of_any(x: Number) -> Number:
    m, k = normal_parts(x)
    return defined(x, combined(m - 1.0, k))


def log(x: Number) -> Number:
    m, k = parts(x)
    return unless(~is_regular(x), combined(m - 1.0, k), lambda: log_of_any(x))


def log1p(x: Number) -> Number:
    """log(1 + x): what 1 + x loses is added to f, over 2**k."""
    u = x + 1.0
    y = u - 1.0
    lost = (1.0 - (u - y)) + (x - y)
    m, k = parts(u)
    f = m - 1.0
    # 2**-k is the quotient of m and u, by their exponents.
    c = lost * (m.bits() - u.bits() + (BIAS[x.dtype] << MANTISSA[x.dtype])).number()
    usual = where(abs(x) < TINY[x.dtype], x, combined(f, k, c - c * f))
    regular = (x > -1.0) & (x < 2.0**60)
    return unless(~regular, usual, lambda: where(regular, usual, defined(u, where(x < math.inf, combined(f, k), x))))


def in_base(x: Number, inverse: float, unit: tuple[float, float]) -> Number:
    """log(x) over log(base), with the base's logarithm of 2 in two parts, log(1 + f) in two, too."""
    m, k = normal_parts(x)
    f = m - 1.0
    h, t = of_one_plus(f)
    # log(1 + f) = high + low, the first with half of the digits: times half of the digits of 1 / log(base) it is exact.
    high = (f - h).high()
    low = ((f - high) - h) + t
    factor_high = rounded_to_half(inverse, x.dtype)
    factor_low = inverse - factor_high
    rest = low * (factor_high + factor_low) + high * factor_low
    start, end = k * unit[0], k * unit[1]
    product = high * factor_high
    total = start + product
    lost = (start - total) + product
    return defined(x, total + (lost + (rest + end)))


def rounded_to_half(number: float, dtype: str) -> float:
    """Return a number with half of a dtype's digits."""
    digits = 26 if dtype == "float64" else 12
    fraction, exponent = math.frexp(number)
    return math.ldexp(round(fraction * 2**digits), exponent - digits)


def log2(x: Number) -> Number:
    return in_base(x, 1.4426950408889634, (1.0, 0.0))


def log10(x: Number) -> Number:
    return in_base(x, 0.4342944819032518, LOG10_2[x.dtype])
