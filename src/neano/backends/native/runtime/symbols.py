"""Every name that generated code may use for something outside itself, and where that is in this process.

    PyArray_New, PyArray_Type, Py_IncRef, PyExc_TypeError   the C API of NumPy and CPython (of variables the address)
    descr.float64, scalar.float64                           dtype objects; types of NumPy's scalars
    blas.dgemm, lapack.dgesv                                SciPy's BLAS and LAPACK: Fortran convention, 32-bit sizes
    special.erfinv, special.gamma, special.gamma.complex    scipy.special.cython_special (with a trailing i32 0)
    ufunc.loop.numpy.arcsin.complex128.complex128           a ufunc's inner loop: void(args, dims, strides, data)
    ufunc.data.numpy.arcsin.complex128.complex128           ... and the data pointer that it wants (NULL for many)
    random.RandomState, random.next_double                  NumPy's legacy generator: its type; MT19937's next_double
    _ZGVdN4v_exp                                            the platform's vector functions (libmvec), where they are
    tanh, memcpy, __truncdfhf2                              the C library and what LLVM itself calls
    neano_scratch_take ...                                  our own, registered by `register`

>>> address("tanh") is not None, address("no_such_function")
(True, None)
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

from neano.backends.native.runtime import capi, random_state, scipy_pointers, ufuncs

_registered: dict[str, int] = {}
_late: dict[str, Callable[[], None]] = {}


class SymbolConflict(ValueError):
    """One name was given two addresses: code that is loaded already may use the first."""


def register(name: str, address: int) -> None:
    """Make a name known to generated code for the rest of the process.

    Raises:
        SymbolConflict: the name is registered with another address.
    """
    if _registered.setdefault(name, address) != address:
        raise SymbolConflict(f"symbol {name!r} is registered with another address")


def register_late(name: str, load: Callable[[], None]) -> None:
    """Say what registers a name when it is first asked for: loading it costs what few functions need."""
    _late[name] = load


@cache
def _libraries() -> tuple[ctypes.CDLL, ...]:
    """The C library, libm, vector functions, and the compiler's own (conversions of float16, 128-bit division)."""
    names: tuple[str | None, ...]
    if sys.platform == "win32":
        names = ("ucrtbase", "vcruntime140")
    elif sys.platform == "darwin":
        names = (None,)
    else:
        names = ("libm.so.6", "libc.so.6", "libmvec.so.1", "libgcc_s.so.1")
    found = []
    for name in names:
        try:
            found.append(ctypes.CDLL(name))
        except OSError:
            continue
    return tuple(found)


def library_address(name: str) -> int | None:
    """Return the address of a function of the C library, libm or libmvec, None where the platform has none."""
    for library in _libraries():
        try:
            return ctypes.addressof(ctypes.c_char.in_dll(library, name))
        except ValueError:
            continue
    return None


@cache
def _fixed_address(name: str) -> int | None:
    family, dot, rest = name.partition(".")
    if dot:
        match family:
            case "descr":
                return capi.descr_address(rest)
            case "scalar":
                return capi.scalar_type_address(rest)
            case "blas":
                return scipy_pointers.blas_address(rest)
            case "lapack":
                return scipy_pointers.lapack_address(rest)
            case "special":
                return scipy_pointers.special_address(rest)
            case "ufunc":
                return ufuncs.symbol_address(rest)
            case "random":
                return random_state.symbol_address(rest)
        return None
    if name.startswith(("Py", "_Py")):
        found = capi.numpy_address(name)
        return capi.python_address(name) if found is None else found
    return library_address(name)


def address(name: str) -> int | None:
    """Return the address of what generated code calls `name`, None where this process has no such thing.

    An address of 0 is possible (a ufunc without data) and is not None.
    """
    if name in _late and name not in _registered:
        _late[name]()
    known = _registered.get(name)
    return _fixed_address(name) if known is None else known
