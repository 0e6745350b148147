"""sin, cos, tan: pi/2 taken off in parts, then polynomials on [-pi/4, pi/4].

The parts of pi/2 have 33 digits each (FreeBSD's msun, e_rem_pio2.c), so that up to 2**20 times each of them is exact; what is
left is a pair of numbers. Beyond that range, which is rare, libm computes lane by lane. float32 is computed in float64.
The polynomials are Remez's (`python -m benchmarks.accuracy.minimax sin cos`).
"""

from __future__ import annotations

from collections.abc import Callable

from neano.backends.native.emit.vector_math.branch import where_rarely
from neano.backends.native.emit.vector_math.double_double import Pair, two_sum
from neano.backends.native.emit.vector_math.number import Bits, Number, round_to_integer, where

SINE = {
    "float64": (
        -0.16666666666666632,
        0.008333333333322415,
        -0.00019841269829808385,
        2.7557313692111275e-06,
        -2.505075814427027e-08,
        1.589679727105973e-10,
    ),
    "float32": (
        -0.16666666641608077,
        0.00833332938369008,
        -0.0001983933411391208,
        2.718304509933576e-06,
    ),
}
"""(sin(r) / r - 1) / r**2, of r**2, lowest coefficient first; "float32" where its digits are enough."""

COSINE = {
    "float64": (
        0.0416666666666666,
        -0.0013888888888874125,
        2.480158728948315e-05,
        -2.7557314352599146e-07,
        2.0875723308496393e-09,
        -1.1359649599333439e-11,
    ),
    "float32": (
        0.041666646855380025,
        -0.0013887366943607007,
        2.4438383355332473e-05,
    ),
}
"""(cos(r) - 1 + r**2 / 2) / r**4, of r**2."""

HALF_PI = (
    1.57079632673412561417e00,
    6.07710050630396597660e-11,
    2.02226624871116645580e-21,
    8.47842766036889956997e-32,
)
"""pi/2 in four parts."""

LIMIT = 1.0e6
"""Up to which the parts of pi/2 are exact times the quotient."""

TWO_OVER_PI = 0.6366197723675814


def reduced(x: Number) -> tuple[Pair, Bits]:
    """Return (r, n): x = n pi/2 + r with |r| <= pi/4, r as a pair, n by its lowest bits."""
    n, bits = round_to_integer(x * TWO_OVER_PI)
    r, low = two_sum(x - n * HALF_PI[0], n * -HALF_PI[1])
    r, lower = two_sum(r, n * -HALF_PI[2])
    return (r, low + lower - n * HALF_PI[3]), bits


def sine(r: Pair, digits: str) -> Number:
    x, low = r
    z = x * x
    return x + (x * z * z.polynomial(SINE[digits]) + low * (1.0 - z * 0.5))


def cosine(r: Pair, digits: str) -> Number:
    x, low = r
    z = x * x
    half = z * 0.5
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * z * z.polynomial(COSINE[digits]) - x * low))


def _turned(bits: Bits, quarter: int, r: Pair, digits: str) -> Number:
    """Return sin(r + (n + quarter) pi/2)."""
    turns = bits + quarter
    either = where((turns & 1).is_zero(), sine(r, digits), cosine(r, digits))
    return (either.bits() ^ ((turns & 2) << 62)).number()


def circular(name: str, digits: str) -> Callable[[Number], Number]:
    """Return sin, cos or tan of float64 numbers with the digits of a dtype."""

    def near(x: Number) -> Number:
        r, bits = reduced(x)
        if name == "cos":
            return _turned(bits, 1, r, digits)
        if name == "sin":
            result = _turned(bits, 0, r, digits)
        else:
            s, c = sine(r, digits), cosine(r, digits)
            even = (bits & 1).is_zero()
            result = where(even, s, -c) / where(even, c, s)
        return where(abs(x) < 2.0**-27, x, result)

    return lambda x: where_rarely(abs(x) > LIMIT, near(x), name, x)
