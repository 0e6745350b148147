"""Makes every result of a program a NumPy array of its own, by copies where it is not one already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neano.backends.native.ir import (
    Alloc,
    Buffer,
    Dim,
    Invoke,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Stmt,
    Store,
    View,
)
from neano.backends.native.traverse import statements


def owned_by_array(program: Program) -> Mapping[str, str]:
    """Return, for each buffer whose memory belongs to an output, an array or a call's result, the buffer that owns it."""
    owners = {name: name for name, buffer in program.buffers.items() if buffer.kind in ("output", "array")}
    for statement in statements(program.body):
        if isinstance(statement, Invoke) and statement.routine == "python":
            owners |= {name: name for name in statement.results}
        elif isinstance(statement, (View, Reinterpret)) and statement.base in owners:
            owners[statement.buffer] = owners[statement.base]
    return owners


def copy_statements(program: Program, source: str, copy: str) -> tuple[Stmt, ...]:
    """Return the statements that give a buffer the lengths and elements of another."""
    buffer = program.buffers[source]
    dims = tuple(Dim(source, axis) for axis in range(buffer.ndim))
    index = tuple(Ref(f"{copy}.{axis}", "int64") for axis in range(buffer.ndim))
    inner: Stmt = Store(copy, index, Load(source, index, buffer.dtype))
    for position, length in reversed(list(zip(index, dims, strict=True))):
        inner = Loop(position.name, length, (inner,), parallel=True)
    return (Alloc(copy, dims), inner)


def with_owned_results(program: Program, borrowed: frozenset[int]) -> Program:
    """Return the program with a copy for each result that is an input, a constant, or a window on either or on scratch.

    A window on an output's memory and the second mention of a result become copies too, so that no two results share memory: one
    may go to the caller, who may write to it, and the other into a shared variable.

    Args:
        borrowed: positions of the results that are inputs and are handed back as they are.
    """
    owners = owned_by_array(program)
    results, added, buffers = list(program.results), list[Stmt](), dict(program.buffers)
    for position, name in enumerate(program.results):
        buffer = program.buffers[name]
        as_it_is = buffer.dtype == "object" or (buffer.kind == "input" and position in borrowed)
        if as_it_is or (owners.get(name) == name and name not in program.results[:position]):
            continue
        copy = f"{name}.result.{position}"
        buffers[copy] = Buffer(copy, buffer.dtype, buffer.ndim, "output", buffer.static, True)
        added += copy_statements(program, name, copy)
        results[position] = copy
    return replace(program, results=tuple(results), buffers=buffers, body=(*program.body, *added))
