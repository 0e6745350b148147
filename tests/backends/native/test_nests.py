"""Every class of nest, emitted and run, against the interpreter: dtypes, lengths, strides, processors."""

from __future__ import annotations

import ctypes
import functools
import itertools
import re
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.native.emitted_program import Compiled
from backends.native.programs import (
    COMPLEX,
    DTYPES,
    FLOATS,
    INDICES,
    INTEGERS,
    LAYOUTS,
    NESTS,
    NUMBERS,
    ORDERED,
    PLAIN,
    WIDE,
    inputs_of,
    nest,
    program,
)
from neano.backends.native.emit import Options, Target, host, kernel_calls
from neano.backends.native.interpreter import interpret
from neano.backends.native.runtime import symbols

TARGETS = {
    "host": host(),
    "avx2": Target.make("x86_64", {"avx2": True}),
    "sse": Target.make("x86_64", {}),
}

CASES = [
    *[(name, dtype) for name in PLAIN for dtype in NUMBERS],
    *[(name, dtype) for name in ORDERED for dtype in (*INTEGERS, *FLOATS)],
    *[(name, dtype) for name in INDICES for dtype in NUMBERS],
    *[(name, dtype) for name in WIDE for dtype in ("int64", "uint64", "float32", "float64", *COMPLEX)],
    *[(name, "bool") for name in ("elementwise", "joined", "row sums", "gathered elements", "scattered", "reversed")],
]


@functools.cache
def compiled(name: str, dtype: str, target: str) -> Compiled:
    return Compiled(nest(name, dtype), TARGETS[target])


def assert_agree(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.dtype == wanted.dtype
    if found.dtype.kind in "biu":
        np.testing.assert_array_equal(found, wanted)
    else:
        scale = np.max(np.abs(wanted), initial=1.0, where=np.isfinite(wanted))
        tolerance = 64 * np.finfo(found.dtype).eps
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * scale)


def check(name: str, dtype: str, target: str, rows: int, columns: int, layout: str, seed: int) -> None:
    made = compiled(name, dtype, target)
    values = inputs_of(made.program, rows, columns, np.random.default_rng(seed), layout)
    if name == "positions" and columns == 0:
        return
    for found, wanted in zip(made(*values), interpret(made.program, values), strict=True):
        assert_agree(found, wanted)


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=lambda v: str(v).replace(" ", "-"))
def test_each_nest_and_dtype_agrees_with_the_interpreter(name, dtype):
    for seed, (rows, columns) in enumerate([(3, 21), (2, 0), (0, 3), (1, 1)]):
        check(name, dtype, "host", rows, columns, list(LAYOUTS)[seed], seed)


LENGTHS = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    case=st.sampled_from([c for c in CASES if c[1] in ("int8", "float32", "float64", "complex128", "bool", "int64")]),
    target=st.sampled_from(list(TARGETS)),
    rows=st.sampled_from([0, 1, 2, 5]),
    columns=st.sampled_from(LENGTHS),
    layout=st.sampled_from(list(LAYOUTS)),
    seed=st.integers(0, 10**6),
)
def test_lengths_strides_and_processors(case, target, rows, columns, layout, seed):
    check(*case, target, rows, columns, layout, seed)


@pytest.mark.parametrize("length", [1000, 1023, 4097])
@pytest.mark.parametrize("layout", ["C", "spread backward"])
def test_more_than_one_chunk(length, layout):
    rng = np.random.default_rng(length)
    for dtype in ("float64", "int16", "complex64"):
        x, y = (LAYOUTS[layout](v) for v in inputs_of(nest("elementwise", dtype), 1, length, rng, "C"))
        (found,) = compiled("elementwise", dtype, "host")(x, y)
        np.testing.assert_array_equal(found, np.maximum(x + y, x))
        (found,) = compiled("row sums", dtype, "host")(np.stack([x, y]), x)
        assert_agree(found, (np.stack([x, y]) * x).sum(1, dtype=dtype) + x[0])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "complex128"])
@pytest.mark.parametrize("target", list(TARGETS))
def test_bits_do_not_depend_on_position_or_strides(dtype, target):
    text = NESTS["elementwise"].replace("maximum<D>(add<D>(x[i], y[i]), x[i])", "tanh<D>(add<D>(exp<D>(x[i]), y[i]))")
    NESTS["tanh of exp"] = text
    run = compiled("tanh of exp", dtype, target)
    rng = np.random.default_rng(1)
    x, y = inputs_of(run.program, 1, 100, rng, "C")
    (whole,) = run(x, y)
    for start in range(1, 40):
        for stop in (start + 1, start + 9, 90):
            np.testing.assert_array_equal(run(x[start:stop], y[start:stop])[0], whole[start:stop])
    for layout in ("reversed", "spread"):
        np.testing.assert_array_equal(run(LAYOUTS[layout](x), y)[0], whole)


@pytest.mark.parametrize(
    "name", ["elementwise", "two axes", "row sums", "column sums", "scaled rows", "positions", "joined"]
)
@pytest.mark.parametrize("dtype", ["float64", "int8"])
def test_nests_of_each_class_use_vectors(name, dtype):
    kernels = compiled(name, dtype, "host").emitted.kernels
    lanes = host().vector_bytes // np.dtype(dtype).itemsize
    assert all(all(kernel.vectors) for kernel in kernels)
    element = {"float64": "double", "int8": "i8"}[dtype]
    read = [kernel.text for kernel in kernels if re.search(rf"load (<\d+ x )?{element}\b", kernel.text)]
    assert read  # what only fills memory reads no elements
    assert all(f"<{lanes} x {element}>" in text for text in read)


def test_equal_nests_share_a_kernel():
    made = compiled("stored twice", "float64", "host").emitted
    again = compiled("stored twice", "float64", "host").emitted
    assert [k.name for k in made.kernels] == [k.name for k in again.kernels]
    one, two = (Compiled(nest(name, "float64")).emitted for name in ("column sums", "scattered"))
    assert one.kernels[0].name != two.kernels[0].name


def test_sums_are_at_least_as_accurate_as_pairwise():
    rng = np.random.default_rng(3)
    run = compiled("sum", "float32", "host")
    for shape in ((1, 100_000), (1000, 100), (7, 13_001)):
        x = (rng.random(shape) - 0.3).astype("float32")
        exact = x.sum(dtype="float64")
        (found,) = run(x, np.zeros(max(shape), "float32"))
        assert abs(found - exact) <= max(abs(x.sum() - exact), abs(exact) * 2e-7)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_sums_with_infinities(dtype):
    run = compiled("sum", dtype, "host")
    for values in ([np.inf, 1.0], [np.inf, -np.inf], [np.nan, 1.0], [-np.inf] * 40):
        x = np.array([values], dtype)
        np.testing.assert_array_equal(
            run(x, np.zeros(50, dtype))[0], interpret(run.program, [x, np.zeros(50, dtype)])[0]
        )


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "uint8"])
def test_extremes_and_their_positions(dtype):
    run = compiled("positions", dtype, "host")
    rng = np.random.default_rng(5)
    for trial in range(30):
        x = rng.integers(0, 4, (4, 37)).astype(dtype)
        if dtype[0] == "f" and trial % 2:
            x[rng.random(x.shape) < 0.05] = np.nan
        _, highest, lowest = run(x, x[0])
        np.testing.assert_array_equal(highest, x.argmax(1))
        np.testing.assert_array_equal(lowest, x.argmin(1))


def test_every_dtype_is_covered():
    assert {dtype for _, dtype in CASES} == set(DTYPES)
    assert set(COMPLEX) < set(NUMBERS)


@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
def _pieces(kernel, args, count, grain):
    """Run a kernel over odd pieces of its range, the last first, each on a thread of its own."""
    PIECES.append((count, grain))
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(kernel)
    bounds = sorted({0, count, *range(0, count, 7)})
    for begin, end in reversed(list(itertools.pairwise(bounds))):
        thread = threading.Thread(target=call, args=(args, begin, end))
        thread.start()
        thread.join()


PIECES: list[tuple[int, int]] = []


@pytest.mark.parametrize(
    "name", ["elementwise", "two axes", "broadcast row", "scaled rows", "row sums", "joined", "transposed"]
)
def test_pieces_of_a_range_give_the_same_bits(monkeypatch, name):
    symbols.register("test_pieces", ctypes.cast(_pieces, ctypes.c_void_p).value)
    monkeypatch.setattr(kernel_calls, "PARALLEL_FOR", "test_pieces")
    made = nest(name, "float64")
    whole = Compiled(made, options=Options(threads=False))
    pieces = Compiled(made, options=Options(threads=True, release_after=2**62))
    for rows, columns in ((3, 21), (20, 5), (0, 4)):
        values = inputs_of(made, rows, columns, np.random.default_rng(rows), "C")
        PIECES.clear()
        for one, other in zip(whole(*values), pieces(*values), strict=True):
            np.testing.assert_array_equal(one, other)
        assert PIECES
        assert all(grain >= 1 for _, grain in PIECES)


def test_transposed_operands_go_through_panels():
    rng = np.random.default_rng(0)
    for dtype in ("float64", "int8", "complex128", "float16"):
        run = compiled("two axes", dtype, "host")
        assert "spread" in run.emitted.kernels[0].text
        for shape in ((1, 1), (7, 200), (130, 70), (64, 64), (300, 3)):
            x = np.asfortranarray(rng.integers(0, 50, shape).astype(dtype))
            np.testing.assert_array_equal(run(x, x[0])[0], x + x)


def test_repeated_places_are_written_one_after_the_other():
    made = program(
        """
inputs n, x
results z
input n: int64[?]
input x: float64[?]
output z: float64[?]
body
  alloc z[4]
  for i < 4:
    z[i] = 0.0:float64
  for j < dim(n, 0):
    z[n[j]] = add<float64>(mul<float64>(z[n[j]], 2.0:float64), x[j])
"""
    )
    run = Compiled(made)
    assert run.emitted.kernels[1].vectors == (False,)
    n, x = np.array([1, 1, 2, 1, 3, 3]), np.arange(6.0)
    np.testing.assert_array_equal(run(n, x)[0], interpret(made, [n, x])[0])


def test_a_recurrence_runs_in_order():
    made = program(
        """
inputs x
results z
input x: float64[?]
output z: float64[?]
body
  alloc z[dim(x, 0)]
  parallel for i < dim(x, 0):
    z[i] = x[i]
  for j < sub<int64>(dim(x, 0), 1):
    z[add<int64>(j, 1)] = add<float64>(z[j], z[add<int64>(j, 1)])
"""
    )
    x = np.random.default_rng(1).normal(size=50)
    (found,) = Compiled(made)(x)
    np.testing.assert_allclose(found, np.cumsum(x))
