"""Test values: what is computed while a graph is built, and what each setting does about a missing or wrong value."""

from __future__ import annotations

import pdb
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.compile.shared import shared
from neano.compile.test_values import get_debug_values, get_test_value
from neano.config import config
from neano.graph.op import Op
from neano.graph.variable import Apply


@pytest.fixture(autouse=True)
def raising() -> Iterator[None]:
    with config.change_flags(compute_test_value="raise"):
        yield


def vector(name: str, value: Any = None, dtype: str = "float64") -> Any:
    variable = T.TensorType(dtype, (None,))(name)
    if value is not None:
        variable.tag.test_value = value
    return variable


def test_results_carry_values() -> None:
    x = vector("x", np.arange(3.0))
    z = (x + 1) * 2
    np.testing.assert_array_equal(z.tag.test_value, [2.0, 4.0, 6.0])
    assert get_test_value(z) is not None


def test_where_values_come_from() -> None:
    x = vector("x", [1, 2, 3])
    np.testing.assert_array_equal(get_test_value(x), [1.0, 2.0, 3.0])
    assert get_test_value(x).dtype == np.float64
    assert get_test_value(T.constant(3)) == 3
    state = shared(np.ones(2), name="w")
    np.testing.assert_array_equal(get_test_value(state), [1.0, 1.0])
    np.testing.assert_array_equal((state + 1).tag.test_value, [2.0, 2.0])
    assert not hasattr(state.tag, "test_value")
    assert get_test_value(4) == 4


def test_off() -> None:
    x = vector("x", np.arange(3.0))
    with config.change_flags(compute_test_value="off"):
        z = x + vector("y")
        w = x + 1
    assert not hasattr(z.tag, "test_value")
    with pytest.raises(ValueError, match=r"input 0 \(Elemwise\{add,no_inplace\}.0\) of Op Elemwise\{mul") as raised:
        _ = w * 2
    assert "w = x + 1" in str(raised.value)


def test_missing_values() -> None:
    x, y = vector("x", np.arange(3.0)), vector("y")
    with pytest.raises(AttributeError, match="y has no test value"):
        get_test_value(y)
    with pytest.raises(ValueError, match=r"input 1 \(y\) of Op Elemwise\{add,no_inplace\}\(x, y\) missing default"):
        _ = x + y
    with config.change_flags(compute_test_value="ignore"):
        assert not hasattr((x + y).tag, "test_value")
    with config.change_flags(compute_test_value="warn"), pytest.warns(UserWarning, match=r"input 1 \(y\)"):
        z = x + y
    assert not hasattr(z.tag, "test_value")


def test_pdb(monkeypatch: pytest.MonkeyPatch) -> None:
    stops = []
    monkeypatch.setattr(pdb, "set_trace", lambda: stops.append("here"))
    with config.change_flags(compute_test_value="pdb"):
        _ = vector("x") + 1
    assert stops == ["here"]


@pytest.mark.parametrize("setting", ["ignore", "warn", "raise"])
def test_a_wrong_computation_fails_on_its_line(setting: str) -> None:
    x, y = vector("x", np.ones(2)), vector("y", np.ones(3))
    with config.change_flags(compute_test_value=setting), pytest.raises(ValueError, match="mis-match"):
        _ = x + y


@pytest.mark.parametrize(
    ("value", "error"), [("abc", TypeError), (np.ones((2, 2)), TypeError), (np.ones(2, "complex128"), TypeError)]
)
def test_wrong_values(value: Any, error: type[Exception]) -> None:
    x = vector("x", value)
    with pytest.raises(error, match="does not have the requested type"):
        _ = x + 1


def test_values_are_filtered_by_type() -> None:
    x = vector("x", np.arange(3, dtype="float32"))
    assert (x + 1).tag.test_value.dtype == np.float64
    with pytest.raises(TypeError, match="does not have the requested type"):
        _ = vector("x", np.arange(3.0), "float32") + 1


class AddInPlace(Op):
    """Adds one to its input's own memory, and gives the sum of the old elements too."""

    __props__ = ()
    destroy_map = {0: [0]}  # noqa: RUF012

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, inputs, [inputs[0].type(), T.dscalar()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        output_storage[1][0] = np.asarray(x.sum())
        x += 1
        output_storage[0][0] = x


def test_an_op_that_overwrites_leaves_test_values_alone() -> None:
    x = vector("x", np.zeros(2))
    changed, total = AddInPlace()(x)
    np.testing.assert_array_equal(changed.tag.test_value, [1.0, 1.0])
    assert total.tag.test_value == 0
    np.testing.assert_array_equal(x.tag.test_value, [0.0, 0.0])


def test_shown_in_repr() -> None:
    x, y = vector("x", np.arange(2.0)), vector("y")
    with config.change_flags(print_test_value=True):
        assert repr(x) == "x\narray([0., 1.])"
        assert repr(x + 1) == "Elemwise{add,no_inplace}.0\narray([1., 2.])"
        assert repr(T.constant(3)) == "TensorConstant{3}\narray(3, dtype=int8)"
        assert repr(y) == "y"
        assert str(x) == "x"
    assert repr(x) == "x"


def test_values_of_several_arguments() -> None:
    x, bare = vector("x", np.ones(2)), vector("bare")
    ((value, constant, number),) = get_debug_values(x, T.constant(2), 3)
    assert np.array_equal(value, [1.0, 1.0])
    assert (int(constant), number) == (2, 3)
    with pytest.raises(AttributeError, match="bare"):
        get_debug_values(x, bare)
    with config.change_flags(compute_test_value="ignore"):
        assert get_debug_values(x, bare) == []
    with config.change_flags(compute_test_value="warn"), pytest.warns(UserWarning, match="bare"):
        assert get_debug_values(x, bare) == []
    with config.change_flags(compute_test_value="off"):
        assert get_debug_values(x) == []
