"""The routine "ufunc": the inner loop of a NumPy or SciPy ufunc, by its pointer, over operands of any strides.

results, operands: buffers of equal ranks and lengths (an operand broadcasts by strides of 0), in the ufunc's order.
attributes: module ("numpy", "scipy.special" ...) and name; their loop for the buffers' dtypes must exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.memory import Memory, Size, offset, size_add, size_mul
from neano.backends.native.emit.routines import ROUTINES, Routine
from neano.backends.native.emit.text import SIZE
from neano.backends.native.ir import Invoke


def emit(body: BodyEmitter, invoke: Invoke) -> None:
    """Write the call: a loop over all axes but the last, which the ufunc's loop takes."""
    b, attributes = body.b, dict(invoke.attributes)
    memories = [body.memory(name) for name in (*invoke.operands, *invoke.results)]
    names = ".".join([attributes["module"], attributes["name"], *[m.buffer.dtype for m in memories]])
    data = b.module.declare_data(f"ufunc.data.{names}")
    shape = memories[-1]
    rank = shape.buffer.ndim
    length = str(shape.dim(rank - 1)) if rank else "1"
    count, strides, pointers = b.stack("i64"), b.stack(f"[{len(memories)} x i64]"), b.stack(f"[{len(memories)} x ptr]")
    b.do(f"store i64 {length}, ptr {count}")
    for position, memory in enumerate(memories):
        step = memory.stride(rank - 1) if rank else SIZE[memory.buffer.dtype]
        b.do(f"store i64 {step}, ptr {offset(b, strides, 8 * position)}")

    def call(index: list[Size]) -> None:
        for position, memory in enumerate(memories):
            b.do(f"store ptr {_element(body, memory, index)}, ptr {offset(b, pointers, 8 * position)}")
        arguments = (("ptr", pointers), ("ptr", count), ("ptr", strides), ("ptr", data))
        b.call(f"ufunc.loop.{names}", "void", *arguments)

    def over(axis: int, index: list[Size]) -> None:
        if axis >= rank - 1:
            call(index)
        else:
            body.repeat(shape.dim(axis), lambda i: over(axis + 1, [*index, i]))

    over(0, [])


def _element(body: BodyEmitter, memory: Memory, index: list[Size]) -> str:
    total: Size = 0
    for axis, position in enumerate(index):
        total = size_add(body.b, total, size_mul(body.b, position, memory.stride(axis)))
    return offset(body.b, memory.data, total)


def interpret(
    results: Sequence[Any],
    operands: Sequence[Any],
    scalars: Sequence[Any],
    attributes: Mapping[str, Any],
    objects: Sequence[Any],
) -> Sequence[Any]:
    """Perform the call."""
    function = getattr(import_module(attributes["module"]), attributes["name"])
    function(*operands, out=tuple(results), casting="unsafe")
    return results


ROUTINES["ufunc"] = Routine(emit, interpret)
