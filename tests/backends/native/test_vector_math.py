"""The engine's own vector kernels: exact values, special values, equal bits in every lane; the bounds of docs/accuracy.md."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from llvmlite import binding as llvm

from benchmarks.accuracy.complex_numbers import EXACT
from benchmarks.accuracy.complex_numbers import measure as measure_complex
from benchmarks.accuracy.functions import FUNCTIONS
from benchmarks.accuracy.measure import measure, named
from benchmarks.accuracy.minimax import DIGITS, POLYNOMIALS, remez
from benchmarks.accuracy.running import Way, compiled, program, ways
from benchmarks.vector_math import least_times
from neano.backends.native.emit import Options, Target, emit
from neano.backends.native.emit.target import host
from neano.backends.native.emit.vector_math import (
    circular,
    error_functions,
    exponential,
    gamma_functions,
    logarithm,
    power,
)
from neano.backends.native.emit.vector_math.kernels import KERNELS
from neano.scalar.rows import ROWS

ROW = {"trigamma": "tri_gamma"}
"""Rows whose names are not their kernels'."""

ALONE = replace(host(), vector_functions=frozenset())
"""This processor on a platform without vector functions."""

WIDTHS = {
    "own width": Way("own width", ALONE),
    "half": Way("half", replace(ALONE, vector_bytes=max(16, ALONE.vector_bytes // 2))),
    "narrow": Way("narrow", Target(16, frozenset(), False, frozenset(), "_ZGVb")),
}

POINTS = 3000


def result_dtype(row: str, dtype: str, arity: int) -> str:
    (result,) = ROWS[row].output_dtypes(*[dtype] * arity)
    return str(result)


def kernel_text(row: str, target: Target, dtype: str = "float64") -> str:
    """Return the LLVM IR of a loop that applies a row to the elements of arrays, and of the functions that it calls."""
    return "".join(kernel_texts(row, target, dtype))


def kernel_texts(row: str, target: Target, dtype: str = "float64") -> list[str]:
    """Return the modules of a loop that applies a row to the elements of arrays."""
    dtypes = [dtype] * (2 if row == "pow" else 1)
    made = program(row, dtypes, result_dtype(row, dtype, len(dtypes)), 1)
    return [text for _, text in emit(made, target, Options(threads=False)).modules[1:]]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_kernels_are_exact(name, dtype, width):
    function = named(ROW.get(name, name))
    for found in measure(function, dtype, [WIDTHS[width]], POINTS):
        assert found.holds, found
        assert found.error <= 3.5, found
        assert not found.differing, found


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.name)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_exponentials_vanish_and_overflow_where_they_do(dtype, way):
    edges = {
        "float64": [-746.5, -745.2, -745.1, -720.0, -708.5, 709.7, 709.8],
        "float32": [-105, -103.9, -90, -87, 88.7, 88.8],
    }
    x = np.array([-np.inf, -1e30, *edges[dtype], np.inf, np.nan, 0.0, 1.0] * 3, dtype)
    found = compiled("exp", [dtype], dtype, way.target)(x)
    with np.errstate(over="ignore", under="ignore"):
        wanted = np.exp(x.astype("float64" if dtype == "float32" else "longdouble")).astype(dtype)
    np.testing.assert_allclose(
        found, wanted, rtol=4 * np.finfo(dtype).eps, atol=float(np.finfo(dtype).smallest_subnormal)
    )
    assert not found[x == -np.inf].any()


@pytest.mark.parametrize("name", ["scalar_sigmoid", "scalar_softplus", "scalar_xlogx"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_what_is_composed_of_kernels_is_exact(name, dtype):
    for found in measure(named(name), dtype, [Way("as used", host()), *WIDTHS.values()], POINTS):
        assert found.holds, found


def arguments(name: str, dtype: str, count: int) -> list[np.ndarray]:
    """Return arguments of all sorts, every special value among them."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=count) * 10.0 ** rng.uniform(-5, 2, count)
    x[::17] = np.nan
    x[::19] = np.inf
    x[::23] = -np.inf
    x[::29] = 0.0
    x[::31] = 1e-310 if dtype == "float64" else 1e-42
    x[::37] = 1e7
    return [x.astype(dtype), x[::-1].astype(dtype)][: 2 if name == "pow" else 1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_bits_do_not_depend_on_the_lane(name, dtype):
    row = ROW.get(name, name)
    values = arguments(name, dtype, 211)
    apply = compiled(row, [dtype] * len(values), result_dtype(row, dtype, len(values)), ALONE)
    whole = apply(*values).view(f"uint{8 * np.dtype(dtype).itemsize}")
    for start in (1, 2, 3, 5, 7):
        for count in (1, 2, 11, 64, 200):
            part = apply(*[value[start : start + count].copy() for value in values])
            np.testing.assert_array_equal(part.view(whole.dtype), whole[start : start + count])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_kernels_do_not_call_out_for_each_lane(name, dtype):
    """Without the platform's functions a vector stays a vector: nothing outside is called on the usual path."""
    text = kernel_text(ROW.get(name, name), ALONE, dtype)
    if KERNELS[name].inlined:
        assert "@llvm.fmuladd" in text
        assert "@lanes." not in text
    else:
        assert f"@own.{name}.{dtype}." in text
    for line in text.splitlines():
        called = "call" in line and "@lanes." in line
        assert not called or name in ("sin", "cos", "tan", "gammaln"), line  # rare arguments of these go to libm


def test_the_platform_is_asked_where_it_is_better():
    name = "_ZGVeN8v_log"
    target = Target(64, frozenset([32, 64]), False, frozenset([name]), "_ZGVe")
    assert name in kernel_text("log", target)
    assert name not in kernel_text("log", replace(target, vector_functions=frozenset()))
    own = replace(target, vector_functions=frozenset(["_ZGVeN8v_tanh"]))
    assert "own.tanh" in kernel_text("tanh", own)
    assert "_ZGVeN8v_tanh" in kernel_text("tanh", replace(own, own_functions=False))


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_kernels_are_code_for_arm(name):
    """LLVM takes the kernels for another processor, and generates instructions."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("aarch64-unknown-linux-gnu").create_target_machine(cpu="generic", opt=1)
    for text in kernel_texts(ROW.get(name, name), Target.make("aarch64", {})):
        module = llvm.parse_assembly(text)
        module.verify()
        module.triple = machine.triple
        assert machine.emit_object(module)


TABLES = {
    "exp": exponential.TAIL,
    "log": logarithm.TAIL,
    "power": power.ARTANH,
    "sin": circular.SINE,
    "cos": circular.COSINE,
    "loggamma": {"float64": gamma_functions.NEAR_2},
    "stirling": {"float64": gamma_functions.STIRLING},
    "psi": {"float64": gamma_functions.PSI},
    "psi.large": {"float64": gamma_functions.PSI_LARGE},
    "trigamma.large": {"float64": gamma_functions.TRIGAMMA_LARGE},
    "erf": error_functions.ERF,
    "erf.tail": {"float32": error_functions.LOG_ERFC},
    "erfc": {"float64": error_functions.ERFC},
}


@pytest.mark.long
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_coefficients_are_those_of_the_script(name):
    with mpmath.workdps(DIGITS):
        for dtype, degree in POLYNOMIALS[name].degree.items():
            coefficients, _ = remez(POLYNOMIALS[name], degree)
            assert list(TABLES[name][dtype]) == [float(each) for each in coefficients]


@pytest.mark.long
@pytest.mark.parametrize(("name", "dtype"), [(name, d) for name, k in KERNELS.items() for d, _ in sorted(k.preferred)])
def test_kernels_preferred_are_no_slower(name, dtype):
    """Where the platform's function is passed over, at the widths for which it is; measured on Zen 4, so with much room."""
    for width, times in least_times(name, dtype).items():
        assert times["used"] <= 1.5 * times["platform"], (width, times)


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", [function.name for function in FUNCTIONS])
def test_every_function_is_within_its_bound(name, dtype):
    for found in measure(named(name), dtype, ways(), 200_000):
        assert found.holds, found


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("name", sorted(EXACT))
def test_complex_functions_are_within_their_bound(name, dtype):
    for found in measure_complex(name, dtype, ways()):
        assert found.holds, found
