"""Nothing is read beyond an array: arrays that end, or begin, where memory that cannot be read begins, or ends."""

from __future__ import annotations

import ctypes
import mmap
import sys

import numpy as np
import pytest

import neano.tensor as T
from backends.native.emitted_program import Compiled
from backends.native.programs import DTYPES, NUMBERS, program
from neano import function
from neano.backends.native.emit import panels

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages are protected by mprotect")

PAGE = mmap.PAGESIZE
LENGTHS = (1, 5, 8, 16, 31, 32, 33, 64, 100, 129)
RANDOM = np.random.default_rng(3)


def fenced(value: np.ndarray, end: bool = True) -> np.ndarray:
    """Return a copy whose last byte, or first, stands beside a page that must not be touched."""
    pages = -(-max(value.nbytes, 1) // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    protect = ctypes.CDLL(None).mprotect
    for page in (0, pages + 1):
        assert protect(ctypes.c_void_p(start + page * PAGE), ctypes.c_size_t(PAGE), 0) == 0
    place = (pages + 1) * PAGE - value.nbytes if end else PAGE
    made = np.frombuffer(memory, value.dtype, value.size, place).reshape(value.shape)
    made[...] = value
    return made


def numbers(dtype: str, *shape: int) -> np.ndarray:
    return RANDOM.integers(0, 2 if dtype == "bool" else 9, shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("end", [True, False])
def test_vectors(dtype, end):
    x = T.vector("x", dtype)
    parts = (slice(None), slice(None, None, -1), slice(None, None, 2), slice(1, None, 2), slice(None, None, -2))
    compiled = function([x], [T.neq(x[part], 1) for part in parts])
    for length in LENGTHS:
        value = numbers(dtype, length)
        for found, part in zip(compiled(fenced(value, end)), parts, strict=True):
            np.testing.assert_array_equal(found, value[part] != 1)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_given_with_gaps(dtype):
    x = T.vector("x", dtype)
    compiled = function([x], [x + x, x.sum()])
    for length in LENGTHS:
        value = numbers(dtype, 2 * length)
        for end in (True, False):
            there = fenced(value, end)
            for part in (slice(None, None, 2), slice(1, None, 2), slice(None, None, -1), slice(None, None, -2)):
                both, total = compiled(there[part])
                np.testing.assert_array_equal(both, value[part] + value[part])
                np.testing.assert_array_equal(total, value[part].sum())


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int16", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (9, 17), (33, 65), (70, 130)])
def test_turned_matrices(dtype, shape):
    x, y = T.matrix("x", dtype), T.matrix("y", dtype)
    compiled = function([x, y], [x.T + y, x.sum(axis=0)])
    first, second = numbers(dtype, *shape), numbers(dtype, *shape[::-1])
    for end in (True, False):
        for order in ("C", "F"):
            one = fenced(first, end) if order == "C" else fenced(np.ascontiguousarray(first.T), end).T
            total, columns = compiled(one, fenced(second, end))
            np.testing.assert_array_equal(total, first.T + second)
            np.testing.assert_array_equal(columns, first.sum(axis=0))


def test_panels_are_filled_in_blocks():
    x, y = T.dmatrices("x", "y")
    texts = [text for _, text in function([x, y], x.T + y).stages.emitted.modules]
    assert any("@spread.blocks.8(" in text and str(panels.COLUMNS * 8) in text for text in texts)


GUARDED = """
inputs c, d, x, y
results z
input c: C[?]
input d: C[?]
input x: X[?] contiguous
input y: float64[?]
output z: float64[?]
body
  alloc z[dim(c, 0)]
  parallel for i < dim(c, 0):
    z[i] = select<float64>(CONDITION, cast<float64>(x[i]), y[i])
"""


@pytest.mark.parametrize("dtype", [d for d in DTYPES if "complex" not in d])
@pytest.mark.parametrize("condition", ["ge<bool>(c[i], d[i])", "lt<bool>(c[i], d[i])", "eq<bool>(c[i], d[i])"])
@pytest.mark.parametrize("compared", ["int8", "bool", "int16"])
def test_loads_under_a_condition(dtype, condition, compared):
    """Eight lanes of bytes are half a register: the mask of the other half must be empty, whatever was compared there."""
    for otherwise in (False, True):
        text = GUARDED.replace("C[", f"{compared}[").replace("X[", f"{dtype}[").replace("CONDITION", condition)
        if otherwise:
            text = text.replace("cast<float64>(x[i]), y[i]", "y[i], cast<float64>(x[i])")
        compiled = Compiled(program(text))
        for length in (8, 16, 31, 32, 64):
            c, d = (numbers(compared, length) for _ in range(2))
            x, y = numbers(dtype, length), RANDOM.standard_normal(length)
            holds = {"ge": c >= d, "lt": c < d, "eq": c == d}[condition[:2]]
            (found,) = compiled(c, d, fenced(x), y)
            np.testing.assert_array_equal(found, np.where(holds ^ otherwise, x.astype("float64"), y))
