"""Sorting by NumPy's C API, without a call into Python.

    sort       operands (), results (an array of NumPy's, sorted in place)
    argsort    operands (an array), results (a buffer of kind "view": int64 indices, C contiguous)

attributes: axis, kind ("quicksort", "heapsort", "mergesort", "stable").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neano.backends.native.calls.python import as_object, bind
from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.routines import ROUTINES, Routine
from neano.backends.native.ir import Invoke

KINDS = {"quicksort": 0, "heapsort": 1, "mergesort": 2, "stable": 2}
"""NumPy's numbers of the algorithms (NPY_SORTKIND)."""


def emit_sort(body: BodyEmitter, invoke: Invoke) -> None:
    """Sort an array in place."""
    b, attributes = body.b, dict(invoke.attributes)
    body.acquire()
    array = body.memory(invoke.results[0]).owner
    how = (("i32", str(attributes["axis"])), ("i32", str(KINDS[attributes["kind"]])))
    status = b.call("PyArray_Sort", "i32", ("ptr", array), *how)
    body.require(b.op(f"icmp eq i32 {status}, 0"))


def emit_argsort(body: BodyEmitter, invoke: Invoke) -> None:
    """Take the array of indices that the call makes."""
    b, attributes = body.b, dict(invoke.attributes)
    body.acquire()
    array = as_object(body, invoke.operands[0])
    how = (("i32", str(attributes["axis"])), ("i32", str(KINDS[attributes["kind"]])))
    made = b.call("PyArray_ArgSort", "ptr", ("ptr", array), *how)
    name = invoke.results[0]
    body.keep(name, made)
    body.require_object(made)
    bind(body, body.program.buffers[name], made)
    body.drop_temporaries()


def interpret_sort(
    results: Sequence[Any], operands: Any, scalars: Any, attributes: Mapping[str, Any], objects: Any
) -> Sequence[Any]:
    """Perform the call."""
    results[0].sort(axis=attributes["axis"], kind=attributes["kind"])
    return results


def interpret_argsort(
    results: Any, operands: Sequence[Any], scalars: Any, attributes: Mapping[str, Any], objects: Any
) -> Sequence[Any]:
    """Perform the call."""
    return [np.ascontiguousarray(np.argsort(operands[0], axis=attributes["axis"], kind=attributes["kind"]))]


ROUTINES["sort"] = Routine(emit_sort, interpret_sort)
ROUTINES["argsort"] = Routine(emit_argsort, interpret_argsort)
