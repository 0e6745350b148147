"""Results that are too large for the cache go past it.

A store to memory that is not in the cache fetches the line first, only to overwrite it: a third of the traffic of a sum of two
vectors. Stores that are marked as not temporal write whole lines without that. They pay where what a nest touches does not
stay in the cache anyway, and nothing in the function reads the result; elsewhere they would throw out what is needed next.

The elements of a chunk are computed into a small buffer, which a function then copies to where they belong: so the loop is the
same for both kinds of stores, and lines are whole whatever the alignment.
"""

from __future__ import annotations

from neano.backends.native.emit.memory import Size, memory_type, to_memory
from neano.backends.native.emit.text import SIZE, Builder, Module, Value, vector_type
from neano.backends.native.ir import Invoke, Load, Program, Update, View
from neano.backends.native.traverse import all_expressions, buffers_used, statements

HEAVIEST = 30
"""Cost of an element, in simple operations, up to which memory is what takes the time."""

MOST = 4
"""Results of one loop that are streamed, at most; with more of them none is."""

SHORTEST = 512
"""Bytes of a row, at least."""

_HELPER = """define void @past.cache(ptr %to, ptr %from, i64 %bytes) {{
entry:
  %address = ptrtoint ptr %to to i64
  %negative = sub i64 0, %address
  %wanted = and i64 %negative, {last}
  %few = icmp slt i64 %bytes, %wanted
  %head = select i1 %few, i64 %bytes, i64 %wanted
  %some = icmp ne i64 %head, 0
  br i1 %some, label %begin, label %aligned
begin:
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %head, i1 false)
  br label %aligned
aligned:
  %left = sub i64 %bytes, %head
  %whole = and i64 %left, -{width}
  %end = add i64 %head, %whole
  br label %check
check:
  %i = phi i64 [%head, %aligned], [%next, %line]
  %more = icmp slt i64 %i, %end
  br i1 %more, label %line, label %rest
line:
  %p = getelementptr i8, ptr %from, i64 %i
  %q = getelementptr i8, ptr %to, i64 %i
  %x = load <{width} x i8>, ptr %p, align 1
  store <{width} x i8> %x, ptr %q, align {width}, !nontemporal !0
  %next = add i64 %i, {width}
  br label %check
rest:
  %over = sub i64 %bytes, %end
  %is.over = icmp ne i64 %over, 0
  br i1 %is.over, label %finish, label %done
finish:
  %a = getelementptr i8, ptr %from, i64 %end
  %b = getelementptr i8, ptr %to, i64 %end
  call void @llvm.memcpy.p0.p0.i64(ptr %b, ptr %a, i64 %over, i1 false)
  br label %done
done:
  ret void
}}
!0 = !{{i32 1}}"""


def copy_past_cache(b: Builder, to: str, source: str, count: Size) -> None:
    """Copy some bytes to memory, past the cache."""

    def write(module: Module) -> str:
        module.declare("llvm.memcpy.p0.p0.i64", "void", "ptr", "ptr", "i64", "i1 immarg")
        return _HELPER.format(width=b.target.vector_bytes, last=b.target.vector_bytes - 1)

    called = b.module.share("past.cache", "void", ("ptr", "ptr", "i64"), write)
    b.do(f"call void {called}(ptr {to}, ptr {source}, i64 {count})")


def store_past_cache(b: Builder, value: Value, pointer: str) -> None:
    """Write consecutive elements to memory, past the cache; the pointer is a multiple of the vector's size."""
    b.module.helpers["nontemporal"] = "!0 = !{i32 1}"
    element, each = memory_type(value.dtype)
    kind, size = vector_type(element, value.lanes * each), SIZE[value.dtype] * value.lanes
    b.do(f"store {kind} {to_memory(b, value)}, ptr {pointer}, align {size}, !nontemporal !0")


def unread_results(program: Program) -> frozenset[str]:
    """Return the outputs that nothing in a program reads."""
    read = {e.buffer for e in all_expressions(program.body) if isinstance(e, Load)}
    for statement in statements(program.body):
        if isinstance(statement, Update):
            read.add(statement.buffer)
        else:
            read.update(buffers_used(statement)[0])
            if isinstance(statement, (Invoke, View)):
                read.update(buffers_used(statement)[1])
    return frozenset(name for name, buffer in program.buffers.items() if buffer.kind == "output") - read
