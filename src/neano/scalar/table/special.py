"""Rows for special functions: error functions, gamma functions and their integrals, x log y."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from neano.graph.null_type import missing_gradient
from neano.scalar.dtype_rules import float64, float_upcast, float_upcast_no_complex
from neano.scalar.op import (
    POSITIVE,
    REALS,
    Derivative,
    DtypeRule,
    Interval,
    TableOp,
    in_dtype_of,
    like,
    scalar_function,
)
from neano.scalar.rows import row
from neano.scalar.scipy_reference import special

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_HALF_ROOT_PI = math.sqrt(math.pi) / 2


def _exp(x: Any) -> Any:
    return row("exp")(x)


def _log(x: Any) -> Any:
    return row("log")(x)


def _sqr(x: Any) -> Any:
    return row("sqr")(x)


def _row(
    name: str,
    derivative: Derivative,
    doc: str,
    domain: Interval = REALS,
    *,
    dtype: DtypeRule = float_upcast_no_complex,
    reference: Callable[..., Any] | None = None,
    class_name: str | None = None,
) -> TableOp:
    return scalar_function(
        name, 1, dtype, reference or special(name), derivative, doc=doc, class_name=class_name, domain=(domain,)
    )


def _gaussian(z: Any, x: Any) -> Any:
    """2 / sqrt(pi) exp(-x**2), in the dtype of the result."""
    return like(z, _TWO_OVER_ROOT_PI) * _exp(-_sqr(in_dtype_of(z, x)))


erf = _row("erf", lambda xs, z, g: [g * _gaussian(z, xs[0])], "The error function.", dtype=float_upcast)
erfc = _row("erfc", lambda xs, z, g: [-g * _gaussian(z, xs[0])], "1 - erf(x), exact for large x.")
erfcx = _row(
    "erfcx",
    lambda xs, z, g: [g * (like(z, -_TWO_OVER_ROOT_PI) + 2 * xs[0] * z)],
    "exp(x**2) erfc(x), which does not underflow.",
)
erfinv = _row(
    "erfinv", lambda xs, z, g: [g * like(z, _HALF_ROOT_PI) * _exp(_sqr(z))], "The inverse of erf.", (-1.0, 1.0)
)
erfcinv = _row(
    "erfcinv", lambda xs, z, g: [-g * like(z, _HALF_ROOT_PI) * _exp(_sqr(z))], "The inverse of erfc.", (0.0, 2.0)
)

gamma = _row("gamma", lambda xs, z, g: [g * z * psi(xs[0])], "The gamma function.", POSITIVE, dtype=float_upcast)
gammaln = _row(
    "gammaln",
    lambda xs, z, g: [g * psi(xs[0])],
    "The logarithm of the gamma function's absolute value.",
    POSITIVE,
    dtype=float_upcast,
    reference=special("gammaln", "loggamma"),
    class_name="GammaLn",
)
psi: TableOp = _row(
    "psi", lambda xs, z, g: [g * tri_gamma(xs[0])], "The derivative of gammaln (digamma).", POSITIVE, dtype=float_upcast
)


def _trigamma(x: Any) -> Any:
    return special("polygamma")(1, x)


tri_gamma: TableOp = _row(
    "tri_gamma",
    lambda xs, z, g: [g * polygamma(like(z, 2), xs[0])],
    "The derivative of psi.",
    POSITIVE,
    reference=_trigamma,
)


def _polygamma_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    order, x = xs
    return [missing_gradient(polygamma, 0, order), g * polygamma(order + 1, x)]


polygamma: TableOp = scalar_function(
    "polygamma",
    2,
    float_upcast_no_complex,
    special("polygamma"),
    _polygamma_derivative,
    doc="The derivative of psi of the order of the first operand, at the second.",
    domain=(POSITIVE, POSITIVE),
)


def _chi2sf_derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
    x, k = (in_dtype_of(z, v) for v in xs)
    density = _exp((k / 2 - 1) * _log(x) - x / 2 - k / 2 * like(z, math.log(2)) - gammaln(k / 2))
    return [-g * density, missing_gradient(chi2sf, 1, xs[1])]


chi2sf = scalar_function(
    "chi2sf",
    2,
    float64,
    lambda x, k: special("chdtrc")(k, x),
    _chi2sf_derivative,
    doc="The chance that a chi-squared variable with k degrees of freedom (second operand) exceeds x (first).",
    class_name="Chi2SF",
    domain=(POSITIVE, POSITIVE),
)


def _incomplete(
    name: str, reference: Callable[..., Any], sign: int, regularized: bool, doc: str, class_name: str
) -> TableOp:
    """Declare an incomplete gamma function.

    Its derivative in x is sign * x**(k-1) exp(-x), over gamma(k) where regularized.
    """

    def derivative(xs: Sequence[Any], z: Any, g: Any) -> Sequence[Any]:
        k, x = xs
        exponent = (k - 1) * _log(x) - x
        in_x = g * _exp(exponent - gammaln(k) if regularized else exponent)
        return [missing_gradient(row(name), 0, k), in_x if sign > 0 else -in_x]

    return scalar_function(
        name,
        2,
        float_upcast_no_complex,
        reference,
        derivative,
        doc=doc,
        class_name=class_name,
        domain=(POSITIVE, POSITIVE),
    )


gammainc = _incomplete(
    "gammainc",
    special("gammainc"),
    1,
    True,
    "The lower incomplete gamma function of (k, x), over gamma(k).",
    "GammaInc",
)
gammaincc = _incomplete(
    "gammaincc",
    special("gammaincc"),
    -1,
    True,
    "The upper incomplete gamma function of (k, x), over gamma(k).",
    "GammaIncC",
)
gammau = _incomplete(
    "gammau",
    lambda k, x: special("gammaincc")(k, x) * special("gamma")(k),
    -1,
    False,
    "The upper incomplete gamma function of (k, x).",
    "GammaU",
)
gammal = _incomplete(
    "gammal",
    lambda k, x: special("gammainc")(k, x) * special("gamma")(k),
    1,
    False,
    "The lower incomplete gamma function of (k, x).",
    "GammaL",
)

xlogx = scalar_function(
    "scalar_xlogx",
    1,
    float_upcast,
    lambda x: special("xlogy")(x, x),
    lambda xs, z, g: [g * (1 + _log(xs[0]))],
    doc="x log(x), 0 at 0.",
    class_name="XlogX",
    domain=(POSITIVE,),
)
scalar_xlogx = xlogx
xlogy0 = scalar_function(
    "scalar_xlogy0",
    2,
    float_upcast,
    special("xlogy"),
    lambda xs, z, g: [g * _log(xs[1]), g * xs[0] / xs[1]],
    doc="x log(y), 0 where x is 0.",
    class_name="XlogY0",
    domain=(POSITIVE, POSITIVE),
)
scalar_xlogy0 = xlogy0
