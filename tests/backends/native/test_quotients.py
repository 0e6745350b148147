"""Quotients by what does not change in a loop: the bits of NumPy's division for every number, divisor and length."""

from __future__ import annotations

import numpy as np
import pytest

import neano
import neano.tensor as T
from backends.native.emitted_program import Compiled
from backends.native.programs import nest
from neano.backends.native.emit import Target, emit
from neano.backends.native.emit.quotients import DIVISORS, SIZES
from neano.backends.native.ir import Alloc, Const, Dim, Load, Loop, Program, Ref, Scalar, Store
from neano.backends.native.ir import Buffer as B

LENGTHS = (1, 7, 31, 32, 33, 300)
"""Below and above of where an inverse is worth it, with and without a rest."""

SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan)


def program(dtype: str, divisor: Load | Const | None = None) -> Program:
    """Return `out[i] = x[i] / y[]`, or over a constant."""
    i = Ref("i", "int64")
    by = Load("y", (), dtype) if divisor is None else divisor
    body = Store("out", (i,), Scalar("true_div", (Load("x", (i,), dtype), by), dtype))
    buffers = {
        "x": B("x", dtype, 1, "input"),
        "y": B("y", dtype, 0, "input"),
        "out": B("out", dtype, 1, "output", (None,), True),
    }
    loop = Loop("i", Dim("x", 0), (body,), parallel=True)
    return Program(("x", "y"), ("out",), buffers, (Alloc("out", (Dim("x", 0),)), loop))


def numbers(dtype: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return numbers of all sizes, some of them special."""
    limit = 1020 if dtype == "float64" else 120
    spread = rng.choice([2, 40, limit])
    found = rng.standard_normal(count) * 2.0 ** rng.uniform(-spread, spread, count)
    if rng.random() < 0.5:
        found[rng.integers(0, count, 3)] = rng.choice(SPECIAL, 3)
    if rng.random() < 0.2:
        found = np.where(rng.random(count) < 0.9, rng.choice(SPECIAL[:2], count), found)
    return found.astype(dtype)


def divisors(dtype: str, rng: np.random.Generator) -> list[np.ndarray]:
    edge, most = 2.0 ** DIVISORS[dtype], 2.0 ** SIZES[dtype]
    tiny = np.finfo(dtype).smallest_subnormal
    eps = np.finfo(dtype).eps
    chosen = [edge, edge * (1 + eps), 1 / edge, most, 1.0, 0.5, 2 - eps, 1 + eps, -3.0, tiny, *SPECIAL]
    return [np.array(v, dtype) for v in (*chosen, *rng.uniform(0.5, 2.0, 20))]


def assert_same_bits(found: np.ndarray, wanted: np.ndarray) -> None:
    whole = f"uint{8 * found.itemsize}"
    same = (found.view(whole) == wanted.view(whole)) | (np.isnan(found) & np.isnan(wanted))
    assert same.all(), (found[~same], wanted[~same])


@pytest.mark.parametrize("target", [None, Target.make("x86_64", {"avx2": True}), Target.make("x86_64", {})])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_quotients_are_rounded_as_divisions_are(dtype, target):
    divide, rng = Compiled(program(dtype), target), np.random.default_rng(0)
    for _ in range(12):
        for y in divisors(dtype, rng):
            x = numbers(dtype, int(rng.choice(LENGTHS)), rng)
            with np.errstate(all="ignore"):
                assert_same_bits(divide(x, y)[0], x / y)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("value", [3.0, 10.0, 0.25, 1024.0, -2.0, 2.0**-101, 2.0**120, 0.0])
def test_quotients_by_constants(value, dtype):
    rng = np.random.default_rng(1)
    value = float(np.float32(value)) if dtype == "float32" else value
    divide = Compiled(program(dtype, Const(value, dtype)))
    for _ in range(30):
        x = numbers(dtype, int(rng.choice(LENGTHS)), rng)
        with np.errstate(all="ignore"):
            assert_same_bits(divide(x, np.array(1, dtype))[0], x / np.asarray(value, dtype))


@pytest.mark.parametrize("step", [1, 2**7 + 1])
def test_every_float32_by_hard_divisors(step):
    """All mantissas, a third of the exponents' worth of them: quotients beside the middle between two numbers among them."""
    x = np.arange(0x3F800000, 0x40000000, step * 5, dtype=np.uint32).view(np.float32)
    divide = Compiled(program("float32"))
    for mantissa in (0x7FFFFF, 0x7FFFFD, 0x555555, 0x000001, 0x2AAAAB, 0x400001):
        y = np.array([0x3F800000 | mantissa], np.uint32).view(np.float32).reshape(())
        assert_same_bits(divide(x, y)[0], x / y)


def test_rows_over_their_sums_need_no_division_in_the_loop():
    """The usual path of the inner loop has no division of vectors: it stands in a block of its own."""
    text = emit(program("float64"), Target.make("x86_64", {"avx2": True})).kernels[0].text
    assert "@llvm.fma.v4f64" in text
    blocks = text.split("\n")
    at = [k for k, line in enumerate(blocks) if "fdiv <4 x double>" in line]
    assert at
    assert all(blocks[k - 1].startswith("rare.") for k in at)


def test_in_a_whole_function():
    x, total = T.dmatrix("x"), T.dvector("total")
    f = neano.function([x, total], x / total[:, None])
    a, b = np.random.default_rng(2).normal(size=(5, 77)), np.array([3.0, 0.0, -7.0, 1e-320, 0.1])
    with np.errstate(all="ignore"):
        assert_same_bits(f(a, b), a / b[:, None])


def test_complex_and_integer_quotients_stay_as_they_are():
    assert "@llvm.fma" not in emit(nest("elementwise", "complex128")).kernels[0].text
