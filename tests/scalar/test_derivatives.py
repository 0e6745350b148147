"""The derivative of every row against central differences, its dtypes, and the points where conventions decide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neano.autodiff import Rop, grad
from neano.config import config
from neano.graph.errors import DisconnectedInputError, NullTypeGradError
from neano.scalar.dtypes import is_discrete
from neano.scalar.rows import ROWS
from neano.scalar.table import CASTS
from scalar.samples import ALL_ROWS, operand_count, points
from tensor.op_checks import evaluate, variable_of

STEP = 1e-6

PIECEWISE_CONSTANT = {"ceil", "floor", "trunc", "round_half_to_even", "round_half_away_from_zero", "sgn", "int_div"}
UNKNOWN = {("polygamma", 0), ("chi2sf", 1), ("jv", 0), ("iv", 0)} | {
    (name, 0) for name in ("gammainc", "gammaincc", "gammau", "gammal")
}
"""Operands in which a derivative is not written."""

SMOOTH = [
    name
    for name in ALL_ROWS
    if ROWS[name].derivative is not None
    and ROWS[name].output_dtypes(*["float64"] * operand_count(ROWS[name]))[0] == "float64"
    and name not in PIECEWISE_CONSTANT
]

FLOATS = [name for name in SMOOTH if name not in {row.name for row in CASTS.values()} | {"chi2sf", "angle"}]


def operands_of(name: str) -> list[np.ndarray[Any, Any]]:
    operands = points(ROWS[name])
    if name == "polygamma":
        operands[0] = np.ceil(operands[0])
    if name == "clip":
        operands[1], operands[2] = np.minimum(*operands[1:]), np.maximum(*operands[1:])
    return operands


def numeric(name: str, operands: list[Any], i: int, weights: Any) -> Any:
    row = ROWS[name]
    ahead, behind = (
        row.reference([x + h * (j == i) for j, x in enumerate(operands)], ["float64"])[0] for h in (STEP, -STEP)
    )
    return weights * (ahead - behind) / (2 * STEP)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivative_backward_and_forward(name: str) -> None:
    row = ROWS[name]
    operands = operands_of(name)
    variables = [variable_of(x) for x in operands]
    weights = np.linspace(-1.5, 2.0, operands[0].size)
    given = dict(zip(variables, operands, strict=True))
    z = row(*variables)
    for i, x in enumerate(variables):
        if (name, i) in UNKNOWN:
            with pytest.raises(NullTypeGradError, match="not implemented"):
                grad((z * weights).sum(), x)
            continue
        if i in row.disconnected:
            with pytest.raises(DisconnectedInputError):
                grad((z * weights).sum(), x)
            continue
        expected = numeric(name, operands, i, weights)
        if name == "switch" and i == 0:
            expected = np.zeros_like(expected)
        (backward,) = evaluate([grad((z * weights).sum(), x)], given)
        np.testing.assert_allclose(backward, expected, rtol=2e-7, atol=2e-8)
        (forward,) = evaluate([Rop(z, x, variable_of(weights).type.make_constant(weights))], given)
        np.testing.assert_allclose(forward, expected, rtol=2e-7, atol=2e-8)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_derivatives_do_not_widen(name: str, dtype: str) -> None:
    row = ROWS[name]
    variables = [variable_of(x) for x in points(row, dtype)]
    z = row(*variables)
    assert z.dtype == dtype
    for g in z.owner.op.L_op(z.owner.inputs, [z], [z.type()]):
        assert getattr(g.type, "dtype", dtype) == dtype


@pytest.mark.parametrize("name", sorted(PIECEWISE_CONSTANT))
def test_piecewise_constant_rows_have_zero_derivatives(name: str) -> None:
    operands = operands_of(name)
    variables = [variable_of(x) for x in operands]
    gradients = grad(ROWS[name](*variables).sum(), variables)
    for value in evaluate(gradients, dict(zip(variables, operands, strict=True))):
        np.testing.assert_array_equal(value, np.zeros(operands[0].shape))


@pytest.mark.parametrize("name", ALL_ROWS)
def test_discrete_results_give_zeros(name: str) -> None:
    row = ROWS[name]
    dtypes = ["int32"] * operand_count(row)
    try:
        (dtype,) = row.output_dtypes(*dtypes)
    except TypeError:
        return  # not defined on integers
    if not is_discrete(dtype) or row.disconnected:
        return
    operands = [np.arange(1, 4, dtype="int32") for _ in dtypes]
    variables = [variable_of(x) for x in operands]
    gradients = grad(row(*variables).sum(), variables)
    for g, value in zip(gradients, evaluate(gradients, dict(zip(variables, operands, strict=True))), strict=True):
        assert g.dtype == config.floatX
        np.testing.assert_array_equal(value, np.zeros(3))


def derivative_at(name: str, *operands: Any) -> list[Any]:
    arrays = [np.asarray(x) for x in operands]
    variables = [variable_of(x) for x in arrays]
    gradients = grad(ROWS[name](*variables), variables)
    return [value[()] for value in evaluate(gradients, dict(zip(variables, arrays, strict=True)))]


def test_conventions_at_corners() -> None:
    assert derivative_at("maximum", 2.0, 2.0) == [1.0, 0.0]
    assert derivative_at("minimum", 2.0, 2.0) == [1.0, 0.0]
    assert derivative_at("maximum", 1.0, 2.0) == [0.0, 1.0]
    assert derivative_at("clip", 1.0, 1.0, 2.0) == [1.0, 0.0, 0.0]
    assert derivative_at("clip", 2.0, 1.0, 2.0) == [1.0, 0.0, 0.0]
    assert derivative_at("clip", 0.5, 1.0, 2.0) == [0.0, 1.0, 0.0]
    assert derivative_at("clip", 2.5, 1.0, 2.0) == [0.0, 0.0, 1.0]
    assert derivative_at("abs_", 0.0) == [0.0]
    assert derivative_at("pow", 0.0, 3.0) == [0.0, 0.0]
    assert derivative_at("switch", 1.0, 2.0, 3.0) == [0.0, 1.0, 0.0]
    assert derivative_at("mod", 7.0, 2.0) == [1.0, -3.0]


def test_integer_operands_of_float_functions_have_the_ordinary_derivative() -> None:
    assert derivative_at("exp", np.int8(2)) == [np.exp(np.float32(2))]
    assert derivative_at("add", np.float64(1), np.int64(2)) == [1.0, 1.0]
    x, y = derivative_at("true_div", np.int8(3), np.int8(100))
    np.testing.assert_allclose([x, y], [0.01, -3e-4])  # 100 * 100 does not overflow
    np.testing.assert_allclose(derivative_at("inv", np.int16(300)), [-1 / 90000], rtol=1e-6)
    np.testing.assert_allclose(derivative_at("arctan", np.int8(100)), [1 / 10001], rtol=1e-6)


def complex_parts(name: str, *operands: Any) -> tuple[list[Any], list[Any]]:
    """Return derivatives of 2 Re f + 3 Im f (or 2 f for a real f), and the same by central differences."""
    arrays = [np.asarray(x) for x in operands]
    variables = [variable_of(x) for x in arrays]

    def cost(z: Any) -> Any:
        return 2 * ROWS["real"](z) + 3 * ROWS["imag"](z) if z.dtype.startswith("complex") else 2 * z

    expression = cost(ROWS[name](*variables))
    found = evaluate(grad(expression, variables), dict(zip(variables, arrays, strict=True)))

    def at(moved: list[Any]) -> float:
        return float(evaluate([expression], dict(zip(variables, map(np.asarray, moved), strict=True)))[0])

    expected = []
    for i, x in enumerate(arrays):
        slopes = []
        for direction in (1.0, 1j) if np.iscomplexobj(x) else (1.0,):
            ends = [at([v + h * direction * (j == i) for j, v in enumerate(arrays)]) for h in (STEP, -STEP)]
            slopes.append((ends[0] - ends[1]) / (2 * STEP))
        expected.append(complex(*slopes) if len(slopes) == 2 else slopes[0])
    return found, expected


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("mul", (1 + 2j, 3 - 1j)),
        ("mul", (1 + 2j, 3.0, 0.5j)),
        ("neg", (1 + 2j,)),
        ("abs_", (1 + 2j,)),
        ("real", (1 + 2j,)),
        ("imag", (1 + 2j,)),
        ("angle", (1 + 2j,)),
        ("conj", (1 + 2j,)),
        ("complex", (1.0, 2.0)),
        ("complex_from_polar", (1.5, 0.3)),
        ("identity", (1 + 2j,)),
        ("switch", (1.0, 2 + 1j, 3.0)),
        ("convert_to_complex128", (1.0,)),
    ],
)
def test_complex_derivatives(name: str, operands: tuple[Any, ...]) -> None:
    found, expected = complex_parts(name, *operands)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("name", "z"), [("mul", 1 + 2j), ("abs_", 1 + 2j), ("conj", 1 + 2j), ("real", 1 + 2j)])
def test_complex_tangents(name: str, z: complex) -> None:
    row, x = ROWS[name], variable_of(np.asarray(z))
    direction = np.asarray(0.3 - 0.7j)
    function = (lambda v: row(v, 3 - 1j)) if name == "mul" else row
    (found,) = evaluate([Rop(function(x), x, x.type.make_constant(direction))], {x: np.asarray(z)})
    ends = [evaluate([function(x)], {x: np.asarray(z + h * direction)})[0] for h in (STEP, -STEP)]
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * STEP), rtol=1e-8)


@pytest.mark.parametrize("name", ["add", "sub", "exp", "sqr", "maximum"])
def test_complex_derivatives_that_are_not_defined_say_so(name: str) -> None:
    variables = [variable_of(np.asarray(1 + 2j)) for _ in range(1 if name in ("exp", "sqr") else 2)]
    with pytest.raises(NotImplementedError, match="complex"):
        grad(ROWS["real"](ROWS[name](*variables)), variables)
