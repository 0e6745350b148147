"""Names of things outside generated code lead to what they say."""

from __future__ import annotations

import ctypes
import math
import sys

import numpy as np
import pytest

from backends.native.runtime.test_pool import fresh
from neano.backends.native.runtime import symbols
from neano.backends.native.runtime.capi import ARRAY_API, TYPE_NUMBERS
from neano.backends.native.runtime.ufuncs import loop_symbol, ufunc_loop

double = ctypes.c_double


def function(name: str, result: type, *arguments: type) -> ctypes._CFuncPtr:
    address = symbols.address(name)
    assert address, name
    return ctypes.CFUNCTYPE(result, *arguments)(address)


@pytest.mark.parametrize("name", ["tanh", "exp", "lgamma", "memcpy", "memset", "fmod", "pow"])
def test_the_c_library(name: str) -> None:
    assert symbols.address(name)
    assert symbols.library_address(name) == symbols.address(name)
    if name in ("tanh", "exp", "lgamma"):
        assert function(name, double, double)(0.5) == pytest.approx(getattr(math, name)(0.5))


@pytest.mark.parametrize("name", sorted(ARRAY_API))
def test_each_member_of_the_array_api_is_there(name: str) -> None:
    assert symbols.address(name)


def test_the_array_api_is_numbered_as_numpy_says() -> None:
    assert symbols.address("PyArray_Type") == id(np.ndarray)
    assert symbols.address("PyArrayDescr_Type") == id(np.dtype)
    number_to_descr = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_int)(symbols.address("PyArray_DescrFromType") or 0)
    for dtype, numbers in TYPE_NUMBERS.items():
        assert numbers[0] == np.dtype(dtype).num
        assert {number_to_descr(number) for number in numbers} == {np.dtype(dtype)}
    copy = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.c_int)(symbols.address("PyArray_NewCopy") or 0)
    given = np.arange(6.0).reshape(2, 3)
    copied = copy(given, 0)
    assert copied is not given
    np.testing.assert_array_equal(copied, given)


def test_python_functions_and_variables() -> None:
    variable = ctypes.c_void_p.from_address(symbols.address("PyExc_TypeError") or 0)
    assert variable.value == id(TypeError)
    assert symbols.address("PyFloat_Type") == id(float)
    assert symbols.address("_Py_NoneStruct") == id(None)
    assert symbols.address("Py_IncRef")


@pytest.mark.parametrize("dtype", sorted(TYPE_NUMBERS))
def test_dtype_objects_and_scalar_types(dtype: str) -> None:
    assert symbols.address(f"descr.{dtype}") == id(np.dtype(dtype))
    assert symbols.address(f"scalar.{dtype}") == id(np.dtype(dtype).type)


def test_blas_and_lapack() -> None:
    x, y = np.arange(4.0), np.arange(4.0) + 1
    integer = ctypes.POINTER(ctypes.c_int)
    ddot = function("blas.ddot", double, integer, ctypes.c_void_p, integer, ctypes.c_void_p, integer)
    n, one = ctypes.c_int(4), ctypes.c_int(1)
    assert ddot(n, x.ctypes.data, one, y.ctypes.data, one) == x @ y
    assert symbols.address("lapack.dgesv")


@pytest.mark.parametrize("name", ["gammaln", "erf", "erfinv", "gamma", "psi", "i0", "j1"])
def test_special_functions(name: str) -> None:
    special = pytest.importorskip("scipy.special")
    found = function(f"special.{name}", double, double, ctypes.c_int)
    assert found(0.3, 0) == pytest.approx(getattr(special, name)(0.3), rel=1e-14)


def test_special_functions_of_complex_numbers_are_others() -> None:
    assert symbols.address("special.gamma.complex")
    assert symbols.address("special.gamma.complex") != symbols.address("special.gamma")


@pytest.mark.parametrize("name", [
    "no_such_function", "PyNoSuch_Thing", "blas.nothing", "lapack.nothing", "special.nothing", "nothing.at.all",
    "ufunc.loop.numpy.arcsin.int8.int8", "ufunc.loop.numpy.nothing.float64", "ufunc.loop.numpy.ndarray.float64",
    "ufunc.other.numpy.arcsin.float64.float64", "_ZGVzN9v_nothing",
])  # fmt: skip
def test_what_is_not_there_is_none(name: str) -> None:
    assert symbols.address(name) is None


LOOPS = [
    (np.arcsin, "numpy", ("complex128", "complex128")), (np.exp, "numpy", ("float16", "float16")),
    (np.add, "numpy", ("int32", "int32", "int32")), (np.logical_not, "numpy", ("float64", "bool")),
]  # fmt: skip


@pytest.mark.parametrize(("ufunc", "module", "dtypes"), LOOPS)
def test_inner_loops_of_ufuncs(ufunc: np.ufunc, module: str, dtypes: tuple[str, ...]) -> None:
    check_loop(ufunc, module, dtypes)


@pytest.mark.parametrize(("name", "dtypes"), [("erfinv", ("float32",) * 2), ("gammainc", ("float64",) * 3)])
def test_inner_loops_of_special_ufuncs(name: str, dtypes: tuple[str, ...]) -> None:
    special = pytest.importorskip("scipy.special")
    check_loop(getattr(special, name), "scipy.special", dtypes)


def check_loop(ufunc: np.ufunc, module: str, dtypes: tuple[str, ...]) -> None:
    found = ufunc_loop(ufunc, dtypes)
    assert found is not None
    assert tuple(map(symbols.address, loop_symbol(module, ufunc.__name__, dtypes))) == found
    rng = np.random.default_rng(1)
    arrays = [(rng.random(7) * 0.5 + 0.25).astype(dtype) for dtype in dtypes]
    expected = ufunc(*arrays[: ufunc.nin])
    loop = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(found[0])
    pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
    dims, strides = np.array([7], np.intp), np.array([array.itemsize for array in arrays], np.intp)
    loop(ctypes.addressof(pointers), dims.ctypes.data, strides.ctypes.data, found[1] or None)
    np.testing.assert_array_equal(arrays[-1], expected)


def test_loops_that_are_not_there() -> None:
    assert ufunc_loop(np.arcsin, ("int8", "int8")) is None
    assert ufunc_loop(np.arcsin, ("float64",)) is None
    assert ufunc_loop(np.frompyfunc(abs, 1, 1), ("float64", "float64")) is None


def test_a_name_has_one_address() -> None:
    symbols.register("neano_test_symbol", 4096)
    symbols.register("neano_test_symbol", 4096)
    assert symbols.address("neano_test_symbol") == 4096
    with pytest.raises(symbols.SymbolConflict, match="neano_test_symbol"):
        symbols.register("neano_test_symbol", 8192)


def test_vector_functions_are_found_where_the_platform_has_them() -> None:
    if sys.platform == "linux" and ctypes.sizeof(ctypes.c_void_p) == 8:
        try:
            ctypes.CDLL("libmvec.so.1")
        except OSError:
            return
        assert any(symbols.address(name) for name in ("_ZGVbN2v_exp", "_ZGVnN2v_exp"))


def test_blas_is_found_without_importing_the_package_around_it():
    code = """
        import sys
        from neano.backends.native.runtime import symbols
        addresses = [symbols.address(name) for name in ("blas.dgemm", "lapack.dgesv", "blas.nothing")]
        alone = "scipy.linalg" not in sys.modules and "scipy.linalg.cython_blas" not in sys.modules
        import ctypes, scipy.linalg, scipy.linalg.cython_blas, scipy.linalg.cython_lapack
        from neano.backends.native.runtime.scipy_pointers import _address
        import numpy as np
        modules = (scipy.linalg.cython_blas, scipy.linalg.cython_lapack)
        again = [_address(m.__pyx_capi__[name]) for m, name in zip(modules, ("dgemm", "dgesv"))]
        print(alone, again == addresses[:2], addresses[2], scipy.linalg.solve(2 * np.eye(2), np.ones(2)))
        """
    assert fresh(code) == "True True None [0.5 0.5]" or sys.platform == "win32"
