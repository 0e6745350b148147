"""The polynomials of the native backend's vector kernels, made anew: `python -m benchmarks.accuracy.minimax [NAME ...]`.

Each is the polynomial of its degree whose largest weighted error on an interval is least (Remez's algorithm: E. Remez, "Sur la
détermination des polynômes d'approximation de degré donnée", 1934), computed with 60 digits and rounded to
float64 (a kernel in float32 rounds them again). Prints the coefficients, lowest first, and the error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mpmath import mp, mpf

DIGITS = 60
Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Polynomial:
    """An approximation by a polynomial.

    Attributes:
        function: what is approximated.
        interval: where.
        degree: of the polynomial, for float64 and float32; None where only float64 is used.
        weight: what an error counts at a point.
    """

    function: Function
    interval: tuple[Any, Any]
    degree: dict[str, int]
    weight: Function


def remez(wanted: Polynomial, degree: int) -> tuple[list[Any], Any]:
    """Return the coefficients of the best polynomial, lowest first, and its largest weighted error."""
    low, high = (mpf(x) for x in wanted.interval)
    count = 40 * (degree + 2)
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (k + mpf(1) / 2) / count) for k in range(count)]
    values, weights = [wanted.function(x) for x in grid], [wanted.weight(x) for x in grid]
    chosen = [round((count - 1) * float((1 - mp.cos(mp.pi * k / (degree + 1))) / 2)) for k in range(degree + 2)]
    middle, half = (low + high) / 2, (high - low) / 2
    shifted = [(x - middle) / half for x in grid]
    for _ in range(12):
        system = mp.matrix(degree + 2)
        for row, k in enumerate(chosen):
            for power in range(degree + 1):
                system[row, power] = shifted[k] ** power
            system[row, degree + 1] = (-1) ** row / weights[k]
        solved = mp.lu_solve(system, mp.matrix([values[k] for k in chosen]))
        found = [solved[k] for k in range(degree + 1)]
        errors = [(mp.polyval(found[::-1], t) - f) * w for t, f, w in zip(shifted, values, weights, strict=True)]
        exchanged = extrema(errors, degree + 2)
        if exchanged == chosen:
            break
        chosen = exchanged
    return unshifted(found, middle, half), max(map(abs, errors))


def extrema(errors: Sequence[Any], count: int) -> list[int]:
    """Return the positions of extrema of alternating sign, `count` of them with the largest errors."""
    picked: list[int] = []
    for k, error in enumerate(errors):
        if picked and (errors[picked[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[picked[-1]]):
                picked[-1] = k
        else:
            picked.append(k)
    while len(picked) > count:
        picked.pop(0 if abs(errors[picked[0]]) < abs(errors[picked[-1]]) else -1)
    return picked


def unshifted(coefficients: Sequence[Any], middle: Any, half: Any) -> list[Any]:
    """Return the coefficients in x of a polynomial in (x - middle) / half."""
    result = [mpf(0)] * len(coefficients)
    for coefficient in reversed(coefficients):
        result = [(result[k - 1] if k else mpf(0)) / half - result[k] * middle / half for k in range(len(result))]
        result[0] += coefficient
    return result


def _relative(function: Function) -> Function:
    return lambda x: 1 / abs(function(x))


_HALF_LN2 = 0.34657359027997264 * 1.0001
"""Beyond half of log(2), for arguments that rounding puts on the other side."""


def _exp_tail(r: Any) -> Any:
    return (mp.expm1(r) - r) / r**2 if abs(r) > mpf(10) ** -18 else mpf(1) / 2 + r / 6


def _log_tail(z: Any) -> Any:
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z if z > mpf(10) ** -18 else mpf(2) / 3 + 2 * z / 5


def _artanh_tail(z: Any) -> Any:
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2 - 2 * z / 3) / z**2 if z > mpf(10) ** -12 else mpf(2) / 5 + 2 * z / 7


_LARGEST_Z = float(((2**0.5 - 1) / (2**0.5 + 1)) ** 2) * 1.001


def _loggamma_at_2(y: Any) -> Any:
    return mp.loggamma(2 + y) / y if abs(y) > mpf(10) ** -20 else mp.digamma(2) + y * mp.psi(1, 2) / 2


def _stirling(u: Any) -> Any:
    """The rest of Stirling's formula, (loggamma(x) - (x - 1/2) log(x) + x - log(2 pi) / 2) x, of u = 1 / x**2."""
    if u < mpf(10) ** -12:
        return mpf(1) / 12 - u / 360 + u * u / 1260
    x = 1 / mp.sqrt(u)
    return (mp.loggamma(x) - (x - mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2) * x


@cache
def psi_root() -> Any:
    """Return the positive zero of digamma."""
    return mp.findroot(mp.digamma, mpf("1.4616321449683623412626595423"))


def _psi_by_root(y: Any) -> Any:
    """digamma(y + 1.5) over the distance from its zero."""
    distance = y + mpf(3) / 2 - psi_root()
    return mp.digamma(y + mpf(3) / 2) / distance if abs(distance) > mpf(10) ** -20 else mp.psi(1, psi_root())


def _psi_asymptotic(u: Any) -> Any:
    """(log(x) - 1 / (2 x) - digamma(x)) x**2, of u = 1 / x**2."""
    if u < mpf(10) ** -12:
        return mpf(1) / 12 - u / 120 + u * u / 252
    x = 1 / mp.sqrt(u)
    return (mp.log(x) - 1 / (2 * x) - mp.digamma(x)) / u


def _trigamma_asymptotic(u: Any) -> Any:
    """(trigamma(x) - 1 / x - 1 / (2 x**2)) x**3, of u = 1 / x**2."""
    if u < mpf(10) ** -12:
        return mpf(1) / 6 - u / 30 + u * u / 42
    x = 1 / mp.sqrt(u)
    return (mp.psi(1, x) - 1 / x - u / 2) * x**3


def _erf_core(z: Any) -> Any:
    """(erf(x) / x) of z = x**2."""
    x = mp.sqrt(z)
    return mp.erf(x) / x if z > mpf(10) ** -30 else 2 / mp.sqrt(mp.pi)


ERFC_CENTRE = 4
"""Of the variable t = (x - 4) / (x + 4) in which erfc is smooth over the half-line (Shepherd and Laframboise 1981)."""


def _erfc_core(t: Any) -> Any:
    """(1 + 2 x) exp(x**2) erfc(x) at x = 4 (1 + t) / (1 - t)."""
    x = ERFC_CENTRE * (1 + t) / (1 - t)
    if x > 1000:
        return (1 + 2 * x) / (x * mp.sqrt(mp.pi)) * (1 - 1 / (2 * x * x) + 3 / (4 * x**4))
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def _sine_tail(z: Any) -> Any:
    r = mp.sqrt(z)
    return (mp.sin(r) / r - 1) / z if z > mpf(10) ** -18 else -mpf(1) / 6 + z / 120


def _cosine_tail(z: Any) -> Any:
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2 if z > mpf(10) ** -12 else mpf(1) / 24 - z / 720


def _constant(x: Any) -> Any:
    return mpf(1)


_QUARTER_PI = (0.7853981633974483 * 1.0001) ** 2

POLYNOMIALS = {
    "exp": Polynomial(_exp_tail, (-_HALF_LN2, _HALF_LN2), {"float64": 9, "float32": 4}, lambda r: r**2),
    "log": Polynomial(_log_tail, (0, _LARGEST_Z), {"float64": 6, "float32": 2}, lambda z: z / 2),
    "power": Polynomial(_artanh_tail, (0, _LARGEST_Z), {"float64": 6}, lambda z: z**2 / 2),
    "sin": Polynomial(_sine_tail, (0, _QUARTER_PI), {"float64": 5, "float32": 3}, lambda z: z),
    "cos": Polynomial(_cosine_tail, (0, _QUARTER_PI), {"float64": 5, "float32": 2}, lambda z: z**2),
    "loggamma": Polynomial(_loggamma_at_2, (-0.75, 0.25), {"float64": 20}, _relative(_loggamma_at_2)),
    "stirling": Polynomial(_stirling, (0, mpf(1) / mpf(8.25) ** 2), {"float64": 5}, lambda u: 1 / mpf(12)),
    "psi": Polynomial(_psi_by_root, (-0.5, 0.5), {"float64": 22}, _relative(_psi_by_root)),
    "psi.large": Polynomial(_psi_asymptotic, (0, mpf(1) / 36), {"float64": 7}, lambda u: u),
    "trigamma.large": Polynomial(_trigamma_asymptotic, (0, mpf(1) / 36), {"float64": 7}, lambda u: u),
    "erf": Polynomial(_erf_core, (0, 1), {"float64": 12, "float32": 6}, _constant),
    "erf.tail": Polynomial(lambda x: mp.log(mp.erfc(x)), (mpf("0.99"), 4), {"float32": 8}, lambda x: mp.erfc(x)),
    "erfc": Polynomial(_erfc_core, (-1, mpf(3) / 4), {"float64": 23}, _relative(_erfc_core)),
}
"""Every polynomial of `emit/vector_math`, by the name of its table there."""


def main(names: Sequence[str]) -> int:
    """Print the coefficients of polynomials."""
    with mp.workdps(DIGITS):
        for name in names or POLYNOMIALS:
            for dtype, degree in POLYNOMIALS[name].degree.items():
                coefficients, error = remez(POLYNOMIALS[name], degree)
                print(f"# {name} {dtype}: degree {degree}, error {float(error):.2e} = 2**{float(mp.log(error, 2)):.1f}")
                for coefficient in coefficients:
                    print(f"    {float(coefficient)!r},")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
