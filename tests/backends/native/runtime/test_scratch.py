"""Scratch memory: nothing is allocated in steady state, blocks of all sizes keep their places, what nobody wants goes back."""

from __future__ import annotations

import ctypes
import time
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.runtime.test_pool import in_threads
from neano.backends.native.runtime import abi
from neano.backends.native.runtime.entry import FREE_THREADED
from neano.backends.native.runtime.scratch_text import IDLE_SECONDS, KEPT_SLOTS
from neano.backends.native.runtime.support import support

MIB = 2**20


def take(size: int) -> int:
    address = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64)(support().addresses[abi.SCRATCH_TAKE])(size)
    assert address is not None
    assert address % abi.SCRATCH_ALIGNMENT == 0
    return int(address)


def give(*addresses: int) -> None:
    for address in addresses:
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(support().addresses[abi.SCRATCH_GIVE])(address)


@pytest.fixture
def traced() -> Iterator[Callable[[], int]]:
    """Trace allocations, those of scratch blocks among them; return what is allocated now, over what was before."""
    give(*[take(size) for size in range(KEPT_SLOTS)])  # small blocks everywhere
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    yield lambda: tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()


def test_large_and_small_blocks_keep_their_places(traced: Callable[[], int]) -> None:
    places = set()
    for _ in range(50):
        large, small = take(16 * MIB), take(100)
        give(large)
        again, middle = take(15 * MIB), take(MIB)
        places |= {large, small, again, middle}
        give(small, again, middle)
    assert len(places) <= 4
    assert traced() < 18 * MIB


def test_blocks_that_are_taken_are_apart() -> None:
    blocks = [take(size) for size in (100, 5000, 5000, MIB, 100)]
    for k, address in enumerate(blocks):
        ctypes.memset(address, k, (100, 5000, 5000, MIB, 100)[k])
    assert [ctypes.c_ubyte.from_address(address).value for address in blocks] == list(range(5))
    give(*blocks)


def test_no_more_blocks_wait_than_there_are_slots(traced: Callable[[], int]) -> None:
    give(*[take(MIB) for _ in range(KEPT_SLOTS + 10)])
    assert traced() <= KEPT_SLOTS * (MIB + 2**14)


def test_what_is_not_wanted_goes_back(traced: Callable[[], int]) -> None:
    give(*[take(4 * MIB) for _ in range(5)])
    assert traced() > 19 * MIB
    time.sleep(IDLE_SECONDS + 1.5)
    for _ in range(2 * KEPT_SLOTS):
        give(take(100))
    assert traced() < MIB


def test_threads_take_and_give_at_once() -> None:
    def work(k: int) -> None:
        rng = np.random.default_rng(k)
        for _ in range(2000):
            size = int(rng.integers(16, 60_000))
            block = take(size)
            ctypes.memset(block, k, size)
            assert ctypes.string_at(block, size) == bytes([k]) * size
            give(block)

    in_threads(8, work)


def test_a_step_of_training_allocates_nothing_but_its_results() -> None:
    x, y = T.dmatrix("x"), T.lvector("y")
    w, v = (neano.shared(np.full(shape, 0.01)) for shape in ((300, 200), (200, 10)))
    hidden = T.tanh(T.dot(x, w))
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(T.dot(hidden, v)), y).mean()
    slopes = neano.grad(loss, [w, v])
    f = neano.function([x, y], loss, updates=[(p, p - 0.1 * g) for p, g in zip((w, v), slopes, strict=True)])
    data, labels = np.random.default_rng(1).random((1000, 300)), np.arange(1000) % 10
    for _ in range(3):
        f(data, labels)
    tracemalloc.start()
    try:
        f(data, labels)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10):
            f(data, labels)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4096
    new_values = 8 * 300 * 200 + 2**16 if FREE_THREADED else 0  # elsewhere they are written over the old ones
    assert peak - before < new_values + 2**16 < 8 * 1000 * 200  # one intermediate value
