"""Memory of large results: used again, given back, and NumPy's in every respect."""

from __future__ import annotations

import copy
import ctypes
import gc
import pickle
import threading
import tracemalloc

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.runtime.test_pool import fresh, in_threads
from neano.backends.native.runtime import memory_text
from neano.backends.native.runtime.memory import memory, sweep, waiting_bytes, waiting_limit
from neano.backends.native.runtime.support import support

LARGE = memory_text.LARGE


def make(*shape: int, dtype: str = "float64") -> np.ndarray:
    """Return an array as generated code makes it."""
    kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64)
    dims, of = (ctypes.c_int64 * len(shape))(*shape), np.dtype(dtype)
    memory()
    made = kind(support().addresses[memory_text.NEW_ARRAY])(len(shape), ctypes.addressof(dims), of.num, of.itemsize)
    assert isinstance(made, np.ndarray)
    return made


def place(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def handler_of(array: np.ndarray) -> str:
    return str(np._core.multiarray.get_handler_name(array))


def test_large_arrays_own_memory_of_the_allocator():
    array = make(500, 400)
    assert handler_of(array) == "neano"
    assert array.shape == (500, 400)
    assert array.dtype == np.float64
    assert array.base is None
    flags = array.flags
    assert flags.owndata
    assert flags.c_contiguous
    assert flags.aligned
    assert flags.writeable
    assert not flags.f_contiguous
    assert place(array) % 64 == 0
    assert handler_of(make(3)) == handler_of(np.empty(3))
    assert make(0, 10**6).shape == (0, 10**6)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float32", "complex128"])
def test_every_dtype_is_made(dtype):
    for count in (LARGE - 1, LARGE):
        array = make(count, dtype=dtype)
        assert (array.dtype, array.shape) == (np.dtype(dtype), (count,))
        array[:] = 1
        assert array.all()


def test_dropped_memory_is_used_again_for_nearly_the_same_size():
    sweep()
    first = make(LARGE)
    was = place(first)
    del first
    assert waiting_bytes() >= 8 * LARGE
    assert place(make(LARGE // 2)) != was
    assert place(make(2 * LARGE)) != was
    second = make(LARGE - 100)
    assert place(second) == was
    kept = second[5:]
    del second
    assert place(make(LARGE)) != was
    sweep()
    del kept
    assert place(make(LARGE)) == was
    sweep()
    assert waiting_bytes() == 0


def test_what_numpy_does_with_an_array_of_its_own():
    array = make(300, 300)
    array[...] = np.arange(90_000).reshape(300, 300)
    array.resize((300, 400), refcheck=False)
    assert array.ravel()[89_999] == 89_999
    array.resize((2, 3), refcheck=False)
    np.testing.assert_array_equal(array, [[0, 1, 2], [3, 4, 5]])
    array.resize((400, 400), refcheck=False)
    assert array.ravel()[5] == 5
    assert not array.ravel()[6:].any()
    other = make(300, 300)
    other[...] = 7
    for again in (pickle.loads(pickle.dumps(other)), copy.deepcopy(other), other.copy()):
        np.testing.assert_array_equal(again, other)
    other.__setstate__(np.arange(3).__reduce__()[2])
    np.testing.assert_array_equal(other, [0, 1, 2])


def test_what_cannot_be_made_is_numpys_error():
    with pytest.raises(MemoryError):
        make(2**40, 2**10)
    with pytest.raises(ValueError, match="too big"):
        make(2**62, 2**10)
    with pytest.raises(ValueError, match="negative"):
        make(-1, 3)
    with pytest.raises(ValueError, match=r"too big|negative"):
        make(-(2**40), -(2**40))


def test_no_more_than_the_limit_waits():
    sweep()
    arrays = [make(2**20) for _ in range(memory_text.SLOTS + 8)]
    del arrays
    assert waiting_bytes() <= min(waiting_limit(), memory_text.SLOTS * (2**23 + 4096))
    assert waiting_bytes() >= min(waiting_limit() - 2**24, (memory_text.SLOTS - 1) * 2**23)
    sweep()
    assert waiting_bytes() == 0


def test_what_has_waited_goes_back():
    sweep()
    make(LARGE)
    sweep(memory_text.IDLE_SECONDS)
    assert waiting_bytes() > 0
    make(LARGE)
    gc.collect()
    assert waiting_bytes() > 0
    sweep(-1)
    assert waiting_bytes() == 0


def test_tracemalloc_sees_arrays():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        array = make(2**20)
        assert tracemalloc.get_traced_memory()[0] - before >= 2**23
        del array
        assert tracemalloc.get_traced_memory()[0] - before < 2**20
    finally:
        tracemalloc.stop()


def test_many_threads_make_and_drop():
    def work(k: int) -> None:
        rng = np.random.default_rng(k)
        kept: list[np.ndarray] = []
        for _ in range(300):
            array = make(int(rng.integers(LARGE // 8, LARGE // 4)))
            array[:] = k
            kept.append(array)
            if len(kept) > 5:
                gone = kept.pop(int(rng.integers(5)))
                assert (gone == k).all()

    in_threads(8, work)


def test_results_of_functions_use_memory_again_and_memory_stands_still():
    code = """
        import resource, numpy as np, neano, neano.tensor as T
        x = T.dvector("x")
        f = neano.function([x], [x + 1, x * 2])
        data = np.ones(500_000)
        for _ in range(3):
            kept = f(data)
        places = set()
        before = resource.getrusage(resource.RUSAGE_SELF)
        for _ in range(200):
            kept = f(data)
            places.update(each.__array_interface__["data"][0] for each in kept)
        after = resource.getrusage(resource.RUSAGE_SELF)
        print(len(places) <= 6, after.ru_maxrss - before.ru_maxrss < 4096, after.ru_minflt - before.ru_minflt < 500)
        """
    assert fresh(code) == "True True True"


def test_results_outlive_everything_and_the_interpreter():
    code = """
        import sys, numpy as np, neano, neano.tensor as T
        x = T.dvector("x")
        sys.kept = neano.function([x], x + 1)(np.ones(300_000))
        class Last:
            def __del__(self, array=neano.function([x], x + 1)(np.ones(300_000))):
                array.resize(10**6, refcheck=False)
        sys.last = Last()
        del neano, T, x
        print(sys.kept.sum())
        """
    assert fresh(code) == "600000.0"


def test_a_result_is_not_overwritten_by_a_later_call():
    x = T.dvector("x")
    f = neano.function([x], x + 1)
    results = [f(np.full(LARGE, float(k))) for k in range(5)]
    view = results[0][::2]
    del results[0]
    threading.Thread(target=lambda: [f(np.zeros(LARGE)) for _ in range(5)]).start()
    f(np.zeros(LARGE))
    assert (view == 1).all()
    assert all((each == k + 2).all() for k, each in enumerate(results))
