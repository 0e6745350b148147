"""The inner loops of NumPy's and SciPy's ufuncs, by pointer: compiled code for functions that no kernel of ours covers.

A ufunc is a C struct (PyUFuncObject) with a table of loops and of data pointers, one for each row of `ufunc.types`; its
layout is part of NumPy's ABI.
"""

from __future__ import annotations

import ctypes
from importlib import import_module

import numpy as np

from neano.backends.native.runtime.abi import HEAD


class _UFuncHead(ctypes.Structure):
    _fields_ = [
        ("head", ctypes.c_char * HEAD),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
    ]


def ufunc_loop(ufunc: np.ufunc, dtypes: tuple[str, ...]) -> tuple[int, int] | None:
    """Return (function address, data address) of the loop for exactly these dtypes of inputs, then outputs.

    The function is `void loop(char **args, intp const *dimensions, intp const *strides, void *data)`. None where the
    ufunc has no such loop; a data address of 0 is a NULL that the loop expects.

    >>> ufunc_loop(np.arcsin, ("complex128", "complex128")) is not None, ufunc_loop(np.arcsin, ("int8", "int8"))
    (True, None)
    """
    head = _UFuncHead.from_address(id(ufunc))
    if (head.nin, head.nout, head.ntypes) != (ufunc.nin, ufunc.nout, ufunc.ntypes):
        return None
    wanted = tuple(np.dtype(name) for name in dtypes)
    for row, types in enumerate(ufunc.types):
        inputs, _, outputs = types.partition("->")
        codes = inputs + outputs
        if "O" not in codes and tuple(np.dtype(code) for code in codes) == wanted:
            function = head.functions[row]
            return None if not function else (function, head.data[row] or 0 if head.data else 0)
    return None


def loop_symbol(module: str, name: str, dtypes: tuple[str, ...]) -> tuple[str, str]:
    """Return the symbols of a loop and of its data, as `symbols.address` takes them.

    >>> loop_symbol("scipy.special", "erfinv", ("float32", "float32"))
    ('ufunc.loop.scipy.special.erfinv.float32.float32', 'ufunc.data.scipy.special.erfinv.float32.float32')
    """
    rest = ".".join((module, name, *dtypes))
    return f"ufunc.loop.{rest}", f"ufunc.data.{rest}"


def symbol_address(symbol: str) -> int | None:
    """Return the address for `loop.numpy.arcsin.complex128.complex128` or `data. ...`, None where there is none."""
    what, *words = symbol.split(".")
    dtypes: list[str] = []
    while words and words[-1] in np.sctypeDict:
        dtypes.insert(0, words.pop())
    if what not in ("loop", "data") or len(words) < 2:
        return None
    ufunc = getattr(import_module(".".join(words[:-1])), words[-1], None)
    if not isinstance(ufunc, np.ufunc):
        return None
    found = ufunc_loop(ufunc, tuple(dtypes))
    return None if found is None else found[what == "data"]
