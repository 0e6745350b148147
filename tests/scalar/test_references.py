"""What each row computes, against NumPy and SciPy written out anew, and at the points where formulas go wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special as sp
import scipy.stats

from neano.scalar.rows import ROWS
from neano.scalar.table import CASTS
from scalar.samples import ALL_ROWS, points

EXPECTED: dict[str, Callable[..., Any]] = {
    "lt": np.less,
    "gt": np.greater,
    "le": np.less_equal,
    "ge": np.greater_equal,
    "eq": np.equal,
    "neq": np.not_equal,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "inopenrange": lambda x, low, high: (low < x) & (x < high),
    "inclosedrange": lambda x, low, high: (low <= x) & (x <= high),
    "switch": lambda c, x, y: np.where(c != 0, x, y),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "add": lambda x, y, z: x + y + z,
    "mul": lambda x, y, z: x * y * z,
    "sub": np.subtract,
    "true_div": np.true_divide,
    "int_div": np.floor_divide,
    "mod": np.mod,
    "pow": np.power,
    "clip": lambda x, low, high: np.where(x < low, low, np.where(x > high, high, x)),
    "second": lambda x, y: y,
    "identity": lambda x: x,
    "abs_": np.abs,
    "sgn": np.sign,
    "ceil": np.ceil,
    "floor": np.floor,
    "trunc": np.trunc,
    "round_half_to_even": np.around,
    "round_half_away_from_zero": lambda x: np.where(x > 0, np.floor(x + 0.5), np.ceil(x - 0.5)),
    "neg": np.negative,
    "inv": lambda x: 1 / x,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "sqr": np.square,
    "sqrt": np.sqrt,
    "deg2rad": np.deg2rad,
    "rad2deg": np.rad2deg,
    "cos": np.cos,
    "arccos": np.arccos,
    "sin": np.sin,
    "arcsin": np.arcsin,
    "tan": np.tan,
    "arctan": np.arctan,
    "arctan2": np.arctan2,
    "cosh": np.cosh,
    "arccosh": np.arccosh,
    "sinh": np.sinh,
    "arcsinh": np.arcsinh,
    "tanh": np.tanh,
    "arctanh": np.arctanh,
    "real": np.real,
    "imag": np.imag,
    "angle": np.angle,
    "complex": lambda x, y: x + 1j * y,
    "conj": np.conj,
    "complex_from_polar": lambda r, t: r * np.exp(1j * t),
    "erf": sp.erf,
    "erfc": sp.erfc,
    "erfcx": sp.erfcx,
    "erfinv": sp.erfinv,
    "erfcinv": sp.erfcinv,
    "gamma": sp.gamma,
    "gammaln": sp.gammaln,
    "psi": sp.psi,
    "tri_gamma": lambda x: sp.polygamma(1, x),
    "polygamma": sp.polygamma,
    "chi2sf": lambda x, k: scipy.stats.chi2.sf(x, k),
    "gammainc": sp.gammainc,
    "gammaincc": sp.gammaincc,
    "gammau": lambda k, x: sp.gammaincc(k, x) * sp.gamma(k),
    "gammal": lambda k, x: sp.gammainc(k, x) * sp.gamma(k),
    "jv": sp.jv,
    "j0": sp.j0,
    "j1": sp.j1,
    "iv": sp.iv,
    "i0": sp.i0,
    "i1": sp.i1,
    "scalar_sigmoid": sp.expit,
    "ultra_fast_scalar_sigmoid": lambda x: [_ultra_fast(v) for v in x],
    "scalar_softplus": lambda x: np.log1p(np.exp(x)),
    "scalar_softsign": lambda x: x / (1 + np.abs(x)),
    "scalar_xlogx": lambda x: sp.xlogy(x, x),
    "scalar_xlogy0": sp.xlogy,
    "mul_without_zeros": lambda x, y: np.where(x == 0, y, np.where(y == 0, x, x * y)),
}

INTEGERS = {"and_": np.bitwise_and, "or_": np.bitwise_or, "xor": np.bitwise_xor, "invert": np.invert}


def _ultra_fast(x: float) -> float:
    t = abs(x) / 2
    if t < 1.7:
        z = 1.5 * t / (1 + t)
    elif t < 3:
        z = 0.935409070603099 + 0.0458812946797165 * (t - 1.7)
    else:
        z = 0.99505475368673
    return 0.5 * (math.copysign(z, x) + 1)


def compute(name: str, *operands: Any) -> np.ndarray[Any, Any]:
    row = ROWS[name]
    arrays = [np.asarray(v) for v in operands]
    return np.asarray(row.reference(arrays, row.output_dtypes(*[a.dtype.name for a in arrays]))[0])


def test_every_row_has_an_expectation() -> None:
    casts = {row.name for row in CASTS.values()}
    assert set(ALL_ROWS) == set(EXPECTED) | set(INTEGERS) | casts


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_values(name: str, dtype: str) -> None:
    if name == "polygamma":
        operands = [np.array([1, 2, 3], dtype), np.array([0.5, 1.5, 4], dtype)]
    else:
        operands = points(ROWS[name], dtype)
    result = compute(name, *operands)
    assert result.dtype.name == ROWS[name].output_dtypes(*[dtype] * len(operands))[0]
    expected = np.asarray(EXPECTED[name](*[x.astype("float64") for x in operands]))
    tolerance = {"float64": 1e-13, "float32": 2e-5, "float16": 2e-2}[dtype]
    if name in ("int_div", "mod", "tan", "arctanh"):  # ill-conditioned near jumps and poles
        tolerance *= 20
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", INTEGERS)
def test_bits(name: str) -> None:
    function = INTEGERS[name]
    for dtype in ("bool", "int8", "uint16", "int64"):
        operands = [np.array([0, 1, 5, 100]).astype(dtype), np.array([1, 1, 3, 50]).astype(dtype)][: ROWS[name].nin]
        np.testing.assert_array_equal(compute(name, *operands), function(*operands), strict=True)


@pytest.mark.parametrize("dtype", sorted(CASTS))
def test_casts(dtype: str) -> None:
    x = np.array([-1.7, 0.0, 0.3, 2.9])
    if dtype.startswith("u"):
        x = np.abs(x)
    np.testing.assert_array_equal(compute(f"convert_to_{dtype}", x), x.astype(dtype), strict=True)


def test_cast_of_complex_drops_the_imaginary_part_without_a_warning() -> None:
    assert compute("convert_to_float64", np.complex128(2 + 3j)) == 2.0


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint64", "bool"])
def test_float_functions_of_integers_compute_in_the_result_dtype(dtype: str) -> None:
    x = np.array([0, 1, 1]).astype(dtype)
    result = compute("exp", x)
    assert result.dtype == ("float64" if dtype in ("int32", "uint64") else "float32")
    np.testing.assert_allclose(result, np.exp([0.0, 1.0, 1.0]), rtol=1e-6)


def test_division_rounds_down_and_remainders_take_the_sign_of_the_divisor() -> None:
    x, y = np.array([-5, 5, -5, 5]), np.array([3, -3, -3, 3])
    assert compute("int_div", x, y).tolist() == [-2, -2, 1, 1]
    assert compute("mod", x, y).tolist() == [1, -1, -2, 2]


def test_integer_overflow_wraps_and_division_by_zero_is_defined() -> None:
    low = np.array([-128], "int8")
    assert compute("add", low, low).tolist() == [0]
    assert compute("neg", low).tolist() == [-128]
    assert compute("sqr", np.array([16], "int8")).tolist() == [0]
    assert compute("int_div", low, np.array([0], "int8")).tolist() == [0]
    assert compute("mod", low, np.array([0], "int8")).tolist() == [0]
    assert compute("int_div", low, np.array([-1], "int8")).tolist() == [-128]


@pytest.mark.parametrize("exponent", [np.float64(0.5), np.array([0.5]), np.array([0.5, 0.5])], ids=str)
def test_a_power_does_not_depend_on_what_stands_beside_it(exponent: Any) -> None:
    for base, power in ((-math.inf, math.inf), (-0.0, 0.0)):
        result = compute("pow", np.array([base, base]), exponent)
        assert result.tolist() == [power, power]
        assert not np.signbit(result).any()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_conversion_does_not_depend_on_what_stands_beside_it(dtype: str) -> None:
    numbers = np.array([1e14, -1e14, 3e9, 5e9, -3e9, 1e19, 1e30, math.nan, -math.inf, -3.0, 70000.0]).astype(dtype)
    for wanted in ("uint8", "int16", "uint32", "int64", "uint64"):
        together = compute(f"convert_to_{wanted}", numbers)
        assert together.tolist() == [
            compute(f"convert_to_{wanted}", numbers[i : i + 1])[0] for i in range(len(numbers))
        ]


def test_integers_have_no_negative_powers() -> None:
    with pytest.raises(ValueError, match="negative integer powers"):
        compute("pow", np.array([2, 1]), np.array([1, -2]))


def test_rounding_halves() -> None:
    x = np.array([0.5, 1.5, 2.5, -0.5, 0.49999999999999994])
    assert compute("round_half_to_even", x).tolist() == [0.0, 2.0, 2.0, -0.0, 0.0]
    assert compute("round_half_away_from_zero", x).tolist() == [1.0, 2.0, 3.0, -1.0, 0.0]
    assert np.signbit(compute("round_half_to_even", x)[3])


def test_nan_propagates_through_maximum_and_minimum_but_not_through_clip_bounds() -> None:
    assert np.isnan(compute("maximum", np.nan, 1.0))
    assert np.isnan(compute("minimum", 1.0, np.nan))
    assert np.isnan(compute("clip", np.nan, 0.0, 1.0))
    assert compute("clip", 5.0, 4.0, 2.0) == 2.0
    assert compute("clip", 3.0, 4.0, 2.0) == 4.0


@pytest.mark.parametrize("x", [-745.0, -700.0, -40.0, -1e-9, 0.0, 1e-9, 30.0, 40.0, 800.0])
def test_sigmoid_and_softplus_are_exact_far_out(x: float) -> None:
    with mpmath.workdps(400):
        sigmoid = float(1 / (1 + mpmath.exp(-mpmath.mpf(x))))
        softplus = float(mpmath.log1p(mpmath.exp(mpmath.mpf(x))))
    np.testing.assert_allclose(compute("scalar_sigmoid", x), sigmoid, rtol=1e-14, atol=0)
    np.testing.assert_allclose(compute("scalar_softplus", x), softplus, rtol=1e-14, atol=0)


def test_ultra_fast_sigmoid_has_three_pieces() -> None:
    x = np.array([-8.0, -4.0, -1.0, 0.0, 1.0, 4.0, 8.0])
    np.testing.assert_allclose(compute("ultra_fast_scalar_sigmoid", x), [_ultra_fast(v) for v in x], rtol=1e-15)


def test_complex_numbers() -> None:
    z = np.array([1 + 2j, -3 - 1j, 0.5j])
    for name in ("exp", "log", "sqrt", "tanh", "sqr", "neg", "inv", "conj", "erf", "gamma", "psi"):
        reference = {**EXPECTED, "psi": sp.psi}[name]
        np.testing.assert_allclose(compute(name, z), reference(z), rtol=1e-13)
    np.testing.assert_allclose(compute("gammaln", z), sp.loggamma(z), rtol=1e-13)
    np.testing.assert_allclose(compute("j1", z), sp.jv(1, z), rtol=1e-13)
    np.testing.assert_allclose(compute("abs_", z), np.abs(z))
    assert compute("complex", np.array([np.inf]), np.array([-0.0])).tolist() == [complex(np.inf, -0.0)]
    assert compute("angle", np.array([-1], "int8")) == np.pi


def test_operands_broadcast() -> None:
    x, y = np.arange(3.0).reshape(3, 1), np.arange(4.0).reshape(1, 4)
    assert compute("second", x, y).shape == (3, 4)
    np.testing.assert_array_equal(compute("add", x, y), x + y)
