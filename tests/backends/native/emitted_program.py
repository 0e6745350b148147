"""Runs emitted programs without an entry: descriptors of the inputs by ctypes, the body called with the GIL held."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.backends.native.emit import Emitted, Options, Target, emit
from neano.backends.native.ir import Program
from neano.backends.native.runtime import abi
from neano.backends.native.runtime.engine import link
from neano.backends.native.runtime.support import support

Word = ctypes.c_int64


def _words(values: Sequence[int]) -> Any:
    return (Word * max(len(values), 1))(*values)


class CheckFailed(Exception):
    """A check of the program failed: (position in the table of errors, numbers)."""


class Compiled:
    """A program as machine code, callable on arrays."""

    def __init__(self, program: Program, target: Target | None = None, options: Options | None = None) -> None:
        self.emitted: Emitted = emit(program, target, options)
        self.program = program
        support()
        self.linked = link(list(self.emitted.modules), exports=(abi.BODY_NAME,))
        kind = ctypes.PYFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.body = kind(self.linked.addresses[abi.BODY_NAME])

    def __call__(self, *inputs: Any) -> list[Any]:
        kept: list[Any] = []
        records = _words([0] * 4 * len(inputs))
        for position, value in enumerate(inputs):
            words = [0, 0, 0, id(value)]
            if isinstance(value, np.ndarray):
                dims, strides = _words(value.shape), _words(value.strides)
                kept += [dims, strides]
                words[:3] = value.__array_interface__["data"][0], ctypes.addressof(dims), ctypes.addressof(strides)
            records[4 * position : 4 * position + 4] = words
        objects = _words([id(o) for o in self.emitted.objects])
        constants = _words([c.__array_interface__["data"][0] for c in self.emitted.constants])
        context = (Word * (abi.CONTEXT_SIZE // 8))()
        context[abi.CONTEXT_OBJECTS // 8] = ctypes.addressof(objects)
        context[abi.CONTEXT_CONSTANTS // 8] = ctypes.addressof(constants)
        context[abi.CONTEXT_SELF // 8] = id(self)
        outputs = (ctypes.c_void_p * max(len(self.program.results), 1))()
        code = self.body(ctypes.addressof(records), ctypes.addressof(outputs), ctypes.addressof(context))
        results = [None if p is None else ctypes.cast(p, ctypes.py_object).value for p in outputs]
        for value in results:
            if value is not None:
                ctypes.pythonapi.Py_DecRef(ctypes.py_object(value))
        if code == abi.CHECK_FAILED:
            raise CheckFailed(context[0], list(context[1:9]))
        assert code == abi.OK
        return results[: len(self.program.results)]
