"""Products of small matrices as LLVM IR: without the call of BLAS, which costs more than they do.

    i32 neano_product_d(...)   as neano_matmul_d (`matrix_text`), to which it goes where the matrices are not small

B is copied to the frame, rows padded to whole vectors; then some rows of C at a time are summed up in registers, a vector of
columns of each.
"""

from __future__ import annotations

from collections.abc import Iterator

LIMIT = 16
"""Up to this length along each of the three axes a product is small."""

LIMIT_OF_COLUMN = 64
"""Up to this many elements of a matrix its product with a vector is small: BLAS has a function of its own for those."""

ROWS = (8, 4, 1)
"""How many rows of C are computed together."""

_ELEMENT = {"s": ("float", 4), "d": ("double", 8)}
_SIGNATURE = "i64 %a0, i64 %a1, ptr %b, i64 %b0, i64 %b1, ptr %c, i64 %c0, i64 %c1, i64 %m, i64 %n, i64 %k, ptr %alpha, ptr %beta"
_ALL = f"ptr %a, {_SIGNATURE}"


def small_product_text(kind: str, vector_bytes: int) -> str:
    """Return the module of small products of a kind of BLAS, s or d, for vectors of some bytes."""
    element, size = _ELEMENT[kind]
    return "\n".join(_lines(kind, element, size, vector_bytes // size))


def _lines(kind: str, element: str, size: int, width: int) -> Iterator[str]:
    vector, mask = f"<{width} x {element}>", f"<{width} x i1>"
    suffix = f"v{width}f{8 * size}"
    wide = (LIMIT + width - 1) // width * width
    iota = ", ".join(f"i64 {lane}" for lane in range(width))
    yield f"""declare i32 @neano_matmul_{kind}({_ALL})
declare {vector} @llvm.masked.load.{suffix}.p0(ptr, i32 immarg, {mask}, {vector})
declare void @llvm.masked.store.{suffix}.p0({vector}, ptr, i32 immarg, {mask})
declare {vector} @llvm.fmuladd.{suffix}({vector}, {vector}, {vector})

define i32 @neano_product_{kind}({_ALL}) nounwind {{
entry:
  %packed = alloca [{LIMIT * wide} x {element}], align 64
  %small.m = icmp ule i64 %m, {LIMIT}
  %small.n = icmp ule i64 %n, {LIMIT}
  %small.k = icmp ule i64 %k, {LIMIT}
  %small.mn = and i1 %small.m, %small.n
  %small.mnk = and i1 %small.mn, %small.k
  %is.matrix = icmp ne i64 %n, 1
  %elements = mul i64 %m, %k
  %few = icmp ule i64 %elements, {LIMIT_OF_COLUMN}
  %worth = or i1 %is.matrix, %few
  %small = and i1 %small.mnk, %worth
  br i1 %small, label %look, label %large
look:
  %by.rows = icmp eq i64 %c1, {size}
  br i1 %by.rows, label %pack, label %maybe.columns
maybe.columns:
  %by.columns = icmp eq i64 %c0, {size}
  br i1 %by.columns, label %turn, label %large
turn: ; the product of the transposed operands in the other order
  %turned = call i32 @neano_product_{kind}(ptr %b, i64 %b1, i64 %b0, ptr %a, i64 %a1, i64 %a0,
      ptr %c, i64 %c1, i64 %c0, i64 %n, i64 %m, i64 %k, ptr %alpha, ptr %beta)
  ret i32 %turned
large:
  %status = call i32 @neano_matmul_{kind}({_ALL})
  ret i32 %status
pack:
  %alpha.one = load {element}, ptr %alpha
  %beta.one = load {element}, ptr %beta
  %alpha.first = insertelement {vector} poison, {element} %alpha.one, i64 0
  %alpha.all = shufflevector {vector} %alpha.first, {vector} poison, <{width} x i32> zeroinitializer
  %beta.first = insertelement {vector} poison, {element} %beta.one, i64 0
  %beta.all = shufflevector {vector} %beta.first, {vector} poison, <{width} x i32> zeroinitializer
  %keeps = fcmp une {element} %beta.one, 0.0
  %consecutive = icmp eq i64 %b1, {size}
  br label %column
column:
  %j = phi i64 [0, %pack], [%j.next, %column.end]
  %more.columns = icmp slt i64 %j, %n
  br i1 %more.columns, label %copy, label %done
copy:
  %left = sub i64 %n, %j
  %left.one = insertelement <{width} x i64> poison, i64 %left, i64 0
  %left.all = shufflevector <{width} x i64> %left.one, <{width} x i64> poison, <{width} x i32> zeroinitializer
  %mask = icmp slt <{width} x i64> <{iota}>, %left.all
  %j.bytes = mul i64 %j, %b1
  %b.column = getelementptr i8, ptr %b, i64 %j.bytes
  br label %copy.row
copy.row:
  %p = phi i64 [0, %copy], [%p.next, %copied]
  %more.p = icmp slt i64 %p, %k
  br i1 %more.p, label %copy.one, label %rows.start
copy.one:
  %b.bytes = mul i64 %p, %b0
  %b.row = getelementptr i8, ptr %b.column, i64 %b.bytes
  %to.index = mul i64 %p, {width}
  %to = getelementptr {element}, ptr %packed, i64 %to.index
  br i1 %consecutive, label %at.once, label %scattered
at.once:
  %whole = call {vector} @llvm.masked.load.{suffix}.p0(ptr %b.row, i32 {size}, {mask} %mask, {vector} zeroinitializer)
  store {vector} %whole, ptr %to, align {size}
  br label %copied
scattered:
  store {vector} zeroinitializer, ptr %to, align {size}
  br label %each
each:
  %q = phi i64 [0, %scattered], [%q.next, %each]
  %q.bytes = mul i64 %q, %b1
  %from = getelementptr i8, ptr %b.row, i64 %q.bytes
  %value = load {element}, ptr %from, align {size}
  %there = getelementptr {element}, ptr %to, i64 %q
  store {element} %value, ptr %there, align {size}
  %q.next = add i64 %q, 1
  %in.vector = icmp slt i64 %q.next, {width}
  %in.row = icmp slt i64 %q.next, %left
  %more.q = and i1 %in.vector, %in.row
  br i1 %more.q, label %each, label %copied
copied:
  %p.next = add i64 %p, 1
  br label %copy.row
rows.start:
  br label %rows.{ROWS[0]}"""
    before, first = "rows.start", "0"
    for position, rows in enumerate(ROWS):
        after = f"rows.{ROWS[position + 1]}" if position + 1 < len(ROWS) else "column.end"
        yield from _some_rows(rows, before, first, after, element, size, width, vector, mask, suffix)
        before, first = f"rows.{rows}", f"%i.{rows}"
    yield f"""column.end:
  %j.next = add i64 %j, {width}
  br label %column
done:
  ret i32 0
}}
"""


def _some_rows(
    rows: int,
    before: str,
    first: str,
    after: str,
    element: str,
    size: int,
    width: int,
    vector: str,
    mask: str,
    suffix: str,
) -> Iterator[str]:
    """Write the loop over groups of rows, which leaves to the next loop those that make no group."""
    x = f"{rows}"
    yield f"""rows.{x}:
  %i.{x} = phi i64 [{first}, %{before}], [%i.{x}.next, %stored.{x}]
  %i.{x}.next = add i64 %i.{x}, {rows}
  %fits.{x} = icmp sle i64 %i.{x}.next, %m
  br i1 %fits.{x}, label %sum.{x}, label %{after}
sum.{x}:
  %a.bytes.{x} = mul i64 %i.{x}, %a0
  %a.rows.{x} = getelementptr i8, ptr %a, i64 %a.bytes.{x}
  br label %term.{x}
term.{x}:
  %s.{x} = phi i64 [0, %sum.{x}], [%s.{x}.next, %add.{x}]"""
    for r in range(rows):
        yield f"  %t.{x}.{r} = phi {vector} [zeroinitializer, %sum.{x}], [%t.{x}.{r}.next, %add.{x}]"
    yield f"""  %more.{x} = icmp slt i64 %s.{x}, %k
  br i1 %more.{x}, label %add.{x}, label %store.{x}
add.{x}:
  %row.index.{x} = mul i64 %s.{x}, {width}
  %row.place.{x} = getelementptr {element}, ptr %packed, i64 %row.index.{x}
  %row.{x} = load {vector}, ptr %row.place.{x}, align {size}
  %a.step.{x} = mul i64 %s.{x}, %a1
  %a.{x}.0 = getelementptr i8, ptr %a.rows.{x}, i64 %a.step.{x}"""
    for r in range(rows):
        if r:
            yield f"  %a.{x}.{r} = getelementptr i8, ptr %a.{x}.{r - 1}, i64 %a0"
        yield f"""  %v.{x}.{r} = load {element}, ptr %a.{x}.{r}, align {size}
  %w.{x}.{r}.one = insertelement {vector} poison, {element} %v.{x}.{r}, i64 0
  %w.{x}.{r} = shufflevector {vector} %w.{x}.{r}.one, {vector} poison, <{width} x i32> zeroinitializer
  %t.{x}.{r}.next = call contract {vector} @llvm.fmuladd.{suffix}({vector} %w.{x}.{r}, {vector} %row.{x}, {vector} %t.{x}.{r})"""
    yield f"""  %s.{x}.next = add i64 %s.{x}, 1
  br label %term.{x}
store.{x}:
  %c.bytes.{x} = mul i64 %i.{x}, %c0
  %c.rows.{x} = getelementptr i8, ptr %c, i64 %c.bytes.{x}
  %c.{x}.0 = getelementptr {element}, ptr %c.rows.{x}, i64 %j"""
    for r in range(rows):
        if r:
            yield f"  %c.{x}.{r} = getelementptr i8, ptr %c.{x}.{r - 1}, i64 %c0"
        yield f"  %u.{x}.{r} = fmul {vector} %t.{x}.{r}, %alpha.all"
    yield f"  br i1 %keeps, label %keep.{x}, label %stored.{x}"
    yield f"keep.{x}:"
    for r in range(rows):
        yield f"""  %old.{x}.{r} = call {vector} @llvm.masked.load.{suffix}.p0(
      ptr %c.{x}.{r}, i32 {size}, {mask} %mask, {vector} zeroinitializer)
  %kept.{x}.{r} = call contract {vector} @llvm.fmuladd.{suffix}({vector} %beta.all, {vector} %old.{x}.{r}, {vector} %u.{x}.{r})"""
    yield f"  br label %stored.{x}"
    yield f"stored.{x}:"
    for r in range(rows):
        yield f"  %new.{x}.{r} = phi {vector} [%u.{x}.{r}, %store.{x}], [%kept.{x}.{r}, %keep.{x}]"
    for r in range(rows):
        yield f"  call void @llvm.masked.store.{suffix}.p0({vector} %new.{x}.{r}, ptr %c.{x}.{r}, i32 {size}, {mask} %mask)"
    yield f"  br label %rows.{x}"
