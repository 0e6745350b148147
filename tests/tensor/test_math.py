"""Elementwise functions on tensors, made from the table of scalar functions, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.config import config
from neano.scalar.division import IntegerDivisionError
from neano.scalar.rows import ROWS
from neano.tensor import inplace
from neano.tensor.inplace import INPLACE
from neano.tensor.math import ALIASES, ELEMENTWISE
from tensor.op_checks import evaluate


def value_of(result: Any, *pairs: Any) -> Any:
    return evaluate([result], dict(pairs))[0]


def test_every_row_is_a_function_on_tensors() -> None:
    for name, row in ROWS.items():
        if not name.startswith("scalar_"):
            assert ELEMENTWISE[name].scalar_op is row
    own = {"isnan", "isinf", "divmod", "round", "cast"}
    for name in ELEMENTWISE.keys() - own:
        assert getattr(T, name) is ELEMENTWISE[name], name


def test_aliases_are_the_same_operation() -> None:
    assert T.where is T.switch
    assert T.fill is T.second
    assert T.square is T.sqr
    for alias, name in ALIASES.items():
        assert getattr(T, alias) is getattr(T, name)


def test_texts() -> None:
    x = T.dmatrix()
    assert str(T.exp(x)) == "Elemwise{exp,no_inplace}.0"
    assert str(x + x) == "Elemwise{add,no_inplace}.0"
    assert str(T.cast(x, "int32")) == "Elemwise{Cast{int32}}.0"
    assert str(x.copy()) == "Elemwise{identity}.0"
    assert T.exp == T.Elemwise(ROWS["exp"])


def test_cast() -> None:
    x = T.dmatrix()
    assert T.cast(x, "float64") is x
    assert x.astype("floatX") is x
    with pytest.raises(TypeError, match="would drop the imaginary part"):
        T.cmatrix().astype("float32")
    with pytest.raises(TypeError):
        T.cast(x, "str")
    assert value_of(x.astype("int8"), (x, np.array([[1.9, -1.9]]))).tolist() == [[1, -1]]


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [(None, [0, 2, 2, -0.0]), ("half_to_even", [0, 2, 2, -0.0]), ("half_away_from_zero", [1, 2, 3, -1])],
)
def test_rounding(mode: str | None, wanted: list[float]) -> None:
    x = T.dvector()
    value = np.array([0.5, 1.5, 2.5, -0.5])
    assert value_of(T.round(x, mode), (x, value)).tolist() == wanted
    rounded = value_of(T.iround(x, mode), (x, value))
    assert (rounded.dtype, rounded.tolist()) == ("int64", [int(w) for w in wanted])


def test_what_rounding_refuses() -> None:
    with pytest.raises(TypeError):
        T.round(T.lvector())
    with pytest.raises(ValueError, match="round mode 'up' does not exist"):
        T.round(T.dvector(), "up")


def test_quotients() -> None:
    x, y = T.lvector(), T.lvector()
    given = (x, np.array([-5, 5, 7])), (y, np.array([3, -3, 7]))
    quotient, rest = T.divmod(x, y)
    assert value_of(quotient, *given).tolist() == [-2, -2, 1]
    assert value_of(rest, *given).tolist() == [1, -1, 0]
    assert value_of(T.ceil_intdiv(x, y), *given).tolist() == [-1, -1, 1]
    assert T.ceil_intdiv(T.bscalar(), 3).dtype == "int8"
    assert value_of(T.mod_check(x, y), *given).tolist() == [1, -1, 0]


def test_division_of_integers_as_the_flag_says() -> None:
    x, y = T.ivectors("xy")
    with config.change_flags(int_division="int"), pytest.warns(DeprecationWarning, match="floor division"):
        assert T.div_proxy(x, y).owner.op == T.int_div
    with config.change_flags(int_division="floatX"):
        assert T.div_proxy(x, y).owner.op == T.true_div
    with config.change_flags(int_division="raise"), pytest.raises(IntegerDivisionError):
        T.div_proxy(x, y)
    assert T.div_proxy(x, T.dvector()).owner.op == T.true_div


def test_integers_are_never_nan_or_infinite() -> None:
    x = T.lmatrix()
    for function in (T.isnan, T.isinf):
        assert value_of(function(x), (x, np.ones((2, 3), int))).tolist() == [[False] * 3] * 2
    y = T.dvector()
    value = np.array([1.0, np.nan, np.inf])
    assert value_of(T.isnan(y), (y, value)).tolist() == [False, True, False]
    assert value_of(T.isinf(y), (y, value)).tolist() == [False, False, True]


def test_closeness_is_that_of_numpy() -> None:
    a = np.array([1.0, 1.0, np.nan, np.inf, np.inf, -np.inf, 1e-9])
    b = np.array([1.0 + 1e-7, 1.1, np.nan, np.inf, -np.inf, 1.0, 0.0])
    x, y = T.dvector(), T.dvector()
    for equal_nan in (False, True):
        wanted = np.isclose(a, b, equal_nan=equal_nan)
        assert value_of(T.isclose(x, y, equal_nan=equal_nan), (x, a), (y, b)).tolist() == wanted.tolist()


def test_extremes_of_several() -> None:
    x, y, z = T.dvectors("xyz")
    given = (x, np.array([1.0, 5.0])), (y, np.array([3.0, 4.0])), (z, np.array([2.0, 6.0]))
    assert value_of(T.smallest(x, y, z), *given).tolist() == [1, 4]
    assert value_of(T.largest(x, y, z), *given).tolist() == [3, 6]
    with pytest.raises(TypeError):
        T.smallest()


def test_operations_in_place_are_made_from_the_table() -> None:
    x, y = T.dvector(), T.dvector()
    for name, operation in INPLACE.items():
        assert operation.destroy_map == {0: [0]}, name
        assert getattr(inplace, name) is operation
    target, other = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    result = value_of(inplace.add_inplace(x, y), (x, target), (y, other))
    assert result is target
    assert target.tolist() == [11, 22]
    assert str(inplace.exp_inplace) == "exp_inplace"
    assert inplace.fill_inplace == inplace.second_inplace
    assert inplace.transpose_inplace(T.drow()).broadcastable == (False, True)


def test_a_result_that_does_not_fit_is_not_in_place() -> None:
    with pytest.raises(TypeError):
        inplace.exp_inplace(T.lvector())
    with pytest.raises(ValueError):
        inplace.add_inplace(T.drow(), T.dmatrix())
