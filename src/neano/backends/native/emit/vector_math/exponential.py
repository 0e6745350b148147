"""exp, exp2, expm1.

exp(x) = 2**n exp(r) with n the integer nearest to x / log(2) and |r| <= log(2) / 2 (Cody and Waite, "Software manual for
the elementary functions", 1980): log(2) in two parts, of which the first has so few digits that n times it is exact.
exp(r) = 1 + r + r**2 P(r), P by Remez (`python -m benchmarks.accuracy.minimax exp`).
"""

from __future__ import annotations

from neano.backends.native.emit.vector_math.number import (
    Number,
    power_of_two,
    round_to_integer,
    times_power_of_two,
    where,
)

TAIL = {
    "float64": (
        0.5000000000000012,
        0.166666666666667,
        0.04166666666651541,
        0.008333333333307292,
        0.0013888888947017047,
        0.00019841269917195414,
        2.4801489941949758e-05,
        2.755721646319496e-06,
        2.763128021817524e-07,
        2.5117811974125625e-08,
    ),
    "float32": (
        0.5000000094624458,
        0.16666518858356572,
        0.041666207567280844,
        0.008368887454232553,
        0.0013950382877085702,
    ),
}
"""(exp(r) - 1 - r) / r**2, lowest coefficient first."""

LN2 = {"float64": (6.93147180369123816490e-01, 1.90821492927058770002e-10), "float32": (0.693359375, -2.12194440e-4)}
"""log(2) in two parts (FreeBSD's msun, e_exp.c; Cephes, expf.c)."""

LOWEST = {"float64": -746.0, "float32": -104.0}
HIGHEST = {"float64": 711.0, "float32": 90.0}
"""Where results are zero or infinite already: arguments beyond count as these."""

HIGHEST_HALF = {"float64": 710.5, "float32": 89.5}
"""Where half of exp(x) has overflown."""

TINY = {"float64": 2.0**-54, "float32": 2.0**-25}
"""Below it expm1(x), log1p(x), ... are x."""


def reduced(x: Number) -> tuple[Number, Number]:
    """Return (r, n) with x = n log(2) + r, n a whole number."""
    high, low = LN2[x.dtype]
    n, _ = round_to_integer(x, 1.4426950408889634)
    return n.fma(-low, n.fma(-high, x)), n


def clipped(x: Number) -> Number:
    return x.at_least(LOWEST[x.dtype]).at_most(HIGHEST[x.dtype])


def exp(x: Number) -> Number:
    r, n = reduced(clipped(x))
    return times_power_of_two((r * r).fma(r.polynomial(TAIL[x.dtype]), r) + 1.0, n)


def exp2(x: Number) -> Number:
    """2**x: the integer part is exact, so the rest is reduced without parts."""
    near = x.at_least(-1100.0 if x.dtype == "float64" else -160.0).at_most(1100.0 if x.dtype == "float64" else 160.0)
    n, _ = round_to_integer(near)
    r = (near - n) * 0.6931471805599453
    return times_power_of_two((r * r).fma(r.polynomial(TAIL[x.dtype]), r) + 1.0, n)


def half_expm1(x: Number) -> Number:
    """(exp(x) - 1) / 2 for x below log(2) more than where exp(x) overflows; tiny x lose digits."""
    near = x.at_least(-60.0).at_most(HIGHEST_HALF[x.dtype])
    r, n = reduced(near)
    tail = (r * r).fma(r.polynomial(TAIL[x.dtype]), r)
    _, below = round_to_integer(n - 2.0)
    power = power_of_two(below, x.dtype)
    return power.fma(tail, power - 0.25) * 2.0


def expm1(x: Number) -> Number:
    """exp(x) - 1 = 2**n (exp(r) - 1) + (2**n - 1), all of it divided by 4 that nothing overflows early."""
    return where(abs(x) < TINY[x.dtype], x, half_expm1(x) * 2.0)
