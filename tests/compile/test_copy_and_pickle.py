"""Copies of functions, pickles of functions and of what they are made of."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.compile import AliasedMemoryError, In, Mode, OpFromGraph, Out, as_op, function, shared
from neano.config import config
from neano.tensor import dmatrix, dscalar, dscalars, dvector, iscalar


@pytest.fixture
def accumulator():
    """A shared state of 0, the variable given, and a function that adds to the state and returns the old one."""
    state, inc = shared(0, "state"), iscalar("inc")
    return state, inc, function([inc], state, updates=[(state, state + inc)], name="accumulator")


def test_a_copy_shares_the_state(accumulator):
    state, _, f = accumulator
    assert f(10) == 0
    other = f.copy()
    assert other(5) == 10
    assert state.get_value() == 15
    assert other.name == "accumulator copy"
    assert f.copy(name="mine").name == "mine"
    assert f.maker is not other.maker


@pytest.mark.parametrize("key", ["variable", "name", "index"])
def test_a_copy_on_another_state(accumulator, key):
    state, _, f = accumulator
    f(10)
    new_state = shared(0)
    other = f.copy(swap={{"variable": state, "name": "state", "index": 1}[key]: new_state})
    result = other(100)
    assert type(result) is np.ndarray
    assert result == 0
    assert new_state.get_value() == 100
    assert state.get_value() == 10
    assert other.get_shared() == [new_state]
    assert f(1) == 10


def test_a_copy_without_updates(accumulator):
    state, _, f = accumulator
    f(10)
    other = f.copy(delete_updates=True)
    assert other(9000) == 10
    assert state.get_value() == 10
    new_state = shared(3)
    assert f.copy(swap={state: new_state}, delete_updates=True)(1) == 3
    assert new_state.get_value() == 3


def test_what_cannot_be_swapped(accumulator):
    state, inc, f = accumulator
    with pytest.raises(ValueError, match="not a shared variable of the function"):
        f.copy(swap={shared(1): shared(2)})
    with pytest.raises(ValueError, match="not a shared variable of the function"):
        f.copy(swap={inc: shared(2)})
    with pytest.raises(AssertionError, match="of type"):
        f.copy(swap={state: shared(1.0)})
    with pytest.raises(AssertionError, match="must be a shared variable"):
        f.copy(swap={state: 3})


def test_a_copy_keeps_forms_and_has_defaults_of_its_own():
    x, y, s = dscalars("x", "y", "s")
    f = function([x, In(y, value=2), In(s, value=10.0, update=s + x)], {"b": x * y, "a": s})
    f(1)
    other = f.copy()
    assert other(3) == {"a": 11, "b": 6}
    assert f(0) == {"a": 11, "b": 0}
    assert other(0) == {"a": 14, "b": 0}
    assert copy.copy(f)(0) == {"a": 11, "b": 0}


# Pickles


def test_a_function_is_pickled_with_its_state(accumulator):
    state, _, f = accumulator
    f(7)
    loaded, loaded_state = pickle.loads(pickle.dumps([f, state]))
    assert loaded(3) == 7
    assert loaded_state.get_value() == 10
    assert state.get_value() == 7
    assert loaded.name == "accumulator"
    assert loaded.get_shared() == [loaded_state]


def test_a_function_is_deep_copied_with_its_state(accumulator):
    state, _, f = accumulator
    f(7)
    other = copy.deepcopy(f)
    assert other(3) == 7
    assert other(3) == 10
    assert state.get_value() == 7


def test_values_of_inputs_are_pickled():
    x, y, s = dscalars("x", "y", "s")
    f = function([x, In(y, value=2), In(s, value=10.0, update=s + x)], [x * y, s, Out(x + 1, borrow=True)])
    f(1)
    loaded = pickle.loads(pickle.dumps(f))
    assert loaded(3) == [6, 11, 4]
    assert loaded["s"] == 14
    assert loaded["y"] == 2
    assert f["s"] == 11


def test_functions_that_share_a_variable_share_it_after_loading():
    s, x = shared(np.zeros(2)), dvector("x")
    add, read = function([x], [], updates=[(s, s + x)]), function([], s * 1)
    add, read = pickle.loads(pickle.dumps((add, read)))
    add([1, 2])
    assert_array_equal(read(), [1, 2])
    assert_array_equal(s.get_value(), [0, 0])


def test_the_mode_is_kept_and_the_graph_not_rewritten_again():
    x = dvector("x")
    f = function([x], x * 2 + x * 2, mode=Mode(optimizer=None))
    nodes = len(f.maker.fgraph.apply_nodes)
    assert len(pickle.loads(pickle.dumps(f)).maker.fgraph.apply_nodes) == nodes
    f.maker.mode = Mode(optimizer="fast_run")
    with config.change_flags(reoptimize_unpickled_function=True):
        loaded = pickle.loads(pickle.dumps(f))
    assert len(loaded.maker.fgraph.apply_nodes) < nodes
    assert_array_equal(loaded([1, 2]), [4, 8])


def test_functions_load_as_none_on_demand(accumulator):
    text = pickle.dumps(accumulator[2])
    with config.change_flags(unpickle_function=False):
        assert pickle.loads(text) is None


def test_values_that_share_memory_warn():
    memory = np.zeros(4)
    a, b = shared(memory[:3], borrow=True), shared(memory[1:], borrow=True)
    f = function([], a + b)
    with pytest.warns(UserWarning, match="aliased relationship"):
        pickle.dumps(f)
    f.pickle_aliased_memory_strategy = "raise"
    with pytest.raises(AliasedMemoryError):
        pickle.dumps(f)
    f.pickle_aliased_memory_strategy = "ignore"
    assert pickle.loads(pickle.dumps(f))().shape == (3,)


def test_trust_is_pickled():
    x = dvector("x")
    f = function([x], x * 2)
    f.trust_input = True
    assert pickle.loads(pickle.dumps(f)).trust_input


@as_op(itypes=[dmatrix, dvector], otypes=[dvector])
def multiply(a, b):
    return a.dot(b)


def test_ops_made_of_functions_are_pickled_by_name():
    assert multiply in (multiply,)
    x, v = dmatrix("x"), dvector("v")
    loaded = pickle.loads(pickle.dumps(function([x, v], multiply(x, v))))
    assert_array_equal(loaded(np.ones((2, 2)), [1, 2]), [3, 3])


def test_evaluation_is_kept_and_not_pickled():
    x = dscalar("x")
    y = x * 2
    assert y.eval({x: 3.0}) == 6
    assert y.eval({"x": 4.0}) == 8
    assert len(y._fn_cache) == 1
    assert not hasattr(pickle.loads(pickle.dumps(y)), "_fn_cache")
    with pytest.raises(KeyError, match="no inputs named 'z'"):
        y.eval({"z": 1})
    with pytest.raises(TypeError):
        y.eval({x: "a"})
    with pytest.raises(TypeError, match="takes a dict"):
        y.eval(3)


def test_a_copy_does_not_keep_the_original_alive():
    x = dscalar("x")
    f = function([x], x * 2)
    other = f.copy()
    reference = weakref.ref(f)
    del f
    gc.collect()
    assert reference() is None
    assert other(2) == 4


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE", "NanGuardMode", "DebugMode"])
def test_functions_of_every_mode_are_pickled(mode):
    x, s = dvector("x"), shared(np.ones(2))
    inner = OpFromGraph([x], [x * 2 + s])
    f = function([x], inner(x), mode=mode)
    assert_array_equal(pickle.loads(pickle.dumps(f))([1, 2]), [3, 5])
