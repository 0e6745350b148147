"""A matrix product on strided operands as LLVM IR: finds what BLAS can take as it is, copies what it cannot.

    i32 neano_matmul_d(ptr a, i64 a0, i64 a1, ptr b, i64 b0, i64 b1, ptr c, i64 c0, i64 c1,
                       i64 m, i64 n, i64 k, ptr alpha, ptr beta)

computes C = alpha A B + beta C for A of m x k, B of k x n, with strides in bytes of any sign. It returns 0, `NO_MEMORY`
or `TOO_LARGE`. Where beta is 0, C is not read.

BLAS sees matrices by columns; a C by rows is the product of the transposed operands in the other order.
"""

from __future__ import annotations

from functools import cache

from neano.backends.native.calls.shared_product_text import product_text

NO_MEMORY = 1
TOO_LARGE = 2

ELEMENTS = {"s": ("float", 4, 4), "d": ("double", 8, 8), "c": ("<2 x float>", 8, 4), "z": ("<2 x double>", 16, 8)}
"""For each kind of BLAS: LLVM type, bytes and alignment of an element."""

LIMIT = 2**31 - 1

_LAYOUT = """
declare ptr @neano_scratch_take(i64)
declare void @neano_scratch_give(ptr)

; Return (data, leading dimension, whether it is by rows): the matrix itself where BLAS can take it, else a copy by rows, which
; is noted in the slot. A leading dimension of 0: no memory.
define internal {ptr, i64, i1} @layout(ptr %x, i64 %rows, i64 %columns, i64 %s0, i64 %s1, ptr %slot) nounwind {
entry:
  store ptr null, ptr %slot
  %one.row = icmp sle i64 %rows, 1
  %one.column = icmp sle i64 %columns, 1
  %unit0 = icmp eq i64 %s0, SIZE
  %unit1 = icmp eq i64 %s1, SIZE
  %whole0 = srem i64 %s0, SIZE
  %whole1 = srem i64 %s1, SIZE
  %is.whole0 = icmp eq i64 %whole0, 0
  %is.whole1 = icmp eq i64 %whole1, 0
  %row.bytes = mul i64 %columns, SIZE
  %column.bytes = mul i64 %rows, SIZE
  %far0 = icmp sge i64 %s0, %row.bytes
  %far1 = icmp sge i64 %s1, %column.bytes
  %good0 = and i1 %is.whole0, %far0
  %good1 = and i1 %is.whole1, %far1
  %by.rows.inner = or i1 %one.column, %unit1
  %by.rows.outer = or i1 %one.row, %good0
  %by.rows = and i1 %by.rows.inner, %by.rows.outer
  %by.columns.inner = or i1 %one.row, %unit0
  %by.columns.outer = or i1 %one.column, %good1
  %by.columns = and i1 %by.columns.inner, %by.columns.outer
  %most.columns = call i64 @llvm.smax.i64(i64 %columns, i64 1)
  %most.rows = call i64 @llvm.smax.i64(i64 %rows, i64 1)
  %step0 = sdiv i64 %s0, SIZE
  %step1 = sdiv i64 %s1, SIZE
  %ld.rows = select i1 %one.row, i64 %most.columns, i64 %step0
  %ld.columns = select i1 %one.column, i64 %most.rows, i64 %step1
  %no.rows = icmp sle i64 %rows, 0
  %no.columns = icmp sle i64 %columns, 0
  %empty = or i1 %no.rows, %no.columns
  %fits = or i1 %by.rows, %by.columns
  %as.it.is = or i1 %fits, %empty
  br i1 %as.it.is, label %plain, label %copy
plain:
  %ld.full = select i1 %by.rows, i64 %ld.rows, i64 %ld.columns
  %longest = call i64 @llvm.smax.i64(i64 %most.columns, i64 %most.rows)
  %ld = select i1 %empty, i64 %longest, i64 %ld.full
  %p0 = insertvalue {ptr, i64, i1} poison, ptr %x, 0
  %p1 = insertvalue {ptr, i64, i1} %p0, i64 %ld, 1
  %p2 = insertvalue {ptr, i64, i1} %p1, i1 %by.rows, 2
  ret {ptr, i64, i1} %p2
copy:
  %bytes = mul i64 %rows, %row.bytes
  %block = call ptr @neano_scratch_take(i64 %bytes)
  store ptr %block, ptr %slot
  %none = icmp eq ptr %block, null
  %ld.copy = select i1 %none, i64 0, i64 %most.columns
  br i1 %none, label %done, label %row
row:
  %i = phi i64 [0, %copy], [%i.next, %row.end]
  %i.offset = mul i64 %i, %s0
  %from = getelementptr i8, ptr %x, i64 %i.offset
  %to.offset = mul i64 %i, %row.bytes
  %to = getelementptr i8, ptr %block, i64 %to.offset
  br label %column
column:
  %j = phi i64 [0, %row], [%j.next, %column]
  %j.offset = mul i64 %j, %s1
  %p = getelementptr i8, ptr %from, i64 %j.offset
  %q = getelementptr ELEMENT, ptr %to, i64 %j
  %value = load ELEMENT, ptr %p, align ALIGN
  store ELEMENT %value, ptr %q, align ALIGN
  %j.next = add i64 %j, 1
  %more.columns = icmp slt i64 %j.next, %columns
  br i1 %more.columns, label %column, label %row.end
row.end:
  %i.next = add i64 %i, 1
  %more.rows = icmp slt i64 %i.next, %rows
  br i1 %more.rows, label %row, label %done
done:
  %d0 = insertvalue {ptr, i64, i1} poison, ptr %block, 0
  %d1 = insertvalue {ptr, i64, i1} %d0, i64 %ld.copy, 1
  %d2 = insertvalue {ptr, i64, i1} %d1, i1 true, 2
  ret {ptr, i64, i1} %d2
}
declare i64 @llvm.smax.i64(i64, i64)
"""

_PRODUCT = """
define i32 @neano_matmul_KIND(ptr %a, i64 %a0, i64 %a1, ptr %b, i64 %b0, i64 %b1, ptr %c, i64 %c0, i64 %c1,
                              i64 %m, i64 %n, i64 %k, ptr %alpha, ptr %beta) nounwind {
entry:
  %slot.a = alloca ptr
  %slot.b = alloca ptr
  %slot.c = alloca ptr
  %no.rows = icmp sle i64 %m, 0
  %no.columns = icmp sle i64 %n, 0
  %nothing = or i1 %no.rows, %no.columns
  br i1 %nothing, label %trivial, label %start
trivial:
  ret i32 0
start:
  %layout.c = call {ptr, i64, i1} @layout(ptr %c, i64 %m, i64 %n, i64 %c0, i64 %c1, ptr %slot.c)
  %c.rows = extractvalue {ptr, i64, i1} %layout.c, 2
  br i1 %c.rows, label %operands, label %turn
turn: ; C by columns: B' A' by rows is the same
  %turned = call i32 @neano_matmul_KIND(ptr %b, i64 %b1, i64 %b0, ptr %a, i64 %a1, i64 %a0, ptr %c, i64 %c1, i64 %c0,
                                        i64 %n, i64 %m, i64 %k, ptr %alpha, ptr %beta)
  ret i32 %turned
operands:
  %c.data = extractvalue {ptr, i64, i1} %layout.c, 0
  %ldc = extractvalue {ptr, i64, i1} %layout.c, 1
  %layout.a = call {ptr, i64, i1} @layout(ptr %a, i64 %m, i64 %k, i64 %a0, i64 %a1, ptr %slot.a)
  %layout.b = call {ptr, i64, i1} @layout(ptr %b, i64 %k, i64 %n, i64 %b0, i64 %b1, ptr %slot.b)
  %a.data = extractvalue {ptr, i64, i1} %layout.a, 0
  %b.data = extractvalue {ptr, i64, i1} %layout.b, 0
  %lda = extractvalue {ptr, i64, i1} %layout.a, 1
  %ldb = extractvalue {ptr, i64, i1} %layout.b, 1
  %a.rows = extractvalue {ptr, i64, i1} %layout.a, 2
  %b.rows = extractvalue {ptr, i64, i1} %layout.b, 2
  %none.a = icmp eq i64 %lda, 0
  %none.b = icmp eq i64 %ldb, 0
  %none.c = icmp eq i64 %ldc, 0
  %none.ab = or i1 %none.a, %none.b
  %none = or i1 %none.ab, %none.c
  br i1 %none, label %finish, label %multiply
multiply:
  %status = call i32 @product(ptr %a.data, i64 %lda, i1 %a.rows, ptr %b.data, i64 %ldb, i1 %b.rows, ptr %c.data,
                              i64 %ldc, i64 %m, i64 %n, i64 %k, ptr %alpha, ptr %beta)
  %block.c = load ptr, ptr %slot.c
  %direct = icmp eq ptr %block.c, null
  br i1 %direct, label %finish, label %back
back: ; C was copied: put the elements back
  br label %row
row:
  %i = phi i64 [0, %back], [%i.next, %row.end]
  %i.offset = mul i64 %i, %c0
  %to = getelementptr i8, ptr %c, i64 %i.offset
  %from.index = mul i64 %i, %ldc
  %from = getelementptr ELEMENT, ptr %block.c, i64 %from.index
  br label %column
column:
  %j = phi i64 [0, %row], [%j.next, %column]
  %j.offset = mul i64 %j, %c1
  %q = getelementptr i8, ptr %to, i64 %j.offset
  %p = getelementptr ELEMENT, ptr %from, i64 %j
  %value = load ELEMENT, ptr %p, align ALIGN
  store ELEMENT %value, ptr %q, align ALIGN
  %j.next = add i64 %j, 1
  %more.columns = icmp slt i64 %j.next, %n
  br i1 %more.columns, label %column, label %row.end
row.end:
  %i.next = add i64 %i, 1
  %more.rows = icmp slt i64 %i.next, %m
  br i1 %more.rows, label %row, label %finish
finish:
  %code = phi i32 [NO_MEMORY, %operands], [%status, %multiply], [%status, %row.end]
  %give.a = load ptr, ptr %slot.a
  %give.b = load ptr, ptr %slot.b
  %give.c = load ptr, ptr %slot.c
  call void @neano_scratch_give(ptr %give.a)
  call void @neano_scratch_give(ptr %give.b)
  call void @neano_scratch_give(ptr %give.c)
  ret i32 %code
}
"""


@cache
def matmul_text(kind: str) -> str:
    """Return the module of the product for a kind of BLAS: s, d, c or z."""
    element, size, align = ELEMENTS[kind]
    text = _LAYOUT + product_text() + _PRODUCT
    for word, value in (
        ("SIZE", size),
        ("ELEMENT", element),
        ("ALIGN", align),
        ("KIND", kind),
        ("LIMIT", LIMIT),
        ("TOO_LARGE", TOO_LARGE),
        ("NO_MEMORY", NO_MEMORY),
    ):
        text = text.replace(word, str(value))
    return text
