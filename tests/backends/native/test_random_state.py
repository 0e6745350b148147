"""Draws of NumPy's generator in compiled functions: the same bits as NumPy's, and a state that is never out of step."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import neano.tensor as T
from neano.backends.native.interpreter import interpret
from neano.backends.native.runtime.random_state import layout
from neano.backends.native.spec import check_program
from neano.compile.function import function
from neano.compile.mode import Mode
from neano.graph.shared import shared
from neano.random import RandomStreams, random_state_type, raw_random
from neano.random.state import state_of

NATIVE, REFERENCE = Mode(backend="native"), Mode(backend="reference")

DRAWS = {
    "uniform": lambda rs, v: rs.uniform((2, 3)),
    "0-d": lambda rs, v: rs.normal(()),
    "odd count": lambda rs, v: rs.normal((3,), avg=1.5, std=2.25),
    "float32": lambda rs, v: rs.uniform((5,), low=-1, high=3.5, dtype="float32"),
    "float16": lambda rs, v: rs.normal((4,), dtype="float16"),
    "parameters": lambda rs, v: rs.normal((4, 3), avg=v, std=np.array([[1.0], [2], [3], [4]])),
    "bounds": lambda rs, v: rs.uniform((4, 3), low=v, high=v + 2),
    "own size": lambda rs, v: rs.uniform(low=v, high=9),
    "integers": lambda rs, v: rs.uniform((3,), low=np.array([-2, 0, 1], dtype="int8"), high=5),
    "reversed": lambda rs, v: rs.normal((2, 3), avg=v[::-1]),
    "symbolic size": lambda rs, v: rs.uniform((v.shape[0], 2)),
    "empty": lambda rs, v: rs.normal((0, 3)),
    "large": lambda rs, v: rs.normal((40001,)),
    "used twice": lambda rs, v: (lambda x: x + x - 2 * x)(rs.uniform((3,))),
}


def assert_equal_states(a: Any, b: Any) -> None:
    for mine, other in zip(state_of(a), state_of(b), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_this_numpy_is_known() -> None:
    assert layout() is not None


@pytest.mark.parametrize("name", DRAWS)
def test_same_bits_as_the_reference(name: str) -> None:
    def build(mode: Mode) -> tuple[RandomStreams, Any]:
        streams, v = RandomStreams(234), T.dvector()
        return streams, function([v], DRAWS[name](streams, v), on_unused_input="ignore", mode=mode)

    (native, f), (reference, g) = build(NATIVE), build(REFERENCE)
    assert not f.stages.fallbacks
    for call in range(5):
        v = np.array([0.5, 1.0, -2.0]) * call
        found, wanted = f(v), g(v)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
        for (ours, _), (theirs, _) in zip(native.state_updates, reference.state_updates, strict=True):
            assert_equal_states(ours.get_value(borrow=True), theirs.get_value(borrow=True))


@pytest.mark.parametrize("method", ["uniform", "normal"])
def test_the_loop_ir_draws_the_same(method: str) -> None:
    streams = RandomStreams(5)
    f = function([], getattr(streams, method)((3, 2), 1.5, 2.5), mode=NATIVE)
    generator = np.random.RandomState(0)
    generator.set_state(state_of(streams.state_updates[0][0].get_value()))
    check_program(f.stages.program)
    numbers, after = interpret(f.stages.program, [generator])
    np.testing.assert_array_equal(numbers, f())
    assert_equal_states(after, streams.state_updates[0][0].get_value())


def test_python_and_compiled_code_see_one_state() -> None:
    streams = RandomStreams(3)
    draw = streams.normal((3,))
    f = function([], draw, mode=NATIVE)
    generator = draw.rng.get_value(borrow=True)
    twin = draw.rng.get_value()
    for _ in range(3):
        np.testing.assert_array_equal(f(), twin.normal(size=3))
        np.testing.assert_array_equal(generator.normal(size=2), twin.normal(size=2))
    generator.set_state(np.random.RandomState(9).get_state())
    twin.set_state(np.random.RandomState(9).get_state())
    np.testing.assert_array_equal(f(), twin.normal(size=3))
    assert draw.rng.get_value(borrow=True) is generator
    assert_equal_states(generator, twin)


def test_without_updates_the_state_stays() -> None:
    draw = RandomStreams(3).normal((3,))
    f = function([], draw, no_default_updates=True, mode=NATIVE)
    before = draw.rng.get_value()
    np.testing.assert_array_equal(f(), f())
    assert_equal_states(draw.rng.get_value(borrow=True), before)


def test_draws_from_one_state_begin_at_one_place() -> None:
    state = shared(np.random.RandomState(8))
    moved, first = raw_random.normal(state, (3,))
    _, second = raw_random.normal(state, (5,))
    f = function([], [first, second], updates=[(state, moved)], mode=NATIVE)
    twin = np.random.RandomState(8)
    for _ in range(3):
        copy = np.random.RandomState(0)
        copy.set_state(twin.get_state())
        a, b = f()
        np.testing.assert_array_equal(a, twin.normal(size=3))
        np.testing.assert_array_equal(b, copy.normal(size=5))


def test_a_chain_of_draws() -> None:
    state = shared(np.random.RandomState(8))
    moved, first = raw_random.normal(state, (3,))
    moved, second = raw_random.uniform(moved, (2,))
    moved, third = raw_random.normal(moved, (2,))
    f = function([], [first, second, third], updates=[(state, moved)], mode=NATIVE)
    assert not f.stages.fallbacks
    twin = np.random.RandomState(8)
    for _ in range(3):
        for found, wanted in zip(f(), (twin.normal(size=3), twin.uniform(size=2), twin.normal(size=2)), strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_a_state_that_is_given_and_returned() -> None:
    state = random_state_type()
    moved, numbers = raw_random.normal(state, (3,))
    f = function([state], [moved, numbers, state], mode=NATIVE)
    given = np.random.RandomState(4)
    for _ in range(2):
        after, found, same = f(given)
        twin = np.random.RandomState(4)
        np.testing.assert_array_equal(found, twin.normal(size=3))
        assert_equal_states(after, twin)
        assert_equal_states(given, np.random.RandomState(4))
        assert_equal_states(same, given)
        assert after is not given
        assert same is not given


def test_native_and_python_draws_share_a_state() -> None:
    state = shared(np.random.RandomState(8))
    moved, first = raw_random.normal(state, (3,))
    moved, second = raw_random.poisson(moved, (4,), lam=3.0)
    moved, third = raw_random.normal(moved, (2,))
    f = function([], [first, second, third], updates=[(state, moved)], mode=NATIVE)
    assert len(f.stages.fallbacks) == 1
    twin = np.random.RandomState(8)
    for _ in range(3):
        for found, wanted in zip(f(), (twin.normal(size=3), twin.poisson(3.0, 4), twin.normal(size=2)), strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_an_error_later_in_the_call_leaves_the_state() -> None:
    streams, i = RandomStreams(3), T.lscalar()
    draw = streams.normal((3,))
    f = function([i], draw[i], mode=NATIVE)
    before = draw.rng.get_value()
    with pytest.raises(IndexError):
        f(7)
    assert_equal_states(draw.rng.get_value(borrow=True), before)
    assert f(1) == before.normal(size=3)[1]


ERRORS = {
    "scale": (ValueError, "scale < 0", lambda v: RandomStreams(1).normal((3,), avg=0, std=v)),
    "bounds": (OverflowError, "Range exceeds valid bounds", lambda v: RandomStreams(1).uniform((3,), 0, v * np.inf)),
    "size": (ValueError, "negative dimensions", lambda v: RandomStreams(1).uniform((T.cast(v[0], "int64"),))),
    "shape": (ValueError, "not compatible", lambda v: RandomStreams(1).uniform((2,), v)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    error, text, draw = ERRORS[name]
    v = T.dvector()
    value = np.array([-1.0, 2.0, 3.0])
    with pytest.raises(error):
        function([v], draw(v), mode=REFERENCE)(value)
    with pytest.raises(error, match=text):
        function([v], draw(v), mode=NATIVE)(value)


def test_lengths_of_one_stretch_at_run_time() -> None:
    v, m = T.dvector(), T.dmatrix()
    native, reference = (
        function([v, m], RandomStreams(1).uniform((3, 2), v, m), mode=mode)([0.5], [[1.0], [2.0], [3.0]])
        for mode in (NATIVE, REFERENCE)
    )
    np.testing.assert_array_equal(native, reference)


def test_what_is_no_generator_is_refused() -> None:
    state = random_state_type()
    f = function([state], raw_random.normal(state, (3,))[1], mode=NATIVE)
    for wrong in (5, None, np.random.default_rng(0), np.random.RandomState(np.random.PCG64(1)), np.random.RandomState):
        with pytest.raises(TypeError):
            f(wrong)


def test_threads_draw_whole_numbers() -> None:
    streams = RandomStreams(3)
    f = function([], streams.normal((501,)), mode=NATIVE)
    found: list[Any] = []

    def work() -> None:
        found.extend(f() for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert all(np.isfinite(x).all() and abs(x.mean()) < 0.5 for x in found)
