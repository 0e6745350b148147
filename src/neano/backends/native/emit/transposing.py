"""Elements copied from where they stand apart to where they stand together: turned blocks, every second element, backwards.

Functions that all modules share, in vectors where their form allows it; elements that are left over go one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neano.backends.native.emit.memory import Size
from neano.backends.native.emit.text import Builder, Module, Value

KINDS = {1: "i8", 2: "i16", 4: "i32", 8: "i64", 16: "<2 x i64>"}
"""Bytes of an element -> the type that moves it."""


def element_alignment(size: int) -> int:
    """Return the alignment of elements that are moved as a number of so many bytes; complex numbers align as their parts."""
    return min(size, 4) if size > 1 else 1


def spread(
    b: Builder, size: int, to: tuple[str, Size], source: tuple[str, Size], shape: tuple[Size, Size], ahead: int = 0
) -> None:
    """Spread consecutive elements of each column over rows.

    Args:
        size: bytes of an element.
        to: where the elements go, and bytes from one row to the next there.
        source: where they are, and bytes from one column to the next.
        shape: rows and columns.
        ahead: bytes from an element of a column to that which is wanted next time, 0 where that is not known.
    """
    plain, side = f"spread.{size}", b.target.vector_bytes // size
    helper = _SPREAD.format(name=plain, size=size, kind=KINDS[size], align=element_alignment(size))

    def blocks(module: Module) -> str:
        module.declare("llvm.prefetch.p0", "void", "ptr", "i32 immarg", "i32 immarg", "i32 immarg")
        module.helpers[plain] = helper.replace("define", "define internal", 1)
        return _BLOCKS.format(name=name, plain=plain, side=side, size=size, block=_block(side, size))

    in_blocks = size in (4, 8) and side >= 4
    name = f"spread.blocks.{size}" if in_blocks else plain
    called = b.module.share(name, "void", ("ptr", "i64") * 2 + ("i64",) * 3, blocks if in_blocks else lambda _: helper)
    given = f"ptr {to[0]}, i64 {to[1]}, ptr {source[0]}, i64 {source[1]}, i64 {shape[0]}, i64 {shape[1]}, i64 {ahead}"
    b.do(f"call void {called}({given})")


_SPREAD = """define void @{name}(ptr %to, i64 %pitch, ptr %from, i64 %step, i64 %rows, i64 %columns, i64 %ahead) {{
entry:
  %some.rows = icmp sgt i64 %rows, 0
  %some.columns = icmp sgt i64 %columns, 0
  %some = and i1 %some.rows, %some.columns
  br i1 %some, label %column, label %done
column:
  %j = phi i64 [0, %entry], [%j.next, %column.end]
  %source = phi ptr [%from, %entry], [%source.next, %column.end]
  %target = phi ptr [%to, %entry], [%target.next, %column.end]
  br label %row
row:
  %i = phi i64 [0, %column], [%i.next, %row]
  %p = getelementptr {kind}, ptr %source, i64 %i
  %row.offset = mul i64 %i, %pitch
  %q = getelementptr i8, ptr %target, i64 %row.offset
  %x = load {kind}, ptr %p, align {align}
  store {kind} %x, ptr %q, align {align}
  %i.next = add i64 %i, 1
  %more.rows = icmp slt i64 %i.next, %rows
  br i1 %more.rows, label %row, label %column.end
column.end:
  %source.next = getelementptr i8, ptr %source, i64 %step
  %target.next = getelementptr i8, ptr %target, i64 {size}
  %j.next = add i64 %j, 1
  %more.columns = icmp slt i64 %j.next, %columns
  br i1 %more.columns, label %column, label %done
done:
  ret void
}}"""

_BLOCKS = """define void @{name}(ptr %to, i64 %pitch, ptr %from, i64 %step, i64 %rows, i64 %columns, i64 %ahead) {{
entry:
  %rows.whole = and i64 %rows, -{side}
  %columns.whole = and i64 %columns, -{side}
  %some.rows = icmp sgt i64 %rows.whole, 0
  %some.columns = icmp sgt i64 %columns.whole, 0
  %some = and i1 %some.rows, %some.columns
  br i1 %some, label %column, label %rest
column:
  %j = phi i64 [0, %entry], [%j.next, %column.end]
  %column.offset = mul i64 %j, %step
  %source = getelementptr i8, ptr %from, i64 %column.offset
  %row.start = mul i64 %j, {size}
  %target = getelementptr i8, ptr %to, i64 %row.start
  br label %row
row:
  %i = phi i64 [0, %column], [%i.next, %row]
  %source.offset = mul i64 %i, {size}
  %p0 = getelementptr i8, ptr %source, i64 %source.offset
  %target.offset = mul i64 %i, %pitch
  %q0 = getelementptr i8, ptr %target, i64 %target.offset
{block}
  %i.next = add i64 %i, {side}
  %more.rows = icmp slt i64 %i.next, %rows.whole
  br i1 %more.rows, label %row, label %column.end
column.end:
  %j.next = add i64 %j, {side}
  %more.columns = icmp slt i64 %j.next, %columns.whole
  br i1 %more.columns, label %column, label %rest
rest:
  %under.offset = mul i64 %rows.whole, %pitch
  %under = getelementptr i8, ptr %to, i64 %under.offset
  %under.source.offset = mul i64 %rows.whole, {size}
  %under.source = getelementptr i8, ptr %from, i64 %under.source.offset
  %rows.left = sub i64 %rows, %rows.whole
  call void @{plain}(ptr %under, i64 %pitch, ptr %under.source, i64 %step, i64 %rows.left, i64 %columns, i64 0)
  %beside.offset = mul i64 %columns.whole, {size}
  %beside = getelementptr i8, ptr %to, i64 %beside.offset
  %beside.source.offset = mul i64 %columns.whole, %step
  %beside.source = getelementptr i8, ptr %from, i64 %beside.source.offset
  %columns.left = sub i64 %columns, %columns.whole
  call void @{plain}(ptr %beside, i64 %pitch, ptr %beside.source, i64 %step, i64 %rows.whole, i64 %columns.left, i64 0)
  ret void
}}"""


def _block(side: int, size: int) -> str:
    """Return code that turns a square of elements round in registers, and asks for those that are wanted next time."""
    kind, align = f"<{side} x {KINDS[size]}>", element_alignment(size)
    lines = [f"  %p{k} = getelementptr i8, ptr %p{k - 1}, i64 %step" for k in range(1, side)]
    lines += [f"  %x0.{k} = load {kind}, ptr %p{k}, align {align}" for k in range(side)]
    for k in range(side):
        lines.append(f"  %next{k} = getelementptr i8, ptr %p{k}, i64 %ahead")
        lines.append(f"  call void @llvm.prefetch.p0(ptr %next{k}, i32 0, i32 3, i32 1)")

    def write(text: str) -> str:
        lines.append(f"  %y{len(lines)} = {text}")
        return f"%y{len(lines) - 1}"

    for k, turned in enumerate(_turned_round(kind, [f"%x0.{k}" for k in range(side)], write)):
        if k:
            lines.append(f"  %q{k} = getelementptr i8, ptr %q{k - 1}, i64 %pitch")
        lines.append(f"  store {kind} {turned}, ptr %q{k}, align {align}")
    return "\n".join(lines)


def turned_round(b: Builder, rows: Sequence[Value]) -> list[Value]:
    """Return the columns of a square whose rows are real vectors."""
    texts = _turned_round(rows[0].type, [each.text for each in rows], b.op)
    return [each.same(text) for each, text in zip(rows, texts, strict=True)]


def _turned_round(kind: str, rows: Sequence[str], write: Callable[[str], str]) -> list[str]:
    """Turn a square of elements round; `write` gets the text of an instruction and returns the name of its result.

    In each round half of the elements of a pair of vectors change places (J. O. Eklundh, A fast computer method for matrix
    transposing, IEEE Transactions on Computers C-21, 1972).
    """
    side, distance, now = len(rows), 1, list(rows)
    while distance < side:
        made = list(now)
        for k in range(side):
            if k & distance:
                continue
            other = k + distance
            low = [j if not j & distance else side + j - distance for j in range(side)]
            high = [side + j if j & distance else j + distance for j in range(side)]
            for place, picks in ((k, low), (other, high)):
                mask = ", ".join(f"i32 {pick}" for pick in picks)
                made[place] = write(f"shufflevector {kind} {now[k]}, {kind} {now[other]}, <{side} x i32> <{mask}>")
        now, distance = made, 2 * distance
    return now


def strided_copy(
    b: Builder, to: str, to_stride: Size, source: str, source_stride: Size, count: Size, size: int
) -> None:
    """Copy elements of a size in bytes."""
    name = f"strided.copy.{size}"

    def write(_: Module) -> str:
        side = max(b.target.vector_bytes // size, 2)
        forms = {"lanes": range(side), "even": range(0, 2 * side, 2), "back": range(side - 1, -1, -1)}
        picks = {name: _picks(size, elements) for name, elements in forms.items()}
        return _STRIDED.format(
            name=name,
            kind=KINDS[size],
            size=size,
            align=element_alignment(size),
            side=side,
            twice=2 * size,
            last=(side - 1) * size,
            wide=_wide(size, side),
            pairs=_wide(size, 2 * side),
            lanes=len(picks["lanes"]),
            even=", ".join(f"i32 {k}" for k in picks["even"]),
            back=", ".join(f"i32 {k}" for k in picks["back"]),
        )

    called = b.module.share(name, "void", ("ptr", "i64", "ptr", "i64", "i64"), write)
    b.do(f"call void {called}(ptr {to}, i64 {to_stride}, ptr {source}, i64 {source_stride}, i64 {count})")


def _wide(size: int, side: int) -> str:
    """Return the type of so many elements."""
    return f"<{2 * side} x i64>" if size == 16 else f"<{side} x {KINDS[size]}>"


def _picks(size: int, elements: range) -> list[int]:
    """Return lanes of elements: an element of 16 bytes has two."""
    return [2 * e + half for e in elements for half in (0, 1)] if size == 16 else list(elements)


_STRIDED = """define void @{name}(ptr %to, i64 %a, ptr %from, i64 %b, i64 %n) {{
entry:
  %together = icmp eq i64 %a, {size}
  %long = icmp sgt i64 %n, {side}
  %wide = and i1 %together, %long
  br i1 %wide, label %form, label %loop.check
form:
  %second = icmp eq i64 %b, {twice}
  br i1 %second, label %pairs, label %form.back
form.back:
  %back = icmp eq i64 %b, -{size}
  br i1 %back, label %backwards, label %loop.check
pairs: ; the second of the last pair may be beyond the array: it is never read
  %i = phi i64 [0, %form], [%i.next, %pairs]
  %p.offset = mul i64 %i, {twice}
  %pp = getelementptr i8, ptr %from, i64 %p.offset
  %q.offset = mul i64 %i, {size}
  %pq = getelementptr i8, ptr %to, i64 %q.offset
  %both = load {pairs}, ptr %pp, align {align}
  %evens = shufflevector {pairs} %both, {pairs} poison, <{lanes} x i32> <{even}>
  store {wide} %evens, ptr %pq, align {align}
  %i.next = add i64 %i, {side}
  %i.after = add i64 %i.next, {side}
  %more.pairs = icmp slt i64 %i.after, %n
  br i1 %more.pairs, label %pairs, label %loop.check
backwards:
  %k = phi i64 [0, %form.back], [%k.next, %backwards]
  %b.offset = mul i64 %k, -{size}
  %b.first = getelementptr i8, ptr %from, i64 %b.offset
  %bp = getelementptr i8, ptr %b.first, i64 -{last}
  %c.offset = mul i64 %k, {size}
  %bq = getelementptr i8, ptr %to, i64 %c.offset
  %row = load {wide}, ptr %bp, align {align}
  %turned = shufflevector {wide} %row, {wide} poison, <{lanes} x i32> <{back}>
  store {wide} %turned, ptr %bq, align {align}
  %k.next = add i64 %k, {side}
  %k.after = add i64 %k.next, {side}
  %more.back = icmp sle i64 %k.after, %n
  br i1 %more.back, label %backwards, label %loop.check
loop.check:
  %done.before = phi i64 [0, %entry], [0, %form.back], [%i.next, %pairs], [%k.next, %backwards]
  %some = icmp slt i64 %done.before, %n
  br i1 %some, label %start, label %done
start:
  %from.offset = mul i64 %done.before, %b
  %from.first = getelementptr i8, ptr %from, i64 %from.offset
  %to.offset = mul i64 %done.before, %a
  %to.first = getelementptr i8, ptr %to, i64 %to.offset
  br label %loop
loop:
  %m = phi i64 [%done.before, %start], [%m.next, %loop]
  %p = phi ptr [%from.first, %start], [%p.next, %loop]
  %q = phi ptr [%to.first, %start], [%q.next, %loop]
  %x = load {kind}, ptr %p, align {align}
  store {kind} %x, ptr %q, align {align}
  %p.next = getelementptr i8, ptr %p, i64 %b
  %q.next = getelementptr i8, ptr %q, i64 %a
  %m.next = add i64 %m, 1
  %more = icmp slt i64 %m.next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}}"""
