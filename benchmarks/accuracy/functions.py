"""What is measured: each function with its exact value in mpmath, where it is difficult, and what error is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import mpmath
import numpy as np
import scipy.special
from mpmath import mp

Interval = tuple[float, float]
Screen = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Measured:
    """A function that is measured.

    Attributes:
        name: of the row in the table of scalar functions.
        exact: its value, of numbers of mpmath.
        screen: an approximation in extended precision that finds where errors are largest; None: all points are computed
            exactly.
        intervals: where arguments are dense.
        points: in whose neighbourhood arguments are dense: zeros, poles, thresholds.
        lowest, highest: the domain.
        bound: the error allowed, in units in the last place.
        beside_zeros: absolute error allowed where the bound does not hold, in units of the dtype's epsilon.
        pairs: for functions of two arguments, which pairs are measured.
        multiples: whether multiples of pi/2 are difficult.
        library: whether SciPy computes it; then the error is told, and no bound is promised.
    """

    name: str
    exact: Callable[..., Any]
    screen: Screen | None = None
    intervals: Sequence[Interval] = ((-2.0, 2.0),)
    points: Sequence[float] = (0.0, 1.0, -1.0)
    lowest: float = -np.inf
    highest: float = np.inf
    bound: float = 4.0
    beside_zeros: float = 0.0
    pairs: Callable[[int, str, np.random.Generator], list[np.ndarray]] | None = None
    multiples: bool = False
    library: bool = False


LOG_MAX = (
    709.782712893384,
    88.72283905206835,
    -708.3964185322641,
    -87.33654475055310,
    -745.1332191019411,
    -103.97207708,
)
"""Where exp overflows, gives the first subnormal number, and zero, for float64 and float32."""


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x))


def _erfc(x: Any) -> Any:
    return mpmath.erfc(x) if abs(x) < 1000 else mpmath.mpf(0 if x > 0 else 2)  # mpmath's gives up far out


def _loggamma(x: Any) -> Any:
    return mpmath.re(mpmath.loggamma(x))


def _exactly(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function whose results near zero keep their digits: computed with as many as its argument may cancel."""

    def apply(x: Any) -> Any:
        with mp.workprec(mp.prec + 1100 if abs(x) < 1e-15 else mp.prec + 80):
            return function(x)

    return apply


def _power_pairs(count: int, dtype: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Return bases of all sizes with exponents that give results of all sizes, integer exponents, bases close to 1."""
    info = np.finfo(dtype)
    size = np.log(float(info.max))
    with np.errstate(over="ignore"):
        bits = 2.0 ** rng.uniform(info.minexp, info.maxexp - 1, count // 3)
        near = 1 + rng.choice([-1, 1], count // 3) * 2.0 ** rng.uniform(-info.nmant, -2, count // 3)
        x = np.concatenate([bits, near, rng.uniform(0.1, 10, count // 3)]).astype(dtype)
        x = np.where((x == 0) | (x == 1), 2, x).astype(dtype)
        y = (rng.uniform(-1.05, 1.02, len(x)) * size / np.log(x.astype("longdouble"))).astype(dtype)
    whole = rng.random(len(x)) < 0.2
    y = np.where(whole, np.round(y), y).astype(dtype)
    x = np.where(whole & (rng.random(len(x)) < 0.5), -x, x).astype(dtype)
    return [x, y]


def _any_pairs(count: int, dtype: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Return pairs of numbers of all sizes, most of them of similar size."""
    x = rng.normal(size=count) * 2.0 ** rng.integers(-30, 30, count)
    y = x * 2.0 ** rng.uniform(-20, 20, count) * rng.choice([-1, 1], count)
    wild = np.finfo(dtype)
    x[::7] = 2.0 ** rng.uniform(wild.minexp - 10, wild.maxexp - 1, len(x[::7]))
    with np.errstate(over="ignore"):
        x, y = x.astype(dtype), y.astype(dtype)
    plain = np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0)  # mpmath has no signed zeros
    return [x[plain], y[plain]]


def _power(x: Any, y: Any) -> Any:
    return mpmath.power(abs(x), y) * (-1 if x < 0 and y % 2 else 1)


def _row(
    name: str, exact: Callable[..., Any], screen: Screen | Literal["numpy"] | None = "numpy", **rest: Any
) -> Measured:
    """Declare a function; NumPy's of the same name screens it where no other is given."""
    return Measured(name, exact, getattr(np, name) if screen == "numpy" else screen, **rest)


FUNCTIONS: tuple[Measured, ...] = (
    # exponentials and logarithms
    _row("exp", mpmath.exp, intervals=((-1, 1), (-750, 710), (-104, 89)), points=(0.0, *LOG_MAX)),
    _row(
        "exp2",
        lambda x: mpmath.power(2, x),
        intervals=((-1, 1), (-1076, 1024), (-150, 128)),
        points=(0.0, 1.0, -1022.0, -1074.0, 1024.0, 128.0, -126.0, -149.0),
    ),
    _row(
        "expm1",
        _exactly(mpmath.expm1),
        intervals=((-1, 1), (-40, 40), (-104, 710)),
        points=(0.0, 0.34657359, -0.34657359, 1.0397, -1.0397, *LOG_MAX),
    ),
    _row(
        "log",
        mpmath.log,
        intervals=((0, 3), (0.9, 1.1)),
        points=(1.0, 0.5, 2.0, 1.41421356, 0.70710678, 2.2250738585072014e-308),
        lowest=0.0,
    ),
    _row(
        "log2",
        lambda x: mpmath.log(x) / mpmath.log(2),
        intervals=((0, 3), (0.9, 1.1)),
        points=(1.0, 0.5, 2.0, 1.41421356, 0.70710678),
        lowest=0.0,
    ),
    _row(
        "log10",
        mpmath.log10,
        intervals=((0, 3), (0.9, 1.1)),
        points=(1.0, 0.5, 2.0, 10.0, 1.41421356, 0.70710678),
        lowest=0.0,
    ),
    _row(
        "log1p",
        _exactly(mpmath.log1p),
        intervals=((-1, 3), (-0.3, 0.5)),
        points=(0.0, -1.0, 0.41421356, -0.29289322, 1.0, 2.0),
        lowest=-1.0,
    ),
    # circular and hyperbolic functions
    _row(
        "sin",
        mpmath.sin,
        intervals=((-4, 4), (-1000, 1000), (-1e6, 1e6)),
        points=(0.0, 0.78539816, 1e5, 1e9),
        multiples=True,
    ),
    _row(
        "cos",
        mpmath.cos,
        intervals=((-4, 4), (-1000, 1000), (-1e6, 1e6)),
        points=(0.0, 0.78539816, 1e5, 1e9),
        multiples=True,
    ),
    _row(
        "tan",
        mpmath.tan,
        intervals=((-4, 4), (-1000, 1000), (-1e6, 1e6)),
        points=(0.0, 0.78539816, 1e5, 1e9),
        multiples=True,
    ),
    _row(
        "sinh",
        _exactly(mpmath.sinh),
        intervals=((-1, 1), (-40, 40), (-711, 711), (-89, 89)),
        points=(0.0, 1.0, 710.4758600739439, 89.41598629223294, *LOG_MAX),
    ),
    _row(
        "cosh",
        mpmath.cosh,
        intervals=((-1, 1), (-40, 40), (-711, 711), (-89, 89)),
        points=(0.0, 1.0, 710.4758600739439, 89.41598629223294, *LOG_MAX),
    ),
    _row(
        "tanh",
        _exactly(mpmath.tanh),
        intervals=((-1, 1), (-10, 10), (-25, 25)),
        points=(0.0, 0.5493, 0.173, 9.01, 19.06),
    ),
    _row("arcsin", _exactly(mpmath.asin), intervals=((-1, 1),), points=(0.0, 0.5, 1.0, -1.0), lowest=-1.0, highest=1.0),
    _row("arccos", mpmath.acos, intervals=((-1, 1),), points=(0.0, 0.5, 1.0, -1.0), lowest=-1.0, highest=1.0),
    _row("arctan", _exactly(mpmath.atan), intervals=((-1, 1), (-10, 10)), points=(0.0, 0.4375, 0.6875, 1.1875, 2.4375)),
    _row("arcsinh", _exactly(mpmath.asinh), intervals=((-1, 1), (-10, 10)), points=(0.0, 1.0, 2.0)),
    _row("arccosh", mpmath.acosh, intervals=((1, 2), (1, 20)), points=(1.0, 2.0), lowest=1.0),
    _row(
        "arctanh", _exactly(mpmath.atanh), intervals=((-1, 1),), points=(0.0, 0.5, 1.0, -1.0), lowest=-1.0, highest=1.0
    ),
    # activations
    _row(
        "scalar_sigmoid",
        _sigmoid,
        lambda x: 1 / (1 + np.exp(-x)),
        intervals=((-2, 2), (-40, 40), (-750, 40), (-105, 20)),
        points=(0.0, 36.7, 17.3, *LOG_MAX),
    ),
    _row(
        "scalar_softplus",
        _exactly(_softplus),
        lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
        intervals=((-2, 2), (-40, 40), (-750, 40), (-105, 20)),
        points=(0.0, 36.7, 17.3, *LOG_MAX),
    ),
    _row("scalar_softsign", lambda x: x / (1 + abs(x)), lambda x: x / (1 + np.abs(x)), intervals=((-2, 2),)),
    # error functions
    _row(
        "erf",
        _exactly(mpmath.erf),
        scipy.special.erf,
        intervals=((-1, 1), (-6.5, 6.5)),
        points=(0.0, 0.84375, 1.25, 2.857, 5.9),
    ),
    _row(
        "erfc",
        _erfc,
        scipy.special.erfc,
        intervals=((-1, 1), (-6.5, 28), (-4, 10.5)),
        points=(0.0, 0.84375, 1.25, 2.857, 26.5, 27.2, 9.19, 10.05),
    ),
    _row(
        "erfcx",
        lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
        None,
        intervals=((-1, 1), (-6.5, 50)),
        points=(0.0, 50.0, -26.6),
        lowest=-26.7,
        highest=1e8,
        library=True,
    ),
    _row(
        "erfinv",
        mpmath.erfinv,
        None,
        intervals=((-1, 1), (0.9, 1)),
        points=(0.0, 0.5, 1.0, -1.0),
        lowest=-1.0,
        highest=1.0,
        library=True,
    ),
    # gamma functions
    _row(
        "gamma",
        mpmath.gamma,
        None,
        intervals=((0, 4), (0, 171.7), (0, 35.1), (-20, 0)),
        points=(1.0, 2.0, 171.624, 35.04),
        lowest=-180,
        highest=1000,
        library=True,
    ),
    _row(
        "gammaln",
        _exactly(_loggamma),
        None,
        intervals=((0, 4), (0, 12), (0, 1000), (-20, 0)),
        points=(0.0, 0.25, 1.0, 1.25, 2.0, 2.25, 8.25, 1e305, -2.4570247382208006),
        lowest=-1e4,
        beside_zeros=4.0,
    ),
    _row(
        "psi",
        mpmath.digamma,
        None,
        intervals=((0, 4), (0, 12), (0, 1000)),
        points=(0.0, 1.0, 2.0, 6.0, 1.4616321449683622, -0.504083008264455409),
        lowest=-1e4,
        beside_zeros=16.0,
    ),
    _row(
        "tri_gamma",
        lambda x: mpmath.psi(1, x),
        None,
        intervals=((0, 4), (0, 12), (0, 1000)),
        points=(0.0, 1.0, 2.0, 10.0),
        lowest=0.0,
        highest=1e100,
    ),
    _row(
        "scalar_xlogx",
        lambda x: x * mpmath.log(x) if x else x,
        lambda x: x * np.log(x),
        intervals=((0, 3), (0.9, 1.1)),
        points=(1.0, 0.5, 2.0),
        lowest=0.0,
    ),
    # two arguments
    _row("pow", _power, np.power, pairs=_power_pairs),
    _row("arctan2", mpmath.atan2, np.arctan2, pairs=_any_pairs),
    # correctly rounded
    _row("sqrt", mpmath.sqrt, intervals=((0, 4),), points=(1.0, 2.0, 4.0), lowest=0.0, bound=0.5),
    _row("inv", lambda x: 1 / x, lambda x: 1 / x, intervals=((-4, 4),), points=(1.0, 2.0), bound=0.5),
    _row("sqr", lambda x: x * x, lambda x: x * x, intervals=((-4, 4),), points=(1.0, 2.0), bound=0.5),
    _row("add", lambda x, y: x + y, np.add, pairs=_any_pairs, bound=0.5),
    _row("sub", lambda x, y: x - y, np.subtract, pairs=_any_pairs, bound=0.5),
    _row("mul", lambda x, y: x * y, np.multiply, pairs=_any_pairs, bound=0.5),
    _row("true_div", lambda x, y: x / y, np.true_divide, pairs=_any_pairs, bound=0.5),
)
"""Everything that `python -m benchmarks accuracy` measures."""
