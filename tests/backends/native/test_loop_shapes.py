"""Loops of one shape make one kernel, and numbers in which they differ are handed over; long bodies share their exits."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import theano
import theano.tensor as T
from backends.native.programs import program
from neano.backends.native.emit import emit
from neano.backends.native.emit.loop_shapes import shape_of, with_numbers_outside
from neano.backends.native.ir import Const, Let, Loop, Program
from neano.backends.native.runtime.codegen import LONG_BODY, with_level

SCALINGS = """
inputs x
results a, b
input x: float64[?]
output a: float64[?]
output b: float64[?]
body
  alloc a[dim(x, 0)]
  parallel for i < dim(x, 0):
    a[i] = FIRST
  alloc b[dim(x, 0)]
  parallel for j < dim(x, 0):
    b[j] = SECOND
"""


def two(first: str, second: str) -> Program:
    return program(SCALINGS.replace("FIRST", first).replace("SECOND", second))


def shapes(made: Program) -> list[Any]:
    return [shape_of(each, made.buffers, {}) for each in made.body if isinstance(each, Loop)]


@pytest.mark.parametrize(
    ("second", "alike", "same"),
    [
        ("mul<float64>(x[j], 2.0:float64)", True, True),
        ("mul<float64>(x[j], 3.0:float64)", True, False),
        ("add<float64>(x[j], 2.0:float64)", False, False),
        ("mul<float64>(a[j], 2.0:float64)", False, False),
        ("mul<float64>(2.0:float64, x[j])", False, False),
    ],
)
def test_shapes_are_equal_where_loops_differ_in_names_and_numbers(second: str, alike: bool, same: bool) -> None:
    first, other = shapes(two("mul<float64>(x[i], 2.0:float64)", second))
    assert (first.key == other.key) is alike
    assert (first.exact == other.exact) is same


def test_exponents_are_no_free_numbers() -> None:
    first, other = shapes(two("pow<float64>(x[i], 2.0:float64)", "pow<float64>(x[j], 3.0:float64)"))
    assert first.key != other.key
    assert not first.numbers


def layers(factors: list[float]) -> tuple[Any, Any]:
    """Return a function of layers that are shifted by different numbers, and what it must give."""
    x, w = T.dmatrix("x"), T.dmatrix("w")
    hidden, expected = x, np.full((3, 3), 0.1)
    for factor in factors:
        hidden = T.tanh(T.dot(hidden, w) + factor) * 0.25
        expected = np.tanh(expected @ (np.eye(3) + 0.1) + factor) * 0.25
    return theano.function([x, w], hidden), expected


@pytest.mark.parametrize(("count", "most"), [(2, 2), (12, 4)])
def test_layers_that_differ_in_numbers_share_a_kernel(count: int, most: int) -> None:
    compiled, expected = layers([1.0 + k / 8 for k in range(1, count + 1)])
    np.testing.assert_allclose(compiled(np.full((3, 3), 0.1), np.eye(3) + 0.1), expected, rtol=1e-12)
    emitted = compiled.stages.emitted
    assert len(emitted.calls) >= count
    assert len(emitted.kernels) <= most  # the first and the last layer lie elsewhere


def test_numbers_that_are_the_same_everywhere_stay_inside() -> None:
    compiled, _ = layers([1.0 + k / 8 for k in range(1, 9)])
    lets = [s for s in with_numbers_outside(compiled.stages.program).body if isinstance(s, Let)]
    numbers = [s.value.value for s in lets if isinstance(s.value, Const)]
    assert 0.25 not in numbers
    assert len(numbers) >= 7


def test_a_kernel_is_written_once_for_all_its_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    from neano.backends.native.emit import kernel_calls

    written: list[Any] = []
    emitter = kernel_calls.KernelEmitter
    monkeypatch.setattr(kernel_calls, "KernelEmitter", lambda *given: written.append(given) or emitter(*given))
    emitted = emit(two("mul<float64>(x[i], 2.0:float64)", "mul<float64>(x[j], 2.0:float64)"))
    assert len(emitted.calls) == 2
    assert len(written) == len(emitted.kernels) == 1
    assert [call.kernel.innermost[0].index for call in emitted.calls] == ["i", "j"]


def test_a_body_has_one_exit_for_each_error() -> None:
    compiled, _ = layers([1.0 + k / 8 for k in range(1, 13)])
    name, text = compiled.stages.emitted.modules[0]
    at = dict(re.findall(r"(%at\.\d+) = getelementptr i8, ptr @(\w+), i64 0", text))
    calls = [at[name] for name in re.findall(r"call \w+ (%at\.\d+)\(", text) if name in at]
    assert calls.count("PyErr_NoMemory") == 1
    assert calls.count("PyErr_SetString") <= 2
    assert with_level(name, text).codegen == (0 if len(text) > LONG_BODY else 2)
    assert with_level("another", "x" * (LONG_BODY + 1)).codegen == 2
