"""The routine "as_contiguous": an operand as C contiguous memory, its own where it lies so, else a copy of it.

operands: one buffer of any strides. results: one of kind "view", of the operand's lengths, that is only read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.memory import Size, size_mul
from neano.backends.native.emit.routines import ROUTINES, Routine
from neano.backends.native.emit.text import SIZE
from neano.backends.native.ir import Dim, Invoke, Load, Loop, Ref, Stmt, Store
from neano.backends.native.runtime import abi


def emit(body: BodyEmitter, invoke: Invoke) -> None:
    """Write the test, and the copy for where it fails."""
    (result,), (source,) = invoke.results, invoke.operands
    b, memory = body.b, body.memory(source)
    dims: list[Size] = [memory.dim(axis) for axis in range(memory.buffer.ndim)]
    slot = body.blocks[result] = body.null_slot()
    copy, ready = b.label("not.contiguous"), b.label("contiguous")
    b.branch(_is_contiguous(body, source, dims), ready, copy)
    b.place(copy)
    block = b.call(abi.SCRATCH_TAKE, "ptr", ("i64", str(body.byte_count(result, dims))))
    b.do(f"store ptr {block}, ptr {slot}")
    body.no_memory(b.op(f"icmp eq ptr {block}, null"))
    body.place(result, block, dims)
    index = tuple(Ref(f"{result}.copy.{axis}", "int64") for axis in range(len(dims)))
    statement: Stmt = Store(result, index, Load(source, index, memory.buffer.dtype))
    for axis in range(len(dims) - 1, -1, -1):
        statement = Loop(index[axis].name, Dim(result, axis), (statement,), parallel=True)
    body.statement(statement)
    b.jump(ready)
    b.place(ready)
    taken = b.op(f"load ptr, ptr {slot}")
    as_it_is = b.op(f"icmp eq ptr {taken}, null")
    body.place(result, b.op(f"select i1 {as_it_is}, ptr {memory.data}, ptr {taken}"), dims)


def _is_contiguous(body: BodyEmitter, name: str, dims: Sequence[Size]) -> str:
    """Return whether a buffer is C contiguous; where an axis has length 1 its stride does not matter."""
    b, memory = body.b, body.memory(name)
    fits, step = "true", SIZE[memory.buffer.dtype]  # type: tuple[str, Size]
    for axis in range(len(dims) - 1, -1, -1):
        same = b.op(f"icmp eq i64 {memory.stride(axis)}, {step}")
        alone = b.op(f"icmp eq i64 {dims[axis]}, 1")
        fits = b.op(f"and i1 {fits}, {b.op(f'or i1 {same}, {alone}')}")
        step = size_mul(b, step, dims[axis])
    return fits


def interpret(
    results: Sequence[Any],
    operands: Sequence[Any],
    scalars: Sequence[Any],
    attributes: Mapping[str, Any],
    objects: Sequence[Any],
) -> Sequence[Any]:
    """Return the operand or a copy of it."""
    return [np.ascontiguousarray(operands[0]).reshape(np.shape(operands[0]))]


ROUTINES["as_contiguous"] = Routine(emit, interpret)
