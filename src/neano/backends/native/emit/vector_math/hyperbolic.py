"""tanh, sinh, cosh by exp(x) - 1."""

from __future__ import annotations

import math

from neano.backends.native.emit.vector_math.exponential import HIGHEST, TAIL, TINY, expm1, half_expm1, reduced
from neano.backends.native.emit.vector_math.number import Number, times_power_of_two, where


def tanh(x: Number) -> Number:
    """-t / (t + 2) with t = exp(-2 |x|) - 1, which keeps its digits for small and for large x."""
    t = expm1(abs(x) * -2.0)
    return (t / (t + 2.0)).with_sign_of(x)


def sinh(x: Number) -> Number:
    """h + h / (2 h + 1) with h = (exp(|x|) - 1) / 2, which overflows no earlier than the result does."""
    size = abs(x)
    h = half_expm1(size)
    large = where(h < math.inf, h + h / (h * 2.0 + 1.0), h)
    return where(size < TINY[x.dtype], size, large).with_sign_of(x)


def cosh(x: Number) -> Number:
    """e + 1 / (4 e) with e = exp(|x|) / 2."""
    size = abs(x)
    r, n = reduced(size.at_most(HIGHEST[x.dtype]))
    e = times_power_of_two((r * r).fma(r.polynomial(TAIL[x.dtype]), r) + 1.0, n - 1.0)
    return e + 0.25 / e
