"""Builds the extension in `source/`, once with the C standard's arithmetic and once with `-ffast-math`, and loads it."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / "build" / "limit"
FLAGS = ("-O3", "-march=native", "-fopenmp", "-fPIC", "-Wall")
COLUMNS: dict[str, tuple[str, ...]] = {"C": (), "C, -ffast-math": ("-ffast-math",)}
"""Every column of the table -> flags of its own. With -ffast-math, gcc calls the vector functions of glibc's libmvec."""


class NoCompiler(Exception):
    """There is no gcc, or it refuses the source."""


def build(folder: Path, flags: tuple[str, ...]) -> Path:
    """Compile the extension and return the library.

    Raises:
        NoCompiler: see there.
    """
    compiler = shutil.which("gcc")
    if compiler is None:
        raise NoCompiler("the limit is compiled by gcc, and there is none")
    folder.mkdir(parents=True, exist_ok=True)
    include = (f"-I{np.get_include()}", f"-I{sysconfig.get_path('include')}")
    objects = []
    for source in sorted((HERE / "source").glob("*.c")):
        objects.append(folder / f"{source.stem}.o")
        _run([compiler, *FLAGS, *flags, *include, "-c", str(source), "-o", str(objects[-1])])
    library = folder / f"limit{sysconfig.get_config_var('EXT_SUFFIX')}"
    # Linked without -ffast-math: with it gcc adds code that flushes denormal numbers to zero in the whole process.
    _run([compiler, "-shared", "-fopenmp", *map(str, objects), "-lmvec", "-lm", "-o", str(library)])
    return library


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoCompiler(done.stderr.strip())


def load(column: str) -> ModuleType:
    """Build and load the extension for a column of the table."""
    name = "fast" if COLUMNS[column] else "strict"
    path = build(FOLDER / name, COLUMNS[column])
    spec = importlib.util.spec_from_file_location("limit", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.use_blas(*_blas())
    return module


def _blas() -> tuple[int, int, int, int]:
    """Return the addresses of sgemm and dgemv in SciPy's BLAS, and of what sets and gets its threads; 0 for what there is not."""
    import scipy.linalg.cython_blas as blas

    pointer, name = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_GetName
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    capsules: dict[str, Any] = blas.__pyx_capi__
    products = [pointer(capsules[each], name(capsules[each])) for each in ("sgemm", "dgemv")]
    library = ctypes.CDLL(blas.__file__)
    threads = [getattr(library, f"scipy_openblas_{what}_num_threads", None) for what in ("set", "get")]
    addresses = [ctypes.cast(each, ctypes.c_void_p).value or 0 if each else 0 for each in threads]
    return products[0], products[1], addresses[0], addresses[1]
