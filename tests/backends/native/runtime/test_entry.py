"""What an entry takes at once, what it sends the slow way, and what it gives back."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import pytest

from backends.native.runtime.bodies import (
    ADD,
    ADD_SIGNATURE,
    CONVERTED,
    SCALAR,
    Checked,
    Slow,
    adder,
    convert,
    first_bytes,
    function,
    passing,
    refuse_slow,
    vector_adder,
)
from neano.backends.native.runtime import Input, Signature
from neano.backends.native.runtime.abi import NOT_FIT

DTYPES = (
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64",
    "complex64", "complex128",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _forget() -> None:
    CONVERTED.clear()


def test_add_of_arrays_is_a_new_array_each_time() -> None:
    f = adder()
    first, second = f(np.array(2.0), np.array(3.0)), f(np.array(20.0), np.array(30.0))
    assert (type(first), first.dtype, first.shape) == (np.ndarray, np.float64, ())
    assert (first, second) == (5.0, 50.0)
    assert CONVERTED == []


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_and_scalars_of_each_dtype_are_taken_at_once(dtype: str) -> None:
    size = np.dtype(dtype).itemsize
    f = function(Signature((Input(dtype, 0),), 1), first_bytes(size), convert=refuse_slow)
    value = np.array(1).astype(dtype)
    assert f(value) == value.tobytes()
    assert f(value[()]) == value.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_other_dtypes_go_the_slow_way(dtype: str) -> None:
    f = function(Signature((Input(dtype, 0),), 1), first_bytes(1), convert=refuse_slow)
    for other in DTYPES:
        if other != dtype:
            for value in (np.array(1, other), np.array(1, other)[()]):
                if not (type(value) is np.float64 and dtype == "float64"):
                    with pytest.raises(Slow):
                        f(value)


EXACT = [
    ("float64", 1.5), ("float64", 3), ("float64", -(2**53)), ("float64", float("nan")), ("float32", 2**24),
    ("int8", 127), ("int8", -128), ("uint8", 255), ("int16", -(2**15)), ("uint16", 2**16 - 1), ("int32", -(2**31)),
    ("uint32", 2**32 - 1), ("int64", 2**63 - 1), ("int64", -(2**63)), ("uint64", 2**63 - 1), ("bool", True),
    ("bool", False), ("float32", -7),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "value"), EXACT)
def test_python_numbers_that_a_dtype_holds_are_taken_at_once(dtype: str, value: Any) -> None:
    expected = np.array(value, dtype)
    f = function(Signature((Input(dtype, 0),), 1), first_bytes(expected.itemsize), convert=refuse_slow)
    assert f(value) == expected.tobytes()


NOT_AT_ONCE = [
    ("float64", 2**53 + 1), ("float64", -(2**53) - 1), ("float64", True), ("float64", "1"), ("float64", [1.0]),
    ("float64", 1j), ("float64", None), ("float32", 0.5), ("float32", 2**24 + 1), ("int8", 128), ("int8", -129),
    ("uint8", -1), ("uint8", 256), ("int64", 2**63), ("int64", 2**100), ("int64", 1.0), ("int64", True), ("uint64", -1),
    ("bool", 1), ("float16", 1.0), ("complex128", 1.0), ("int32", np.int64(1)), ("float64", np.float32(1)),
    ("float64", np.longdouble(1)),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "value"), NOT_AT_ONCE)
def test_other_numbers_go_the_slow_way(dtype: str, value: Any) -> None:
    f = function(Signature((Input(dtype, 0),), 1), first_bytes(1), convert=refuse_slow)
    with pytest.raises(Slow):
        f(value)


def test_float32_takes_inexact_floats_where_the_signature_says_so() -> None:
    f = function(Signature((Input("float32", 0, inexact_float=True),), 1), first_bytes(4), convert=refuse_slow)
    assert f(0.1) == np.float32(0.1).tobytes()
    assert f(1e300) == np.float32(np.inf).tobytes()


def test_a_strict_input_takes_arrays_only() -> None:
    f = function(Signature((Input("float64", 0, numbers=False),), 1), first_bytes(8), convert=refuse_slow)
    assert f(np.array(1.0)) == np.float64(1).tobytes()
    for value in (1.0, 1, np.float64(1)):
        with pytest.raises(Slow):
            f(value)


def unfit_vectors() -> list[Any]:
    buffer = np.zeros(33, np.uint8)
    return [
        np.zeros(()), np.zeros((2, 2)), np.zeros(2, np.float32), np.zeros(2, np.dtype("f8").newbyteorder()),
        buffer[1:].view(np.float64), np.ma.zeros(2), np.zeros(2).view(np.matrix), np.array(["x"]), np.array([None]),
        1.0, [1.0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", unfit_vectors(), ids=lambda value: f"{type(value).__name__}-{getattr(value, 'dtype', '')}"
)
def test_unfit_vectors_go_the_slow_way(value: Any) -> None:
    f = function(Signature((Input("float64", 1),), 1), passing(1), convert=refuse_slow)
    with pytest.raises(Slow):
        f(value)


def test_dtype_objects_of_the_same_meaning_are_taken_at_once() -> None:
    f = function(Signature((Input("float64", 1),), 1), passing(1), convert=refuse_slow)
    for value in (
        pickle.loads(pickle.dumps(np.zeros(2))),
        np.zeros(2, np.dtype("f8", metadata={"unit": "m"})),
        np.zeros(2, np.dtype(np.float64, copy=True)),
        np.zeros((4, 4))[:, 0],
        np.zeros(4)[::-1],
        np.zeros(0),
    ):
        assert f(value) is value
    g = function(Signature((Input("int64", 1),), 1), passing(1), convert=refuse_slow)
    for code in "lq":
        if np.dtype(code).itemsize == 8:
            value = np.zeros(2, code)
            assert g(value) is value


def test_declared_lengths_are_checked() -> None:
    f = function(Signature((Input("float64", 3, static=(1, None, 3)),), 1), passing(1), convert=refuse_slow)
    value = np.zeros((1, 5, 3))
    assert f(value) is value
    for shape in ((2, 5, 3), (1, 5, 1), (0, 5, 3), (5, 3)):
        with pytest.raises(Slow):
            f(np.zeros(shape))


def test_strided_vectors_are_read_where_they_are() -> None:
    f = vector_adder()
    x, y = np.arange(10.0), np.arange(40.0).reshape(10, 4)
    np.testing.assert_array_equal(f(x[::-1], y[:, 2]), x[::-1] + y[:, 2])
    np.testing.assert_array_equal(f(x[:0], x[:0]), np.zeros(0))
    np.testing.assert_array_equal(f(np.broadcast_to(2.0, (10,)), x), x + 2)
    read_only = x.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(f(read_only, x), 2 * x)
    assert CONVERTED == []


def test_failed_checks_raise_with_their_numbers() -> None:
    with pytest.raises(Checked) as caught:
        vector_adder()(np.zeros(3), np.zeros(2))
    code, args = caught.value.args
    assert (code, len(args), args[:2]) == (7, 8, (3, 2))


def test_odd_calls_are_converted_then_computed() -> None:
    f = adder()
    assert f([2][0], "3") == 5.0
    assert f(2, b=np.float32(4)) == 6.0
    assert f(a=np.array(2, "int8"), b=4.0) == 6.0
    assert [kwargs for _, kwargs in CONVERTED] == [None, {"b": 4.0}, {"a": 2, "b": 4.0}]
    assert CONVERTED[0][0] == (2, "3")


def test_the_slow_way_can_give_the_result_itself() -> None:
    seen = []

    def answer(f: Any, args: Any, kwargs: Any) -> Any:
        seen.append(f)
        return (("result", args, kwargs),)

    f = function(ADD_SIGNATURE, ADD, convert=answer)
    assert f(1.0, 2.0, 3.0) == ("result", (1.0, 2.0, 3.0), None)
    assert f(output_subset=[0]) == ("result", (), {"output_subset": [0]})
    assert seen == [f, f]


@pytest.mark.parametrize("answer", [None, [], [np.array(1.0)], [1, 2, 3], (), (1, 2), 5, {}])
def test_a_conversion_that_breaks_its_contract_is_an_error(answer: Any) -> None:
    f = function(ADD_SIGNATURE, ADD, convert=lambda *ignored: answer)
    with pytest.raises(SystemError, match="convert must return"):
        f("odd", 1.0)


def test_a_converted_value_that_does_not_fit_is_refused() -> None:
    f = function(ADD_SIGNATURE, ADD, convert=lambda *ignored: [np.array(1.0), np.array(1, "int32")])
    with pytest.raises(Checked) as caught:
        f("odd", 1.0)
    assert caught.value.args == (NOT_FIT, (1,))


def test_an_error_handler_that_returns_is_an_error() -> None:
    f = function(ADD_SIGNATURE, ADD, convert=lambda *ignored: ["x", "y"], raise_error=lambda code, args: None)
    with pytest.raises(SystemError, match="raise_error must raise"):
        f("odd", 1.0)


@pytest.mark.parametrize("args", [(), (1.0,), (1.0, 2.0, 3.0), (1.0,) * 50])
def test_wrong_numbers_of_arguments_go_the_slow_way(args: tuple[float, ...]) -> None:
    f = function(ADD_SIGNATURE, ADD, convert=refuse_slow)
    with pytest.raises(Slow):
        f(*args)


def test_a_method_call_with_an_offset_argument_vector() -> None:
    class Holder:
        f = adder()

    assert Holder().f(1.0, 2.0) == 3.0  # not bound: the type has no __get__
    assert list(map(Holder.f, [1.0, 2.0], [3.0, 4.0])) == [4.0, 6.0]


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_results_as_lists(count: int) -> None:
    inputs = tuple(Input("float64", 0) for _ in range(count))
    values = [np.array(float(k)) for k in range(count)]
    assert function(Signature(inputs, count, "list"), passing(count))(*values) == values


def test_results_as_dicts() -> None:
    inputs = tuple(Input("float64", 0) for _ in range(3))
    f = function(Signature(inputs, 3, "dict"), passing(3), keys=["a", "b", "c"])
    values = [np.array(float(k)) for k in range(3)]
    assert f(*values) == dict(zip("abc", values, strict=True))
    empty = function(Signature((), 0, "dict"), passing(0))
    assert (empty(), empty()) == ({}, {})
    failing = function(Signature(inputs[:2], 2, "dict"), passing(2), keys=["a", []])
    counts = []
    for _ in range(3):
        with pytest.raises(TypeError, match="unhashable"):
            failing(*values[:2])
        counts.append(sys.getrefcount(values[0]))
    assert len(set(counts)) == 1


def test_an_object_input_is_handed_on_as_it_is() -> None:
    state = Input("object", 0, argument=False, storage=True)
    storage: list[Any] = [{"any": "thing"}]
    f = function(Signature((Input("object", 0), state), 2, "list"), passing(2), storages=[storage])
    thing = object()
    assert f(thing)[0] is thing
    assert f(None) == [None, {"any": "thing"}]


def test_numbers_have_no_array() -> None:
    f = function(Signature((SCALAR,), 1), passing(1))
    assert (f(1.0), f(1), f(np.float64(1)), f(np.array(1.0))) == (None, None, None, 1.0)


def test_many_inputs() -> None:
    count = 60
    inputs = tuple(Input("float64", k % 3) for k in range(count))
    f = function(Signature(inputs, count, "list"), passing(count), convert=refuse_slow)
    values = [np.zeros((2,) * (k % 3)) for k in range(count)]
    assert [id(value) for value in f(*values)] == [id(value) for value in values]
    values[-1] = np.zeros(())
    with pytest.raises(Slow):
        f(*values)


@pytest.mark.parametrize(
    "settings",
    [
        {"storages": [[np.array(0.0)]]},
        {"keys": ["a"], "storages": []},
    ],
)
def test_settings_that_do_not_match_the_signature(settings: dict[str, Any]) -> None:
    signature = Signature((SCALAR, SCALAR), 2, "dict")
    with pytest.raises(ValueError):
        function(signature, passing(2), **{"keys": ["a", "b"]} | settings)
    with pytest.raises(ValueError, match="list of length 1"):
        function(Signature((Input("float64", 0, storage=True),), 1), passing(1), storages=[(1,)])
    with pytest.raises(ValueError, match="contiguous"):
        function(ADD_SIGNATURE, ADD, constants=[np.zeros((4, 4))[:, 0]])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Input("longdouble", 0),
        lambda: Input("float64", 2, static=(1,)),
        lambda: Input("float64", 0, argument=False),
        lambda: Signature((Input("float64", 0, argument=False, storage=True), SCALAR), 1),
        lambda: Signature((SCALAR,), 2, "single"),
        lambda: Signature((SCALAR,), 1, updates=(0,)),
    ],
)
def test_signatures_that_make_no_sense(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


def test_keyword_only_values_reach_convert_in_order() -> None:
    f = function(ADD_SIGNATURE, ADD, convert=convert)
    assert f(y=1.0, x=2.0) == 3.0
    args, kwargs = CONVERTED[-1]
    assert (args, list(kwargs or {})) == ((), ["y", "x"])


def test_the_text_for_free_threaded_builds_is_valid() -> None:
    from neano.backends.native.runtime.codegen import Module, generate_object
    from neano.backends.native.runtime.entry import entry_text

    optional = Input("float64", 0, storage=True)
    signature = Signature((SCALAR, optional, Input("int32", 2, argument=False, storage=True)), 2, "dict", (1, 2))
    text = entry_text(signature, free_threaded=True)
    assert "PyList_GetItemRef" in text
    assert generate_object(Module("entry", text))
