"""Memory stands still over many calls of every kind; cycles are freed; threads, forks and finalizers are survived."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backends.native.runtime.bodies import (
    ACCUMULATE,
    ACCUMULATE_SIGNATURE,
    ADD,
    ADD_SIGNATURE,
    CONVERTED,
    SCALAR,
    SCRATCH,
    STATE,
    Checked,
    accumulator,
    adder,
    function,
    passing,
    swapper,
    vector_adder,
)
from neano.backends.native.runtime import Input, Signature, link_function, python_callable
from neano.backends.native.runtime.engine import _engines
from neano.backends.native.runtime.entry import FREE_THREADED

# Calls of every kind -------------------------------------------------------------------------------------------------


def quiet_convert(f: Any, args: Any, kwargs: Any) -> list[Any]:
    return [np.asarray(value, np.float64) for value in (*args, *(kwargs or {}).values())]


def raising(f: Callable[..., Any], error: type[Exception], *args: Any) -> Callable[[], None]:
    def call() -> None:
        try:
            f(*args)
        except error:
            return
        raise AssertionError("no error")

    return call


def fail() -> None:
    raise ZeroDivisionError


def kinds() -> dict[str, Callable[[], Any]]:
    f = function(ADD_SIGNATURE, ADD, convert=quiet_convert)
    a, b, v, w = np.array(1.0), np.array(2.0), np.arange(10.0), np.arange(9.0)
    vectors = vector_adder()
    states = [[np.array(1.0)], [np.array(2.0)]]
    optional = Input("float64", 0, storage=True)
    defaults = function(
        Signature((SCALAR, optional), 2, "list"), passing(2), storages=[[np.array(1.0)]], convert=quiet_convert
    )
    explicit_state = function(Signature((SCALAR, optional), 1, updates=(1,)), passing(2), storages=[[np.array(1.0)]])
    accumulate, scratch = accumulator([np.array(0.0)]), function(ADD_SIGNATURE, SCRATCH)
    lists = function(Signature((SCALAR,) * 3, 3, "list"), passing(3))
    dicts = function(Signature((SCALAR,) * 3, 3, "dict"), passing(3), keys=["x", "y", "z"])
    bad_keys = function(Signature((SCALAR,) * 2, 2, "dict"), passing(2), keys=["x", []])
    unfit = function(ADD_SIGNATURE, ADD, convert=lambda *ignored: [np.array(1.0), "unfit"])
    final = function(ADD_SIGNATURE, ADD, convert=lambda *ignored: (object(),))
    refusing = function(ADD_SIGNATURE, ADD, convert=lambda *ignored: fail())
    poked = function(ACCUMULATE_SIGNATURE, ACCUMULATE, storages=[["unfit"]], convert=quiet_convert)
    python = python_callable(type(f), lambda x, y=0.0: [x, y])
    return {
        "arrays": lambda: f(a, b),
        "python floats": lambda: f(1.25, 2.25),
        "python ints": lambda: f(1000, 2000),
        "numpy scalars": lambda: f(np.float64(1.5), np.float64(2.5)),
        "keywords": lambda: f(x=1.0, y=b),
        "one keyword": lambda: f(a, y=[3.0][0]),
        "converted": lambda: f("1", [2][0]),
        "the wrong number": raising(f, SystemError, 1.0, 2.0, 3.0),
        "wrong types": raising(f, TypeError, None, object()),
        "an error in convert": raising(refusing, ZeroDivisionError, "x", 1.0),
        "unfit after conversion": raising(unfit, Checked, "x", 1.0),
        "a result from convert": lambda: final("x"),
        "vectors": lambda: vectors(v, v),
        "a failed check": raising(vectors, Checked, v, w),
        "defaults": lambda: defaults(a),
        "defaults given": lambda: defaults(a, b),
        "defaults converted": lambda: defaults("1", 2.0),
        "an explicit state": lambda: explicit_state(a),
        "an explicit state given": lambda: explicit_state(a, b),
        "the accumulator": lambda: accumulate(a),
        "the accumulator of a float": lambda: accumulate(1.5),
        "an unfit storage": raising(poked, Checked, 1.0),
        "two updates": swapper(*states, lambda: None),
        "an error in the body": raising(swapper(*states, fail), ZeroDivisionError),
        "a list": lambda: lists(a, b, a),
        "a dict": lambda: dicts(a, b, a),
        "a dict that fails": raising(bad_keys, TypeError, a, b),
        "scratch": lambda: scratch(100.0, 1.0),
        "a python callable": lambda: python(1.0, y=2.0),
        "an error in a python callable": raising(python, TypeError),
    }


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def standing_still(call: Callable[[], Any], count: int) -> tuple[int, list[int]]:
    """Return by how much the blocks of CPython and the counts of common objects have grown over `count` calls."""
    shared = [None, True, np.dtype("float64"), np.ndarray, (), "x", 1]
    for _ in range(200):
        call()
    gc.collect()
    blocks, counts = sys.getallocatedblocks(), [sys.getrefcount(each) for each in shared]
    for _ in range(count):
        call()
    gc.collect()
    counts = [sys.getrefcount(each) - before for each, before in zip(shared, counts, strict=True)]
    return sys.getallocatedblocks() - blocks, counts


@pytest.mark.parametrize("kind", kinds())
def test_memory_stands_still(kind: str) -> None:
    blocks, counts = standing_still(kinds()[kind], 20_000)
    assert blocks < 100, "blocks leak"
    assert max(map(abs, counts)) < 100, "references leak or vanish"


@pytest.mark.long
@pytest.mark.parametrize("kind", kinds())
def test_memory_stands_still_over_a_million_calls(kind: str) -> None:
    call = kinds()[kind]
    standing_still(call, 20_000)
    before = resident() if sys.platform == "linux" else 0
    blocks, counts = standing_still(call, 1_000_000)
    assert blocks < 100
    assert max(map(abs, counts)) < 100
    if sys.platform == "linux":
        assert resident() - before < 2 * 2**20


# Life and death ------------------------------------------------------------------------------------------------------


def test_cycles_are_freed_with_their_machine_code() -> None:
    gc.collect()
    engines = len(_engines)
    linked = link_function(ADD_SIGNATURE, [("body", ADD)])
    f = function(ADD_SIGNATURE, ADD, linked)
    f.me = f
    f.table = {"f": f, "more": [f]}
    seen = weakref.ref(f)
    assert len(_engines) == engines + 1
    del f, linked
    gc.collect()
    assert seen() is None
    assert len(_engines) == engines


def test_a_cycle_through_what_a_function_owns_is_freed() -> None:
    class Model:
        def __init__(self) -> None:
            self.storage = [np.array(0.0)]
            self.step = function(
                Signature((SCALAR, STATE), 2, "list"),
                passing(2),
                storages=[self.storage],
                convert=lambda f, args, kwargs: self.convert(args),
            )

        def convert(self, args: Any) -> list[Any]:
            return [np.asarray(value, np.float64) for value in args]

    model = Model()
    assert model.step("1")[1] is model.storage[0]
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_finalizers_in_a_cycle_can_still_call_the_function() -> None:
    """The collector runs the finalizers of a cycle in any order: machine code must outlive them all."""
    seen = []

    class Model:
        def __del__(self) -> None:
            seen.append(float(self.f(1.0, 2.0)))

    def tie(model: Any, f: Any) -> None:
        model.f, f.model = f, model

    for _ in range(10):
        tie(Model(), adder())
        f = adder()
        tie(Model(), f)
        del f
    gc.collect()
    assert seen == [3.0] * 20


def test_a_cleared_function_raises() -> None:
    import ctypes

    from neano.backends.native.runtime.support import support

    f = adder()
    clear = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)(support().addresses["neano_clear"])
    assert clear(f) == 0
    with pytest.raises(TypeError):
        f(1.0, 2.0)
    assert f.__dict__ == {}


def test_many_functions_come_and_go() -> None:
    adder()
    gc.collect()
    engines, blocks = len(_engines), sys.getallocatedblocks()
    before = resident() if sys.platform == "linux" else 0
    for _ in range(200):
        f = adder()
        assert f(1.0, 2.0) == 3.0
    del f
    gc.collect()
    assert len(_engines) == engines
    assert sys.getallocatedblocks() - blocks < 300
    if sys.platform == "linux":
        assert resident() - before < 8 * 2**20


# Threads and processes -----------------------------------------------------------------------------------------------


def in_threads(count: int, work: Callable[[int], None]) -> None:
    errors: list[BaseException] = []

    def run(k: int) -> None:
        try:
            work(k)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


@pytest.fixture
def _switch_often() -> Any:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_switch_often")
@pytest.mark.parametrize("count", [4_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_eight_threads_call_one_function(count: int) -> None:
    f, storage = adder(), [np.array(0.0)]
    accumulate, scratch = accumulator(storage), function(ADD_SIGNATURE, SCRATCH)

    def work(k: int) -> None:
        mine = np.array(float(k))
        for i in range(count):
            assert f(mine, i) == k + i
            assert f("1", mine) == k + 1
            accumulate(1.0)
            if i % 16 == 0:
                n = 100 + 50 * k + i % 7
                assert scratch(n, mine) == n * k

    in_threads(8, work)
    CONVERTED.clear()
    # The body has no moment without the GIL, so that no update is lost; where there is no GIL some may be.
    assert storage == [8.0 * count] if not FREE_THREADED else 0 < storage[0] <= 8.0 * count


def test_scratch_is_used_by_calls_inside_calls_and_threads_at_once() -> None:
    """While one thread computes without the GIL another takes a block of its own."""
    f = function(ADD_SIGNATURE, SCRATCH)
    in_threads(8, lambda k: [f(200_000.0 + k, 1.0) for _ in range(5)] and None)
    assert f(10.0, 2.0) == 20.0
    with pytest.raises(MemoryError):
        f(2.0**60, 1.0)
    with pytest.raises(MemoryError):
        f(2.0**50, 1.0)


@pytest.mark.usefixtures("_switch_often")
def test_a_function_is_dropped_while_another_thread_runs_it() -> None:
    for _ in range(10):
        box = [function(ADD_SIGNATURE, SCRATCH)]
        started = threading.Event()
        results: list[float] = []

        def run(box: list[Any] = box, started: Any = started, results: list[float] = results) -> None:
            started.set()
            results.append(float(box.pop()(1_000_000.0, 1.0)))  # nobody else holds the function now

        thread = threading.Thread(target=run)
        thread.start()
        started.wait()
        while box:
            time.sleep(0)
        gc.collect()
        thread.join()
        assert results == [1_000_000.0]


def test_a_function_deleted_by_its_own_body() -> None:
    first, second = [np.array(1.0)], [np.array(2.0)]
    box: list[Any] = []
    box.append(swapper(first, second, box.clear))
    box[0]()
    assert (box, first, second) == ([], [2.0], [1.0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_fork_between_calls() -> None:
    f, storage = adder(), [np.array(0.0)]
    accumulate, scratch = accumulator(storage), function(ADD_SIGNATURE, SCRATCH)
    accumulate(1.0)
    scratch(1000.0, 1.0)
    for _ in range(3):
        child = os.fork()
        if child == 0:
            good = (
                f(1.0, 2.0) == 3.0
                and accumulate(5.0) == storage[0] - 5.0
                and scratch(5000.0, 1.0) == 5000.0
                and adder()(2.0, 2.0) == 4.0
            )
            os._exit(0 if good else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0
        assert f(1.0, 2.0) == 3.0
        assert scratch(2000.0, 1.0) == 2000.0
    assert storage == [1.0]
