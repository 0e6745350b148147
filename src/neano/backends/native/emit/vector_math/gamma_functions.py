"""loggamma, digamma and trigamma for float64; float32 is computed in float64. loggamma of negative arguments, which are
rare, is left to libm.

loggamma: below 8.25 the argument is moved to [1.25, 2.25], where loggamma(2 + y) = y P(y) keeps its digits beside the zero at 2;
beside the one at 1 log(x) does, too. Above, Stirling's formula. digamma: below 6 it is moved to [1, 2), where
it is its distance from the zero times P; above, the asymptotic series. Polynomials by Remez
(`python -m benchmarks.accuracy.minimax loggamma stirling psi psi.large trigamma.large`); formulas: NIST Handbook of
Mathematical Functions, sections 5.5 and 5.11.
"""

from __future__ import annotations

import math

from neano.backends.native.emit.vector_math.branch import unless, where_rarely
from neano.backends.native.emit.vector_math.circular import cosine, sine
from neano.backends.native.emit.vector_math.double_double import two_product
from neano.backends.native.emit.vector_math.logarithm import log_of_any
from neano.backends.native.emit.vector_math.number import Number, round_to_integer, where

NEAR_2 = (
    0.42278433509846713,
    0.3224670334241132,
    -0.06735230105319828,
    0.020580808427786347,
    -0.007385551028635515,
    0.0028905103306244616,
    -0.0011927539147468206,
    0.0005096695238117027,
    -0.00022315464795533065,
    9.945779617454074e-05,
    -4.492793556020967e-05,
    2.0498439498969308e-05,
    -9.438130859446424e-06,
    4.469542283278117e-06,
    -1.8213471797386392e-06,
    8.682462370696188e-07,
    -1.7678131887656473e-06,
    -2.6684941208305952e-06,
    -3.3172093841693705e-06,
    -1.9075038164772745e-06,
    -5.622362045750199e-07,
)
"""loggamma(2 + y) / y, -3/4 <= y <= 1/4, lowest coefficient first."""

STIRLING = (
    0.08333333333333331,
    -0.0027777777776528665,
    0.0007936506933389444,
    -0.0005952085394953781,
    0.0008377845374562937,
    -0.0016672240612285347,
)
"""(loggamma(x) - (x - 1/2) log(x) + x - log(2 pi) / 2) x, of 1 / x**2, x >= 8.25."""

STIRLING_CONSTANT = 0.4189385332046727
"""(log(2 pi) - 1) / 2."""

PSI = (
    0.9510558760318328,
    -0.4236274212814606,
    0.24054248424078722,
    -0.14840492305388028,
    0.09498872445284975,
    -0.06192213327554257,
    0.0407608339433918,
    -0.02697579665762864,
    0.017907248235567365,
    -0.011908220153112672,
    0.007927023327397024,
    -0.0052799366366830655,
    0.0035180887067911655,
    -0.002345499828341473,
    0.0015635033819745095,
    -0.001036432069620036,
    0.000690282226086459,
    -0.0004860344231494719,
    0.00032588050402860457,
    -0.0001446568359298585,
    9.329550016789944e-05,
    -0.00017833297602913093,
    0.00012117303666734809,
)
"""digamma(y + 3/2) over the distance from its zero, |y| <= 1/2."""

PSI_ROOT = (-0.03836785502790008, -3.737581334748359e-12, -3.930163056104025e-25)
"""The zero of digamma less 3/2, in three parts, so short that differences with the first two are exact beside the zero."""

PI = (3.141592653589793, 1.2246467991473532e-16)
"""pi in two numbers."""

PSI_LARGE = (
    0.08333333333333298,
    -0.008333333332919133,
    0.003968253798990702,
    -0.0041666330359169295,
    0.007572024861557444,
    -0.02084694244630572,
    0.07357918900923452,
    -0.21479033969468964,
)
"""(log(x) - 1 / (2 x) - digamma(x)) x**2, of 1 / x**2, x >= 6."""

TRIGAMMA_LARGE = (
    0.16666666666666097,
    -0.03333333332653714,
    0.02380952102549945,
    -0.033332778509655124,
    0.07569574388619253,
    -0.2490162056097528,
    1.0024371844739963,
    -3.1676107724022775,
)
"""(trigamma(x) - 1 / x - 1 / (2 x**2)) x**3, of 1 / x**2, x >= 6."""


def loggamma(x: Number) -> Number:
    large = x >= 8.25
    nearest, _ = round_to_integer(x.at_most(9.0).at_least(0.0) + 0.25)
    y = x - nearest
    # Above 2.25 the logarithm of (x - 1) (x - 2) ... is added; below 1.25 that of x, or of x (x + 1), is taken off.
    product = x.constant(1.0)
    for k in range(1, 7):
        product = where(nearest > k + 1.5, product * (x - float(k)), product)
    factor = where(nearest < 0.5, x.fma(x, x), x)
    small = nearest < 1.5
    logarithm = log_of_any(where(small | large, where(large, x, factor), product))
    near = y.fma(y.polynomial(NEAR_2), where(small, -logarithm, logarithm))
    inverse = 1.0 / x
    rest = inverse.fma((inverse * inverse).polynomial(STIRLING), STIRLING_CONSTANT)
    far = (x - 0.5) * (logarithm - 1.0) + rest
    result = where_rarely(x < 0.0, where(large, far, near), "lgamma", x)
    return where(x.equals(-math.inf), x, result)


def _digamma_of_positive(x: Number) -> Number:
    large = x >= 6.0
    below = x.at_most(6.5).floor()  # the result is digamma(x - below + 1) and a sum of inverses
    y = x - (below + 0.5)
    distance = ((y - PSI_ROOT[0]) - PSI_ROOT[1]) - PSI_ROOT[2]
    above, under = x.constant(0.0), x.constant(1.0)
    for k in range(1, 5):
        more = below > k + 0.5
        term = x - float(k)
        above = where(more, above.fma(term, under), above)
        under = where(more, under * term, under)
    first = below < 0.5
    above = where(first, -1.0, above)
    under = where(first, x, under)
    quotient = where(large, 1.0, above) / where(large, x, under)
    near = distance.fma(y.polynomial(PSI), quotient)
    u = quotient * quotient
    far = log_of_any(where(large, x, 1.0)) - quotient.fma(0.5, u * u.polynomial(PSI_LARGE))
    return where(large, far, near)


def _cotangent_term(x: Number) -> Number:
    """pi cot(pi x), NaN at whole numbers: reduced exactly to a quarter of a turn."""
    r = x - (x + 0.5).floor()
    size = abs(r)
    outer = size > 0.25
    angle, low = two_product(where(outer, 0.5 - size, size), x.constant(PI[0]))
    turn = (angle, low + angle * (PI[1] / PI[0]))
    s, c = sine(turn, "float64"), cosine(turn, "float64")
    term = where(outer, s, c) / where(outer, c, s) * PI[0]
    return where(r.equals(0.0), math.nan, term.with_sign_of(r))


def digamma(x: Number) -> Number:
    """digamma(x); for negative x by reflection, digamma(1 - x) - pi cot(pi x)."""
    negative = x < 0.0
    result = _digamma_of_positive(where(negative, 1.0 - x, x))
    return unless(negative, result, lambda: where(negative, result - _cotangent_term(x), result))


def trigamma(x: Number) -> Number:
    """The sum of 1 / (x + k)**2 up to where x + k is at least 6, and the asymptotic series there."""
    above, under, at = x.constant(0.0), x.constant(1.0), where(x < 6.0, x + 1.0, x)
    for k in range(1, 6):
        more = x < 6.0 - k
        square = at * at
        above = where(more, above.fma(square, under), above)
        under = where(more, under * square, under)
        at = where(more, x + float(k + 1), at)
    inverse, first = 1.0 / at, 1.0 / x
    u = inverse * inverse
    far = inverse + (u * 0.5 + u * inverse * u.polynomial(TRIGAMMA_LARGE))
    usual = where(x < 6.0, first * first, 0.0) + (above / under + far)
    return where_rarely(x < 0.0, usual, "scipy.special._ufuncs:_zeta", x.constant(2.0), x)
