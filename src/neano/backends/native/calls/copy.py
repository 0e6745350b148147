"""The routine "copy": the elements of one buffer into another of the same lengths and dtype, whatever the strides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.routines import ROUTINES, Routine
from neano.backends.native.ir import Dim, Invoke, Load, Loop, Ref, Stmt, Store


def emit(body: BodyEmitter, invoke: Invoke) -> None:
    """Write the copy as a nest like any other."""
    (result,), (source,) = invoke.results, invoke.operands
    buffer = body.program.buffers[result]
    index = tuple(Ref(f"{result}.copy.{axis}", "int64") for axis in range(buffer.ndim))
    statement: Stmt = Store(result, index, Load(source, index, buffer.dtype))
    for axis in range(buffer.ndim - 1, -1, -1):
        statement = Loop(index[axis].name, Dim(result, axis), (statement,), parallel=True)
    body.statement(statement)


def interpret(
    results: Sequence[Any],
    operands: Sequence[Any],
    scalars: Sequence[Any],
    attributes: Mapping[str, Any],
    objects: Sequence[Any],
) -> Sequence[Any]:
    """Perform the copy."""
    results[0][...] = operands[0]
    return results


ROUTINES["copy"] = Routine(emit, interpret)
