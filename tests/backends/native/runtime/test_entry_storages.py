"""Storages behind an entry: defaults, updates stored together, and what is handed out of them."""

from __future__ import annotations

import sys
import weakref
from typing import Any

import numpy as np
import pytest

from backends.native.runtime.bodies import (
    ACCUMULATE,
    ACCUMULATE_SIGNATURE,
    ACCUMULATE_WITHOUT_COPY,
    ADD,
    CONVERTED,
    SCALAR,
    Checked,
    Slow,
    accumulator,
    function,
    passing,
    refuse_slow,
    swapper,
)
from neano.backends.native.runtime import Input, Signature, link_function
from neano.backends.native.runtime.abi import NOT_FIT
from neano.backends.native.runtime.entry import FREE_THREADED


@pytest.fixture(autouse=True)
def _forget() -> None:
    CONVERTED.clear()


def test_defaults_come_from_their_storages() -> None:
    default, late = [np.array(10.0)], [np.array(0.5)]
    optional = Input("float64", 0, storage=True)
    f = function(Signature((SCALAR, optional, optional), 3, "list"), passing(3), storages=[default, late])
    x, y, z = np.array(1.0), np.array(2.0), np.array(3.0)
    for args, expected in (((x,), (x, default[0], late[0])), ((x, y), (x, y, late[0])), ((x, y, z), (x, y, z))):
        given = f(*args)
        assert [id(each) for each in given] == [id(each) for each in expected]
    default[0] = np.array(20.0)
    assert f(x)[1] is default[0]
    assert CONVERTED == []


def test_a_default_before_a_required_input() -> None:
    signature = Signature((Input("float64", 0, storage=True), SCALAR), 1)
    f = function(signature, ADD, storages=[[np.array(10.0)]])
    assert f(1.0, 2.0) == 3.0
    g = function(signature, ADD, storages=[[np.array(10.0)]], convert=refuse_slow)
    with pytest.raises(Slow):
        g(1.0)


def test_an_explicit_input_with_an_update_keeps_its_new_value() -> None:
    storage = [np.array(10.0)]
    signature = Signature((SCALAR, Input("float64", 0, storage=True)), 1, updates=(1,))
    f = function(signature, ACCUMULATE, storages=[storage])
    assert (f(5.0), storage[0]) == (10.0, 15.0)
    assert (f(3.0, 4.0), storage[0]) == (4.0, 7.0)
    assert (f("1", 2), storage[0]) == (2.0, 3.0)


def test_the_accumulator() -> None:
    storage = [np.array(0.0)]
    f = accumulator(storage)
    assert (f(1.0), f(300), f(np.array(0.5))) == (0.0, 1.0, 301.0)
    assert storage == [301.5]
    storage[0] = np.array(7.0)
    assert (f(1), storage) == (7.0, [8.0])


def test_the_old_value_of_a_private_state_is_handed_out_without_a_copy() -> None:
    storage = [np.array(1.0)]
    f = function(ACCUMULATE_SIGNATURE, ACCUMULATE_WITHOUT_COPY, storages=[storage])
    seen = storage[0]
    assert (f(1.0) is seen, storage) == (False, [2.0])
    held = id(storage[0])
    old = f(1.0)
    assert (id(old) == held, old, storage) == (not FREE_THREADED, 2.0, [3.0])


def test_two_callables_share_code_but_not_state() -> None:
    signature = Signature((SCALAR, Input("float64", 0, argument=False, storage=True)), 1, updates=(1,))
    linked = link_function(signature, [("body", ACCUMULATE)])
    first, second = [np.array(0.0)], [np.array(100.0)]
    f = function(signature, "", linked, storages=[first])
    g = function(signature, "", linked, storages=[second])
    del linked
    assert (f(1.0), g(1.0), first, second) == (0.0, 100.0, [1.0], [101.0])
    del f
    assert (g(1.0), second) == (101.0, [102.0])


@pytest.mark.parametrize("poked", [np.array(1, "int32"), np.zeros(2), "text", None])
def test_a_storage_with_an_unfit_value_is_refused(poked: Any) -> None:
    storage = [poked]
    f = accumulator(storage)
    for argument in (1.0, "1"):
        with pytest.raises(Checked) as caught:
            f(argument)
        assert caught.value.args == (NOT_FIT, (1,))
    assert storage[0] is poked
    storage[0] = np.array(1.0)
    assert f(1.0) == 1.0


def test_an_emptied_storage_is_refused_and_loses_nothing_else() -> None:
    storage = [np.array(1.0)]
    f = accumulator(storage)
    storage.clear()
    with pytest.raises(Checked):
        f(1.0)

    first, second = [np.array(1.0)], [np.array(2.0)]
    swap = swapper(first, second, first.clear)
    assert swap() is None
    assert (first, second) == ([], [1.0])


def test_updates_are_stored_together() -> None:
    first, second = [np.array(1.0)], [np.array(2.0)]
    seen = []
    swap = swapper(first, second, lambda: seen.append((first[0][()], second[0][()])))
    swap()
    assert (seen, first, second) == ([(1.0, 2.0)], [2.0], [1.0])


def test_an_error_half_way_changes_nothing() -> None:
    first, second = [np.array(1.0)], [np.array(2.0)]
    before = (first[0], second[0])
    counts = [sys.getrefcount(value) for value in before]

    def fail() -> None:
        raise ZeroDivisionError("half-way")

    swap = swapper(first, second, fail)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="half-way"):
            swap()
    counts_after = [sys.getrefcount(value) for value in before]
    assert (first[0] is before[0], second[0] is before[1], counts_after) == (True, True, counts)


def test_what_a_release_runs_sees_all_updates() -> None:
    """The old value's death runs Python code, which sees both storages new and may call the function again."""
    seen = []

    class Spy(bytearray):
        def __del__(self) -> None:
            seen.append((float(first[0]), float(second[0])))
            if len(seen) < 3:
                swap()

    first, second = [np.frombuffer(Spy(8)).reshape(())], [np.array(2.0)]
    swap = swapper(first, second, lambda: None)
    swap()
    assert (seen, first, second) == ([(2.0, 0.0)], [0.0], [2.0])


def test_a_callback_may_call_the_function_and_change_the_storages() -> None:
    first, second = [np.array(1.0)], [np.array(2.0)]
    depth = []

    def again() -> None:
        if len(depth) < 20:
            depth.append(1)
            swap()
        else:
            first[0] = np.array(50.0)

    swap = swapper(first, second, again)
    swap()
    # Every level computed with the values that it began with.
    assert (len(depth), first, second) == (20, [2.0], [1.0])


PRIVATE = """
declare i1 @neano_is_private(ptr)
declare ptr @PyBool_FromLong(i64)
define i32 @neano_body(ptr %inputs, ptr %outputs, ptr %context) {
  %place = getelementptr i8, ptr %inputs, i64 24
  %array = load ptr, ptr %place
  %private = call i1 @neano_is_private(ptr %array)
  %number = zext i1 %private to i64
  %answer = call ptr @PyBool_FromLong(i64 %number)
  store ptr %answer, ptr %outputs
  ret i32 0
}
"""


def test_arrays_that_only_a_storage_holds_are_private() -> None:
    storage: list[Any] = [np.zeros(3)]
    f = function(Signature((Input("float64", 1, argument=False, storage=True),), 1), PRIVATE, storages=[storage])
    yes = not FREE_THREADED  # an array is never known to be private where threads count at once
    assert f() is yes
    seen = storage[0]
    assert f() is False
    view = seen[1:]
    del seen
    assert f() is False
    del view
    assert f() is yes
    watched = weakref.ref(storage[0])
    assert f() is False
    del watched
    assert f() is yes
    memory = memoryview(storage[0])
    assert f() is False
    del memory
    storage[0] = np.zeros(6)[::2]
    assert f() is False
    storage[0] = np.frombuffer(bytearray(24))
    assert f() is False
    storage[0] = np.zeros(3)
    storage[0].flags.writeable = False
    assert f() is False
