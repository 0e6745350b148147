"""Pointers to BLAS, LAPACK and special functions, from the capsules that SciPy's Cython modules export.

The modules are imported when a function is first asked for, and those of scipy.linalg without the package around them: importing
scipy.linalg costs more than compiling a function.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Any

_name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)

_COMPLEX = "__pyx_t_double_complex"


@cache
def extension(name: str) -> Any:
    """Return one of SciPy's extension modules, without importing the package that it stands in where that can be done.

    When the package is imported later, it finds the module as if nobody had loaded it: Cython keeps one a process.
    """
    package, _, short = name.rpartition(".")
    if package in sys.modules or sys.platform == "win32":  # there the package says where its libraries are
        return import_module(name)
    scipy = find_spec("scipy")
    places = (scipy and scipy.submodule_search_locations) or ()
    folders = [os.path.join(each, *package.split(".")[1:]) for each in places]
    found = PathFinder.find_spec(short, folders)
    if found is None or found.origin is None:
        return import_module(name)
    try:
        spec = spec_from_file_location(name, found.origin)
        assert spec is not None
        assert spec.loader is not None
        loaded = module_from_spec(spec)
        spec.loader.exec_module(loaded)
    except Exception:  # it wants its package after all
        sys.modules.pop(name, None)
        return import_module(name)
    sys.modules.pop(name, None)  # it puts itself there
    return loaded


@cache
def _capsules(module: str) -> dict[str, object]:
    found = extension(module) if module.startswith("scipy.linalg.") else import_module(module)
    return dict(found.__pyx_capi__)


def _address(capsule: object | None) -> int | None:
    return None if capsule is None else _pointer_of(capsule, _name_of(capsule))


def blas_address(name: str) -> int | None:
    """Return the address of a BLAS routine (`dgemm`), Fortran convention, None if there is none."""
    return _address(_capsules("scipy.linalg.cython_blas").get(name))


def lapack_address(name: str) -> int | None:
    """Return the address of a LAPACK routine (`dgesv`), Fortran convention, None if there is none."""
    return _address(_capsules("scipy.linalg.cython_lapack").get(name))


@cache
def _special_table() -> dict[str, int]:
    """Addresses by name, with `.complex` for those on complex numbers. Cython numbers what a fused function became."""
    table: dict[str, int] = {}
    for exported, capsule in _capsules("scipy.special.cython_special").items():
        name = re.sub(r"^__pyx_fuse_(\d+_)*\d+", "", exported)
        signature = _name_of(capsule).decode()
        result, _, rest = signature.partition(" (")
        arguments = set(rest.rstrip(")").split(", ")) - {"int __pyx_skip_dispatch"}
        found = _address(capsule)
        if found is not None and arguments == {result} == {"double"}:
            table[name] = found
        elif found is not None and arguments == {result} == {_COMPLEX}:
            table[f"{name}.complex"] = found
    return table


def special_address(name: str) -> int | None:
    """Return the address of a special function of doubles (`erfinv`), or of complex doubles (`gamma.complex`).

    C signature: `double f(double, ..., int)`, where the last argument is Cython's and must be 0.
    """
    return _special_table().get(name)
