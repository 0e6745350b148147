"""Calls of compiled functions: every form of arguments and results, and every error, with its class and text."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.compile import In, Out, Param, function, shared
from neano.config import config
from neano.tensor import constant, dscalar, dscalars, dvector, fscalar, fvector, lscalar


@pytest.fixture
def with_defaults():
    """The function (x + y) * w with defaults 1 for y and 2 for w, which is called w_by_name."""
    x, y, w = dscalars("x", "y", "w")
    return function([x, In(y, value=1), In(w, value=2, name="w_by_name")], (x + y) * w, name="f")


@pytest.mark.parametrize(
    ("args", "kwargs", "result"),
    [
        ((33,), {}, 68),
        ((33, 2), {}, 70),
        ((33, 0, 1), {}, 33),
        ((33,), {"w_by_name": 1}, 34),
        ((33,), {"w_by_name": 1, "y": 0}, 33),
        ((), {"x": 33}, 68),
        ((), {"w_by_name": 1, "x": 3, "y": 4}, 7),
    ],
)
def test_arguments_by_position_by_name_and_by_default(with_defaults, args, kwargs, result):
    value = with_defaults(*args, **kwargs)
    assert type(value) is np.ndarray
    assert value.shape == ()
    assert value.dtype == np.float64
    assert value == result


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {}, "Missing required input: x"),
        ((1, 2, 3, 4), {}, "Too many parameter passed"),
        ((1,), {"x": 3}, "Multiple values for input: x"),
        ((1, 2), {"y": 3}, "Multiple values for input: y"),
        ((1,), {"foo": 3}, r"Unknown input or state: foo. The function has 3 named inputs \(x, y, w_by_name\)"),
        ((1,), {"w": 3}, "Unknown input or state: w"),
        (([1, 2],), {}, "Bad input argument .* at index 0 .*Wrong number of dimensions: expected 0, got 1"),
        ((1, [1, 2]), {}, "Bad input argument .* at index 1"),
        ((1,), {"w_by_name": [1]}, "Bad input argument .* at index 2"),
        ((1, dscalar("z")), {}, "Bad input argument .* at index 1 .*It is z"),
    ],
)
def test_wrong_calls_say_what_is_wrong(with_defaults, args, kwargs, text):
    with pytest.raises(TypeError, match=text):
        with_defaults(*args, **kwargs)
    assert with_defaults(33) == 68


def test_the_text_of_a_bad_value_names_the_function():
    x = dvector("x")
    with pytest.raises((TypeError, ValueError), match='with name "the name" at index 0'):
        function([x], x, name="the name")("a")


def test_unnamed_inputs_are_told():
    x, nameless = dscalar("x"), dscalar()
    f = function([x, nameless], x + nameless)
    assert f(1, 2) == 3
    with pytest.raises(TypeError, match="Missing required input: <TensorType"):
        f(1)
    with pytest.raises(TypeError, match=r"1 named input \(x\), and 1 unnamed input which thus cannot be accessed"):
        f(1, zz=3)


def test_inputs_of_one_name_can_be_given_by_position_only():
    one, other = dscalar("x"), dscalar("x")
    f = function([one, other], one + 2 * other)
    assert f(1, 2) == 5
    with pytest.raises(TypeError, match="Ambiguous name: x"):
        f(1, x=2)


def test_shared_variables_cannot_be_given():
    x, s = dscalar("x"), shared(3.0, "s")
    f = function([x], x + s)
    assert f(1) == 4
    with pytest.raises(TypeError, match="Tried to provide value for implicit input: s"):
        f(1, s=3)
    with pytest.raises(TypeError, match="Tried to provide value for implicit input: s"):
        f(1, 2)
    with pytest.raises(TypeError, match="Too many parameter"):
        f(1, 2, 3)
    assert f.get_shared() == [s]


@pytest.mark.parametrize(("outputs", "expected"), [(None, []), ([], [])])
def test_functions_without_outputs_return_an_empty_list(outputs, expected):
    x = dscalar("x")
    assert function([x], outputs, on_unused_input="ignore")(1) == expected
    assert function([x], on_unused_input="ignore")(1) == []


def test_forms_of_results():
    x = dscalar("x")
    assert function([x], x + 1)(2) == 3
    assert function([x], [x + 1])(2) == [3]
    assert function([x], (x + 1, x))(2) == [3, 2]
    result = function([x], {"b": x, "a": x + 1})(3)
    assert result == {"a": 4, "b": 3}
    assert list(result) == ["a", "b"]
    assert function([x], Out(x + 1))(2) == 3


def test_only_some_outputs_can_be_computed_and_all_updates_happen():
    x, s = dscalar("x"), shared(0.0)
    f = function([x], [x, x + 1, x + 2], updates=[(s, s + x)])
    assert f(3, output_subset=[1, 2]) == [4, 5]
    assert f(3, output_subset=[-1]) == [5]
    assert s.get_value() == 6
    assert f(3, output_subset=None) == [3, 4, 5]
    with pytest.raises(IndexError):
        f(3, output_subset=[7])
    by_key = function([x], {"a": x, "b": x + 1})
    assert by_key(3, output_subset=["b"]) == {"b": 4}
    with pytest.raises(ValueError):
        by_key(3, output_subset=["c"])


def test_signatures_are_shown(with_defaults):
    signature = inspect.signature(with_defaults)
    assert list(signature.parameters) == ["x", "y", "w_by_name"]
    assert signature.parameters["y"].default == 1
    assert signature.parameters["x"].default is inspect.Parameter.empty


def test_values_of_what_fits_float32():
    with config.change_flags(floatX="float32"):
        x = fscalar("x")
        f = function([x], x)
        assert f(0.1).dtype == np.float32
        assert f(2) == 2
        for bad in (np.float64(0.1), [0.1], np.array(0.1), np.array(1, dtype="int32")):
            with pytest.raises(TypeError):
                f(bad)
        assert f(np.array(3, dtype="int16")) == 3
        v = fvector("v")
        assert_array_equal(function([v], v)([1, 2]), [1, 2])


def test_downcasting_on_demand():
    x = fscalar("x")
    assert function([x], x, allow_input_downcast=True)(np.float64(0.1)) == np.float32(0.1)
    with config.change_flags(floatX="float32"), pytest.raises(TypeError):
        function([x], x, allow_input_downcast=False)(0.1)
    n = lscalar("n")
    with pytest.raises(TypeError):
        function([n], n)(1.5)
    assert function([In(n, allow_downcast=True)], n)(1.5) == 1


def test_strict_inputs_take_exact_values_only():
    v = dvector("v")
    f = function([In(v, strict=True)], v)
    assert_array_equal(f(np.array([1.0, 2.0])), [1, 2])
    for bad in ([1.0, 2.0], np.array([1, 2]), np.array([1.0], dtype="float32")):
        with pytest.raises(TypeError):
            f(bad)
    n = dscalar("n")
    with pytest.raises(TypeError):
        function([In(n, strict=True)], n)(1.0)


@pytest.mark.parametrize("kind", ["Param", "In"])
def test_param_is_the_older_name_of_in(kind):
    x, y = dscalars("x", "y")
    if kind == "Param":
        with pytest.warns(DeprecationWarning, match="older name of In"):
            given = Param(y, default=1, name="by_name")
    else:
        given = In(y, value=1, name="by_name")
    f = function([x, given], x + y)
    assert f(33) == 34
    assert f(33, 2) == 35
    assert f(33, by_name=3) == 36
    assert f(33) == 34


def test_results_are_memory_of_their_own():
    v = dvector("v")
    given = np.array([1.0, 2.0])
    same, again, view = function([v], [v, v, v[::-1]])(given)
    given[:] = 0
    assert_array_equal(same, [1, 2])
    assert_array_equal(view, [2, 1])
    same[:] = 7
    assert_array_equal(again, [1, 2])
    number = function([], [constant([1.0, 2.0])])
    number()[0][:] = 9
    assert_array_equal(number()[0], [1, 2])


def test_borrowed_results_may_be_the_argument_itself(backend):
    v = dvector("v")
    given = np.array([1.0, 2.0])
    result = function([In(v, borrow=True)], Out(v, borrow=True))(given)
    assert_array_equal(result, given)
    if backend == "reference":
        assert np.shares_memory(result, given)
    assert not np.shares_memory(function([In(v, borrow=True)], Out(v))(given), given)
    assert not np.shares_memory(function([v], Out(v, borrow=True))(given), given)


def test_arguments_that_are_views_and_copies_of_each_other():
    v, w = dvector("v"), dvector("w")
    f = function([v, w], v + 2 * w)
    given = np.arange(6.0)
    assert_array_equal(f(given[::2], given[::-2]), given[::2] + 2 * given[::-2])
    assert_array_equal(f(given[1:], given[:-1]), given[1:] + 2 * given[:-1])


def test_trusted_input_is_not_filtered(backend):
    v = dvector("v")
    f = function([v], v * 2)
    f.trust_input = True
    assert_array_equal(f(np.array([1.0, 2.0])), [2, 4])
    if backend == "native":  # machine code never reads what it cannot
        with pytest.raises(TypeError):
            f("nonsense")
