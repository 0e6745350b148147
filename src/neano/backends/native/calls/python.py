"""The routine "python": calls a Python callable of the program's table with arrays, and takes the arrays that it returns.

operands: anything; scratch memory is copied, everything else is handed over without a copy.
results: buffers of kind "view", which get memory, lengths and strides from the tuple of arrays that comes back.
attributes: object, the callable's position in `Program.objects`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neano.backends.native.emit.body import BodyEmitter
from neano.backends.native.emit.memory import Memory, Size, offset
from neano.backends.native.emit.routines import ROUTINES, Routine
from neano.backends.native.emit.text import SIZE
from neano.backends.native.emit.transposing import strided_copy
from neano.backends.native.ir import Buffer, Invoke
from neano.backends.native.runtime import abi

TYPE_NUMBER = abi.HEAD + 12
"""Where a dtype object keeps its type number: behind a pointer and four characters."""


def emit(body: BodyEmitter, invoke: Invoke) -> None:
    """Write the call."""
    b = body.b
    body.acquire()
    arguments = [as_object(body, name) for name in invoke.operands]
    table = b.stack(f"[{max(len(arguments), 1)} x ptr]")
    for position, pointer in enumerate(arguments):
        b.do(f"store ptr {pointer}, ptr {offset(b, table, 8 * position)}")
    callable_ = body.object_at(dict(invoke.attributes)["object"])
    call = (("ptr", callable_), ("ptr", table), ("i64", str(len(arguments))), ("ptr", "null"))
    answer = b.call("PyObject_Vectorcall", "ptr", *call)
    body.temporary(answer)
    body.require_object(answer)
    for position, name in enumerate(invoke.results):
        item = b.call("PyTuple_GetItem", "ptr", ("ptr", answer), ("i64", str(position)))
        body.require_object(item)
        b.call("Py_IncRef", "void", ("ptr", item))
        body.keep(name, item)
        bind(body, body.program.buffers[name], item)
    body.drop_temporaries()


def bind(body: BodyEmitter, buffer: Buffer, item: str) -> None:
    """Let a buffer be an object that a call returned.

    The function stops with a TypeError where an array is due and that is none of the buffer's dtype and rank.
    """
    b = body.b
    if buffer.dtype == "object":
        body.memories[buffer.name] = Memory(buffer, "", lambda what, axis: 0, item)
        return
    kind = b.op(f"load ptr, ptr {offset(b, item, abi.TYPE_OFFSET)}")
    is_array = b.op(f"icmp eq ptr {kind}, {b.module.declare_data('PyArray_Type')}")
    message = f"a call back into Python gave no {buffer.ndim}-d array of {buffer.dtype}"
    body.require_or_raise(is_array, "PyExc_TypeError", message)
    ndim = b.op(f"load i32, ptr {offset(b, item, abi.ARRAY_NDIM)}")
    descr = b.op(f"load ptr, ptr {offset(b, item, abi.ARRAY_DESCR)}")
    number = b.op(f"load i32, ptr {offset(b, descr, TYPE_NUMBER)}")
    ndim_fits = b.op(f"icmp eq i32 {ndim}, {buffer.ndim}")
    number_fits = b.op(f"icmp eq i32 {number}, {np.dtype(buffer.dtype).num}")
    body.require_or_raise(b.op(f"and i1 {ndim_fits}, {number_fits}"), "PyExc_TypeError", message)
    data, dims, strides = (
        b.op(f"load ptr, ptr {offset(b, item, where)}") for where in (abi.ARRAY_DATA, abi.ARRAY_DIMS, abi.ARRAY_STRIDES)
    )
    sizes: dict[str, list[Size]] = {
        what: [b.op(f"load i64, ptr {offset(b, table, 8 * axis)}") for axis in range(buffer.ndim)]
        for what, table in (("dim", dims), ("stride", strides))
    }
    body.memories[buffer.name] = Memory(buffer, data, lambda what, axis: sizes[what][axis], item)


def as_object(body: BodyEmitter, name: str) -> str:
    """Return a PyObject* for a buffer, borrowed until the end of the call."""
    buffer, memory = body.program.buffers[name], body.memory(name)
    if buffer.kind == "input":
        return body.input_object(name) if buffer.dtype == "object" else _input_array(body, name)
    if buffer.dtype == "object" or (memory.owner and buffer.kind in ("output", "array")):
        return memory.owner
    root = body.root(name)
    if root == name and memory.owner:
        return memory.owner
    kind = body.program.buffers[root].kind
    if kind == "scratch" or body.may_be_copy(name):
        return copied(body, memory)
    owner = memory.owner
    if kind == "input":
        owner = _input_array(body, root)
    elif kind == "constant":
        owner = body.b.op(f"load ptr, ptr {offset(body.b, '%context', abi.CONTEXT_SELF)}")
    return window(body, memory, owner)


def _lengths(memory: Memory) -> list[Size]:
    return [memory.dim(axis) for axis in range(memory.buffer.ndim)]


def _strides(memory: Memory) -> list[Size]:
    return [memory.stride(axis) for axis in range(memory.buffer.ndim)]


def window(body: BodyEmitter, memory: Memory, owner: str) -> str:
    """Return a read-only ndarray on memory that an object keeps alive."""
    b = body.b
    array = body.new_array(memory.buffer.dtype, _lengths(memory), memory.data, _strides(memory), abi.FLAG_ALIGNED)
    body.temporary(array)
    body.require_object(array)
    b.call("Py_IncRef", "void", ("ptr", owner))
    status = b.call("PyArray_SetBaseObject", "i32", ("ptr", array), ("ptr", owner))
    body.require(b.op(f"icmp eq i32 {status}, 0"))
    return array


def copied(body: BodyEmitter, memory: Memory) -> str:
    """Return a new ndarray with the elements of a buffer of scratch memory."""
    b, dtype = body.b, memory.buffer.dtype
    array = body.new_array(dtype, _lengths(memory))
    body.temporary(array)
    body.require_object(array)
    data = b.op(f"load ptr, ptr {offset(b, array, abi.ARRAY_DATA)}")
    if not memory.buffer.ndim:
        strided_copy(b, data, SIZE[dtype], memory.data, SIZE[dtype], 1, SIZE[dtype])
        return array
    source = window_without_owner(body, memory)
    status = b.call("PyArray_CopyInto", "i32", ("ptr", array), ("ptr", source))
    body.require(b.op(f"icmp eq i32 {status}, 0"))
    return array


def window_without_owner(body: BodyEmitter, memory: Memory) -> str:
    """Return a read-only ndarray on memory of this call, to be dropped before the call ends."""
    array = body.new_array(memory.buffer.dtype, _lengths(memory), memory.data, _strides(memory), abi.FLAG_ALIGNED)
    body.temporary(array)
    body.require_object(array)
    return array


def _input_array(body: BodyEmitter, name: str) -> str:
    """Return the ndarray of an input; a new one where a 0-d input was given as a number."""
    b, memory = body.b, body.memory(name)
    given = body.input_object(name)
    if memory.buffer.ndim:
        return given
    made = body.null_slot()
    b.do(f"store ptr {given}, ptr {made}")
    number, ready = b.label("number"), b.label("ready")
    b.branch(b.op(f"icmp eq ptr {given}, null"), number, ready)
    b.place(number)
    b.do(f"store ptr {copied(body, memory)}, ptr {made}")
    b.jump(ready)
    b.place(ready)
    return b.op(f"load ptr, ptr {made}")


def interpret(
    results: Sequence[Any],
    operands: Sequence[Any],
    scalars: Sequence[Any],
    attributes: Mapping[str, Any],
    objects: Sequence[Any],
) -> Sequence[Any]:
    """Perform the call."""
    return tuple(objects[attributes["object"]](*operands))


ROUTINES["python"] = Routine(emit, interpret)
