"""Addresses of the C API of CPython and of NumPy, by the names that their manuals use.

Machine code is cached on disk, so that it names what it needs instead of carrying addresses; this module knows where
those names are in this process. NumPy's C API is a table whose order is a stable ABI.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import import_module

import numpy as np

ARRAY_API = {
    "PyArray_Type": 2, "PyArrayDescr_Type": 3, "PyArray_DescrFromType": 45, "PyArray_CastToType": 49,
    "PyArray_CopyInto": 50, "PyArray_CopyAnyInto": 51, "PyArray_Scalar": 60, "PyArray_FromAny": 69, "PyArray_Return":
    76, "PyArray_Resize": 80, "PyArray_NewCopy": 85, "PyArray_UpdateFlags": 92, "PyArray_New": 93,
    "PyArray_NewFromDescr": 94, "PyArray_PyIntAsIntp": 101, "PyArray_FillWithScalar": 104, "PyArray_CheckFromAny":
    108, "PyArray_FromArray": 109, "PyArray_Transpose": 123, "PyArray_Sort": 129, "PyArray_ArgSort": 130,
    "PyArray_SearchSorted": 131, "PyArray_Newshape": 135, "PyArray_View": 137, "PyArray_CumSum": 150,
    "PyArray_CumProd": 152, "PyArray_Flatten": 156, "PyArray_Ravel": 157, "PyArray_Concatenate": 168,
    "PyArray_EquivTypes": 182, "PyArray_Zeros": 183, "PyArray_Empty": 184, "PyArray_NewLikeArray": 277,
    "PyArray_MatrixProduct2": 280, "PyArray_SetBaseObject": 282, "PyDataMem_NEW": 288, "PyDataMem_FREE": 289,
    "PyArray_Partition": 296, "PyArray_ArgPartition": 297,
}  # fmt: skip
"""Position of each function or type in NumPy's table (numpy/__multiarray_api.h, unchanged since NumPy 2.0)."""

TYPE_NUMBERS: dict[str, tuple[int, ...]] = {}
"""NumPy's type numbers of each dtype: the one that `np.dtype(name)` has, then others of the same kind and size."""

for _code in "?bBhHiIlLqQefdFD":
    _dtype = np.dtype(_code)
    TYPE_NUMBERS[_dtype.name] = (*TYPE_NUMBERS.get(_dtype.name, ()), _dtype.num)
for _name, _numbers in TYPE_NUMBERS.items():
    TYPE_NUMBERS[_name] = tuple(sorted(_numbers, key=lambda number: number != np.dtype(_name).num))

_pythonapi = ctypes.pythonapi


@cache
def _array_api() -> ctypes.Array[ctypes.c_void_p]:
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", _pythonapi))
    size = max(ARRAY_API.values()) + 1
    table = import_module("numpy._core._multiarray_umath")._ARRAY_API
    return (ctypes.c_void_p * size).from_address(get(table, None))


def numpy_address(name: str) -> int | None:
    """Return the address of a member of NumPy's C API, None where we know none of that name."""
    position = ARRAY_API.get(name)
    return None if position is None else _array_api()[position]


def python_address(name: str) -> int | None:
    """Return the address of a function or variable of CPython's C API, None where this build does not export it."""
    try:
        return ctypes.addressof(ctypes.c_char.in_dll(_pythonapi, name))
    except ValueError:
        return None


def descr_address(dtype: str) -> int:
    """Return the address of the singleton dtype object (PyArray_Descr) of a builtin dtype."""
    return id(np.dtype(dtype))


def scalar_type_address(dtype: str) -> int:
    """Return the address of the type object of NumPy's scalars of a dtype (np.float64 ...)."""
    return id(np.dtype(dtype).type)
