"""Elements in memory: addresses, loads and stores of scalars and vectors, whole or in part.

A size is an int known now or the name of an i64 known at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from neano.backends.native.emit.text import (
    ELEMENT,
    PART,
    SIZE,
    Builder,
    Value,
    bits,
    is_complex,
    join_parts,
    vector_type,
)
from neano.backends.native.ir import Buffer

Size = int | str


def size_add(b: Builder, x: Size, y: Size) -> Size:
    if isinstance(x, int) and isinstance(y, int):
        return x + y
    if x == 0 or y == 0:
        return y if x == 0 else x
    return b.op(f"add i64 {x}, {y}")


def size_mul(b: Builder, x: Size, y: Size) -> Size:
    if isinstance(x, int) and isinstance(y, int):
        return x * y
    if 0 in (x, y):
        return 0
    if 1 in (x, y):
        return y if x == 1 else x
    return b.op(f"mul i64 {x}, {y}")


def offset(b: Builder, pointer: str, size: Size) -> str:
    """Return a pointer moved by some bytes."""
    return pointer if size == 0 else b.op(f"getelementptr i8, ptr {pointer}, i64 {size}")


def size_value(size: Size) -> Value:
    return Value(str(size), "int64")


def as_size(value: Value) -> Size:
    """Return an int64 scalar as a size."""
    return value.text if value.text.startswith("%") else int(value.text)


def is_contiguous(buffer: Buffer) -> bool:
    """Return whether a buffer is C contiguous for certain."""
    return buffer.contiguous or buffer.kind in ("output", "array", "scratch", "constant")


def static_dim(buffer: Buffer, axis: int) -> int | None:
    return buffer.static[axis] if buffer.static else None


def static_stride(buffer: Buffer, axis: int) -> int | None:
    """Return the stride in bytes of a contiguous buffer along an axis behind which all lengths are known, else None."""
    if not is_contiguous(buffer):
        return None
    stride = SIZE[buffer.dtype]
    for later in range(axis + 1, buffer.ndim):
        length = static_dim(buffer, later)
        if length is None:
            return None
        stride *= length
    return stride


@dataclass
class Memory:
    """Where a buffer is. Lengths and strides are fetched when they are first wanted.

    Attributes:
        buffer: its declaration.
        data: pointer to the element at index 0, 0, ...
        fetch: gives the run-time length ("dim", axis) or stride ("stride", axis).
        owner: in the body, the PyObject* of the ndarray whose memory this is, "" where there is none.
    """

    buffer: Buffer
    data: str
    fetch: Callable[[str, int], Size]
    owner: str = ""
    known: dict[tuple[str, int], Size] = field(default_factory=dict)

    def dim(self, axis: int) -> Size:
        static = static_dim(self.buffer, axis)
        return self._get("dim", axis) if static is None else static

    def stride(self, axis: int) -> Size:
        static = static_stride(self.buffer, axis)
        return self._get("stride", axis) if static is None else static

    def _get(self, what: str, axis: int) -> Size:
        if (what, axis) not in self.known:
            self.known[what, axis] = self.fetch(what, axis)
        return self.known[what, axis]


def address(b: Builder, memory: Memory, index: list[Size]) -> str:
    """Return the pointer to an element."""
    total: Size = 0
    for axis, position in enumerate(index):
        if position != 0:
            total = size_add(b, total, size_mul(b, position, memory.stride(axis)))
    return offset(b, memory.data, total)


def alignment(dtype: str) -> int:
    """Return the alignment of elements: NumPy aligns a complex number as its parts."""
    return SIZE[PART.get(dtype, dtype)]


def load(b: Builder, dtype: str, pointer: str) -> Value:
    """Return the element at a pointer."""
    if is_complex(dtype):
        part = PART[dtype]
        return join_parts(load(b, part, pointer), load(b, part, offset(b, pointer, SIZE[part])))
    if dtype == "bool":
        return Value(b.op(f"icmp ne i8 {b.op(f'load i8, ptr {pointer}')}, 0"), "bool")
    return Value(b.op(f"load {ELEMENT[dtype]}, ptr {pointer}, align {SIZE[dtype]}"), dtype)


def store(b: Builder, value: Value, pointer: str) -> None:
    """Write an element at a pointer."""
    if is_complex(value.dtype):
        real, imaginary = value.parts()
        store(b, real, pointer)
        store(b, imaginary, offset(b, pointer, SIZE[real.dtype]))
    elif value.dtype == "bool":
        b.do(f"store i8 {b.op(f'zext i1 {value.text} to i8')}, ptr {pointer}")
    else:
        b.do(f"store {value.typed}, ptr {pointer}, align {SIZE[value.dtype]}")


@dataclass(frozen=True)
class Active:
    """Which lanes of the last vector of a loop stand for elements.

    Attributes:
        mask: a bool for each lane.
        left: how many they are, an i64; at least one.
    """

    mask: Value
    left: str


def memory_type(dtype: str) -> tuple[str, int]:
    """Return the element type and the number of elements in which a vector load moves one element of a dtype."""
    if is_complex(dtype):
        return ELEMENT[dtype], 2
    return ("i8" if dtype == "bool" else "i16" if dtype == "float16" else ELEMENT[dtype]), 1


def _memory_mask(b: Builder, mask: Value, dtype: str) -> str:
    """Return a mask with as many lanes as the elements that are moved: two for a complex number."""
    if not is_complex(dtype):
        return mask.text
    lanes = mask.lanes
    picks = ", ".join(f"i32 {i // 2}" for i in range(2 * lanes))
    return b.op(f"shufflevector {mask.typed}, {mask.type} poison, <{2 * lanes} x i32> <{picks}>")


def maskable(b: Builder, dtype: str) -> bool:
    """Return whether vector loads and stores of a dtype may be masked."""
    return max(bits(dtype), 8) in b.target.masked


def load_vector(b: Builder, dtype: str, lanes: int, pointer: str, active: Active | None, guard: Value | None) -> Value:
    """Return consecutive elements as a vector; lanes that are not active, or where the guard does not hold, are 0."""
    element, each = memory_type(dtype)
    kind, align = vector_type(element, lanes * each), alignment(dtype)
    mask = _both(b, active, guard)
    if mask is None:
        raw = b.op(f"load {kind}, ptr {pointer}, align {align}")
    elif maskable(b, dtype):
        wide, name = _memory_mask(b, mask, dtype), f"llvm.masked.load.v{lanes * each}{_mangled(element)}.p0"
        b.module.declare(name, kind, "ptr", "i32 immarg", f"<{lanes * each} x i1>", kind)
        arguments = f"ptr {pointer}, i32 {align}, <{lanes * each} x i1> {wide}, {kind} zeroinitializer"
        raw = b.op(f"call {kind} @{name}({arguments})")
    else:
        assert active is not None  # the plan masks a dtype only where the processor does
        padded = b.stack(kind, 64)
        b.do(f"store {kind} zeroinitializer, ptr {padded}")
        _copy(b, padded, pointer, active, dtype)
        raw = b.op(f"load {kind}, ptr {padded}")
    return from_memory(b, raw, dtype, lanes)


def _both(b: Builder, active: Active | None, guard: Value | None) -> Value | None:
    if active is None or guard is None:
        return guard if active is None else active.mask
    return b.int_op("and", active.mask, guard)


def _mangled(element: str) -> str:
    return {"double": "f64", "float": "f32", "half": "f16"}.get(element, element)


def _copy(b: Builder, to: str, source: str, active: Active, dtype: str) -> None:
    size = b.op(f"mul i64 {active.left}, {SIZE[dtype]}")
    b.module.declare("llvm.memcpy.p0.p0.i64", "void", "ptr", "ptr", "i64", "i1 immarg")
    b.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {size}, i1 false)")


def from_memory(b: Builder, raw: str, dtype: str, lanes: int) -> Value:
    """Return what a vector load has moved as a vector of a dtype."""
    if dtype == "bool":
        kind = vector_type("i8", lanes)
        return Value(b.op(f"icmp ne {kind} {raw}, zeroinitializer"), dtype, lanes)
    if dtype == "float16":
        return Value(b.op(f"bitcast <{lanes} x i16> {raw} to <{lanes} x half>"), dtype, lanes)
    if not is_complex(dtype):
        return Value(raw, dtype, lanes)
    wide = vector_type(ELEMENT[dtype], 2 * lanes)
    parts = []
    for start in (0, 1):
        picks = ", ".join(f"i32 {2 * i + start}" for i in range(lanes))
        parts.append(b.op(f"shufflevector {wide} {raw}, {wide} poison, <{lanes} x i32> <{picks}>"))
    return join_parts(Value(parts[0], PART[dtype], lanes), Value(parts[1], PART[dtype], lanes))


def to_memory(b: Builder, value: Value) -> str:
    """Return a vector as a vector store moves it."""
    lanes = value.lanes
    if value.dtype == "bool":
        return b.op(f"zext {value.typed} to <{lanes} x i8>")
    if value.dtype == "float16":
        return b.op(f"bitcast {value.typed} to <{lanes} x i16>")
    if not is_complex(value.dtype):
        return value.text
    picks = ", ".join(f"i32 {i // 2 + (i % 2) * lanes}" for i in range(2 * lanes))
    return b.op(f"shufflevector {value.typed}, {value.type} {value.imaginary}, <{2 * lanes} x i32> <{picks}>")


def store_vector(b: Builder, value: Value, pointer: str, active: Active | None) -> None:
    """Write consecutive elements, those of the active lanes."""
    element, each = memory_type(value.dtype)
    count = value.lanes * each
    kind, align = vector_type(element, count), alignment(value.dtype)
    raw = to_memory(b, value)
    if active is None:
        b.do(f"store {kind} {raw}, ptr {pointer}, align {align}")
    elif maskable(b, value.dtype):
        wide, name = _memory_mask(b, active.mask, value.dtype), f"llvm.masked.store.v{count}{_mangled(element)}.p0"
        b.module.declare(name, "void", kind, "ptr", "i32 immarg", f"<{count} x i1>")
        b.do(f"call void @{name}({kind} {raw}, ptr {pointer}, i32 {align}, <{count} x i1> {wide})")
    else:
        padded = b.stack(kind, 64)
        b.do(f"store {kind} {raw}, ptr {padded}")
        _copy(b, pointer, padded, active, value.dtype)
