"""erf and erfc for float64, erf for float32; erfc of float32 is computed in float64.

erfc(x) = exp(-x**2) Q(t) / (1 + 2 x), t = (x - 4) / (x + 4), for x >= 0 (M. M. Shepherd, J. G. Laframboise, "Chebyshev
approximation of (1 + 2x) exp(x**2) erfc x in 0 <= x < infinity", 1981): one polynomial for the half-line. erf(x) = x P(x**2)
below 1. Polynomials by Remez (`python -m benchmarks.accuracy.minimax erf erf.tail erfc`).
"""

from __future__ import annotations

from neano.backends.native.emit.vector_math.exponential import TAIL, exp, reduced
from neano.backends.native.emit.vector_math.number import Number, times_power_of_two, where

ERF = {
    "float64": (
        1.1283791670955126,
        -0.3761263890318375,
        0.11283791670954885,
        -0.026866170645077864,
        0.005223977624828324,
        -0.0008548326981419875,
        0.00012055331132763306,
        -1.4925595767856346e-05,
        1.6461008412804645e-06,
        -1.635039557636403e-07,
        1.4660324639908822e-08,
        -1.13749409135835e-09,
        5.960661787414413e-11,
    ),
    "float32": (
        1.128379165913434,
        -0.37612627136437937,
        0.11283600187807542,
        -0.026854445217853063,
        0.005189536701864648,
        -0.0008020854287074615,
        7.889164933779946e-05,
    ),
}
"""erf(x) / x, of x**2, lowest coefficient first."""

ERFC = (
    1.2329951186255526,
    -0.13962111684056253,
    0.015379652102619622,
    0.06809705425469532,
    -0.10103906603629773,
    0.09373283499825626,
    -0.06633036581236003,
    0.03716751553897759,
    -0.016197734056208744,
    0.0050319699648831775,
    -0.0007577732992378637,
    -0.00019925662551473176,
    0.000150621723460451,
    -2.4399442283051896e-05,
    -1.1222182994465635e-05,
    5.7101968931058745e-06,
    2.9416180543194473e-07,
    -8.259666313386794e-07,
    7.410530787729228e-08,
    1.1033302890537375e-07,
    -1.7469619785104735e-08,
    -1.40705916031616e-08,
    1.6772550057771706e-09,
    1.1981311813575067e-09,
)
"""(1 + 2 x) exp(x**2) erfc(x), of (x - 4) / (x + 4)."""

LOG_ERFC = (
    0.00019901295516212982,
    -1.12963422646102,
    -0.6330979297475291,
    -0.10856812341043996,
    0.025320709933236676,
    -0.004257639512179779,
    0.0004566866532120095,
    -2.417296410114746e-05,
    1.7259511731524752e-07,
)
"""log(erfc(x)), 1 <= x <= 4, with the digits of float32."""


def _erfc_of_positive(x: Number) -> Number:
    """erfc on [0, 28]: x**2 in two parts, of which the first is exact; one rounding where the result is subnormal."""
    high = x.high()
    rest = (x - high) * (x + high)
    r, n = reduced(-(high * high))
    r = r - rest
    exponential = (r * r).fma(r.polynomial(TAIL["float64"]), r) + 1.0
    # (x - 4) / (x + 4) with what the division leaves: the polynomial is steep.
    below = x + 4.0
    t = (x - 4.0) / below
    return times_power_of_two(exponential * (t.polynomial(ERFC) / (x * 2.0 + 1.0)), n)


def erfc(x: Number) -> Number:
    size = abs(x).at_most(28.0)
    result = _erfc_of_positive(size)
    return where(x < 0.0, 2.0 - result, result)


def erf(x: Number) -> Number:
    size = abs(x)
    z = size * size
    outer = 1.0 - _erfc_of_positive(size.at_most(28.0))
    return where(size < 1.0, size * z.polynomial(ERF["float64"]), outer).with_sign_of(x)


def erf_of_float32(x: Number) -> Number:
    """erf in float32: beyond 1 as 1 - exp(log(erfc(x))), in which the exponential's error hardly counts."""
    size = abs(x)
    z = size * size
    outer = 1.0 - exp(size.at_most(4.0).polynomial(LOG_ERFC))
    return where(size < 1.0, size * z.polynomial(ERF["float32"]), outer).with_sign_of(x)
