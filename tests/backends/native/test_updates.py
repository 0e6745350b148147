"""Updates without copies: old values given away, new ones written over old ones, and never where anybody can see it."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import neano.tensor as T
from neano import function, shared
from neano.backends.native.emit.updates import in_place
from neano.backends.native.ir import Invoke
from neano.backends.native.runtime.entry import FREE_THREADED

needs_the_gil = pytest.mark.skipif(
    FREE_THREADED, reason="without the GIL somebody may come to see an old value at any time"
)


def address(variable) -> int:
    return variable.get_value(borrow=True).__array_interface__["data"][0]


@needs_the_gil
def test_an_old_value_is_given_away_itself():
    state, i = shared(np.array(1.0)), T.dscalar("i")
    step = function([i], state, updates=[(state, state + i)])
    held = id(state.get_value(borrow=True))
    old = step(2.0)
    assert id(old) == held
    assert (float(old), float(state.get_value())) == (1.0, 3.0)
    old[...] = 7.0
    assert float(state.get_value()) == 3.0


def test_an_old_value_that_others_see_is_copied():
    state, i = shared(np.arange(3.0)), T.dvector("i")
    step = function([i], [state, state], updates=[(state, state + i)])
    seen = state.get_value(borrow=True)
    first, second = step(np.ones(3))
    assert first is not seen
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, [0, 1, 2])
    first, second = step(np.ones(3))  # now nobody sees it: one result may be the array, the other is a copy
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(second, [1, 2, 3])


@pytest.mark.parametrize("stop", [0, 2, 4])
def test_a_part_is_not_mistaken_for_the_old_value(stop):
    state = shared(np.arange(12.0).reshape(4, 3))
    part = state[:stop]
    expected = state.get_value()[:stop]
    (result,) = function([], [part], updates=[(state, part)])()
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(state.get_value(), expected)
    assert not np.shares_memory(result, state.get_value(borrow=True))


def test_values_change_places():
    a, b = shared(np.arange(3.0)), shared(np.arange(3.0) + 5)
    swap = function([], a, updates=[(a, b), (b, a)])
    for _ in range(3):
        before = a.get_value(), b.get_value()
        np.testing.assert_array_equal(swap(), before[0])
        np.testing.assert_array_equal(a.get_value(), before[1])
        np.testing.assert_array_equal(b.get_value(), before[0])
        assert not np.shares_memory(a.get_value(borrow=True), b.get_value(borrow=True))


@needs_the_gil
def test_a_step_writes_over_the_old_value():
    w, g = shared(np.ones((30, 40))), T.dmatrix("g")
    step = function([g], [], updates=[(w, w - 0.5 * g)])
    before = address(w)
    step(np.full((30, 40), 2.0))
    assert address(w) == before
    np.testing.assert_array_equal(w.get_value(), np.zeros((30, 40)))


@needs_the_gil
def test_a_product_is_added_where_the_old_value_lies():
    w, x, d = shared(np.ones((30, 40))), T.dmatrix("x"), T.dmatrix("d")
    step = function([x, d], [], updates=[(w, w - 0.5 * T.dot(x.T, d))])
    left, right = np.random.default_rng(1).random((7, 30)), np.random.default_rng(2).random((7, 40))
    before = address(w)
    step(left, right)
    assert address(w) == before
    np.testing.assert_allclose(w.get_value(), 1 - 0.5 * left.T @ right, rtol=1e-13, atol=1e-13)
    strange = np.random.default_rng(3).random((30, 14))[:, ::-2].T  # BLAS needs a copy, which may fail
    step(strange, right)
    assert address(w) != before
    np.testing.assert_allclose(w.get_value(), 1 - 0.5 * left.T @ right - 0.5 * strange.T @ right, rtol=1e-13)


def test_what_others_see_is_not_written_to():
    w, g = shared(np.ones(50)), T.dvector("g")
    step = function([g], [], updates=[(w, w - g)])
    seen = w.get_value(borrow=True)
    step(np.ones(50))
    np.testing.assert_array_equal(seen, np.ones(50))
    row = w.get_value(borrow=True)[10:20]
    step(np.ones(50))
    np.testing.assert_array_equal(row, np.zeros(10))
    np.testing.assert_array_equal(w.get_value(), -np.ones(50))


@pytest.mark.parametrize("order", ["C", "F"])
def test_steps_of_several_values_that_read_each_other(order):
    random = np.random.default_rng(4)
    m, p, g = (np.array(random.random((6, 9)), order=order) for _ in range(3))
    first, second, gradient = shared(m.copy(order="K")), shared(p.copy(order="K")), T.dmatrix("g")
    moved = 0.9 * first + gradient
    step = function(
        [gradient], (second**2).sum(), updates=[(first, moved), (second, second - 0.1 * moved * first + first[0, 0])]
    )
    for _ in range(3):
        np.testing.assert_allclose(step(g), (p**2).sum())
        m, p = 0.9 * m + g, p - 0.1 * (0.9 * m + g) * m + m[0, 0]
        np.testing.assert_allclose(first.get_value(), m)
        np.testing.assert_allclose(second.get_value(), p)


def test_a_value_that_is_read_elsewhere_is_not_overwritten_too_soon():
    a, b, x = shared(np.arange(4.0)), shared(np.arange(4.0) * 10), T.dvector("x")
    step = function([x], [a + b], updates=[(a, b[::-1] + x), (b, a[::-1] - x)])
    for k in range(3):
        p, q, v = a.get_value(), b.get_value(), np.full(4, float(k))
        np.testing.assert_array_equal(step(v)[0], p + q)
        np.testing.assert_array_equal(a.get_value(), q[::-1] + v)
        np.testing.assert_array_equal(b.get_value(), p[::-1] - v)
    reverse = function([], [], updates=[(a, a[::-1] + 1)])
    before = a.get_value()
    reverse()
    np.testing.assert_array_equal(a.get_value(), before[::-1] + 1)


def test_an_error_leaves_every_value_as_it_was():
    w, v, x, y, k = shared(np.ones(5)), shared(np.ones(5)), T.dvector("x"), T.dvector("y"), T.lscalar("k")
    step = function([x, y, k], [], updates=[(w, w + x), (v, v + y[k] * (x + y))])
    with pytest.raises(IndexError):
        step(np.ones(5), np.ones(5), 9)
    with pytest.raises(ValueError, match="mis-match"):
        step(np.ones(5), np.ones(4), 0)
    np.testing.assert_array_equal(w.get_value(), np.ones(5))
    np.testing.assert_array_equal(v.get_value(), np.ones(5))


@needs_the_gil
def test_updated_parts_are_written_where_they_lie():
    table, rows, x = shared(np.zeros((50, 4))), T.lvector("rows"), T.dmatrix("x")
    step = function([rows, x], [], updates=[(table, T.inc_subtensor(table[rows], x))])
    before = address(table)
    step(np.array([3, 7, 3]), np.ones((3, 4)))
    assert address(table) == before
    wanted = np.zeros((50, 4))
    np.add.at(wanted, [3, 7, 3], 1)
    np.testing.assert_array_equal(table.get_value(), wanted)
    with pytest.raises(IndexError):
        step(np.array([3, 70]), np.ones((2, 4)))
    np.testing.assert_array_equal(table.get_value(), wanted)


def test_values_that_do_not_fit_are_replaced():
    w, g = shared(np.ones(5)), T.dvector("g")
    step = function([g], [], updates=[(w, T.concatenate([w, g]))])
    step(np.zeros(2))
    step(np.zeros(1))
    np.testing.assert_array_equal(w.get_value(), [1] * 5 + [0] * 3)


def test_memory_does_not_grow():
    w, g = shared(np.ones(100)), T.dvector("g")
    step = function([g], w, updates=[(w, w - g)])
    value = np.ones(100)
    step(value)
    before = sys.getallocatedblocks()
    for _ in range(1000):
        step(value)
    assert sys.getallocatedblocks() - before < 50
    old = step(value)
    assert sys.getrefcount(old) == 2


def test_threads_see_whole_values():
    w, g = shared(np.zeros(20_000)), T.dvector("g")
    step = function([g], w, updates=[(w, w + g)])
    read = function([], [w.min(), w.max()])
    ones, torn = np.ones(20_000), []

    def look():
        for _ in range(200):
            low, high = read()
            torn.append(float(high - low))

    def work():
        for _ in range(200):
            old = step(ones)
            torn.append(float(old.max() - old.min()))
            old[...] = np.arange(20_000.0)  # it is the caller's own

    threads = [threading.Thread(target=target) for target in (look, work, look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(torn) == {0.0}


def test_the_tail_holds_only_what_cannot_fail():
    w, x, d = shared(np.ones((3, 4))), T.dmatrix("x"), T.dmatrix("d")
    step = function([x, d], (w**2).sum(), updates=[(w, w - 0.5 * T.dot(x.T, d))])
    program = step.stages.program
    position = len(program.results) - 1
    made, updates = in_place(program, [(position, program.inputs.index("in2"))])
    assert list(updates.in_place.values()) == ["in2"]
    assert [type(s) for s in made.body[updates.tail :]][-1] is Invoke
