"""Elements that stand apart: every second one, backwards. Vectors of them are taken from whole vectors in registers.

That is for places whose strides are known only at run time: `stand_as_indexed` says when an index of 2 * i + 1 means every second
element. Otherwise they are copied to a buffer first, operand after operand, for each of which memory is then waited for.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from neano.backends.native.emit.memory import Active, alignment, from_memory, load_vector, memory_type, offset
from neano.backends.native.emit.plan import Access, Kind, Plan
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.text import SIZE, Builder, Value, is_complex, vector_type
from neano.backends.native.emit.transposing import strided_copy

FORMS = frozenset([1, 2, -1])
"""Elements from one iteration's to the next one's, where vectors are taken from whole ones."""


def elements_apart(access: Access) -> int | None:
    """Return how many elements of its axis a place goes on in each iteration; None where it is not one number, of one axis."""
    moving = [growth for growth in access.growth if growth != 0]
    return moving[0] if len(moving) == 1 and isinstance(moving[0], int) else None


def has_forms(plan: Plan) -> bool:
    """Return whether a loop reads elements that stand apart in one of the forms, and none otherwise."""
    found = [elements_apart(access) for access in plan.loads.values() if access.kind is Kind.STRIDED]
    return plan.lanes > 1 and any(each in FORMS and each != 1 for each in found)


def stand_as_indexed(host: StatementEmitter, accesses: Iterable[Access], forms: Container[int] = (1,)) -> str | None:
    """Return whether neighbours of all indices of a loop are neighbours in memory: an i1, None where they never are.

    Args:
        forms: by how many elements loads may go on in an iteration; stores go on by one.
    """
    b, total = host.b, "true"
    for access in accesses:
        if access.kind is Kind.GATHERED:
            return None
        if access.kind is not Kind.STRIDED:
            continue
        memory, apart = host.memory(access.buffer), elements_apart(access)
        if apart not in (forms if access.number >= 0 else (1,)) or (apart != 1 and is_complex(memory.buffer.dtype)):
            return None
        axis = next(axis for axis, growth in enumerate(access.growth) if growth != 0)
        stride, size = memory.stride(axis), SIZE[memory.buffer.dtype]
        if stride == size:
            continue
        if isinstance(stride, int):
            return None
        same = b.op(f"icmp eq i64 {stride}, {size}")
        total = same if total == "true" else b.op(f"and i1 {total}, {same}")
    return total


def load_apart(b: Builder, dtype: str, lanes: int, pointer: str, apart: int, active: Active | None) -> Value:
    """Return elements that stand apart as a vector; lanes that are not active are 0.

    All lanes of every second element are taken from twice as many elements, the last of which is none of them: it must be there.
    """
    size = SIZE[dtype]
    element, _ = memory_type(dtype)
    kind = vector_type(element, lanes)
    if active is not None:
        padded = b.stack(kind, 64)
        b.do(f"store {kind} zeroinitializer, ptr {padded}")
        strided_copy(b, padded, size, pointer, apart * size, active.left, size)
        return load_vector(b, dtype, lanes, padded, None, None)
    if apart == 2:
        first, count, picks = pointer, 2 * lanes, range(0, 2 * lanes, 2)
    else:
        first, count, picks = offset(b, pointer, -(lanes - 1) * size), lanes, range(lanes - 1, -1, -1)
    whole = vector_type(element, count)
    raw = b.op(f"load {whole}, ptr {first}, align {alignment(dtype)}")
    order = ", ".join(f"i32 {i}" for i in picks)
    return from_memory(b, b.op(f"shufflevector {whole} {raw}, {whole} poison, <{lanes} x i32> <{order}>"), dtype, lanes)
