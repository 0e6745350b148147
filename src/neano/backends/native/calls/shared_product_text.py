"""One call of BLAS's gemm as LLVM IR, or several on slices of the result where the product is large enough to be shared.

How many threads there are does not change a bit of the result. Slices of rows may be put together at will: gemm sums over k in an
order that depends on k alone, and slices begin where OpenBLAS's own blocks do (`ROWS`). Columns fall into blocks that depend on
their number; so a product with few rows is computed by slices of columns in any case, each by a call of its own.
"""

from __future__ import annotations

OWN_THREADS = 2**18
"""Products of m n k numbers from which OpenBLAS would use its own threads (GEMM_MULTITHREAD_THRESHOLD, 4 times 2**16) ..."""
OWN_THREADS_THIN = 9216
"""... or, of a matrix and a vector, from here on."""

SLICE = 2**20
"""Products of numbers in a slice: 20 to 50 us of work, and more than OpenBLAS's way for small products takes (10**6)."""
ROWS = 48
"""A slice has a multiple of this many rows: OpenBLAS's blocks have 12 or 24."""
COLUMNS = 32
"""... or of this many columns."""

TEXT = """
@plain = private constant i8 78
@turned = private constant i8 84
declare void @"blas.KINDgemm"(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)
declare void @neano_share(ptr, ptr, i64, i64, i64, i64)
declare void @neano_blas_enter()
declare void @neano_blas_leave()
declare {i64, i1} @llvm.umul.with.overflow.i64(i64, i64)
declare i64 @llvm.smin.i64(i64, i64)

%task = type { ptr, ptr, ptr, ptr, ptr, i64, i64, i64, i1, [6 x i32], ptr, ptr, i64, i64, i64 }
; letters of b and a; a, b, c; their steps in bytes from one row (or column) of C to the next; whether rows are shared; m, n, k,
; lda, ldb, ldc; alpha, beta; rows (or columns) of a slice, slices, all rows. The last slice takes what is left over.

define internal void @slices(ptr %task, i64 %from, i64 %to) nounwind {
entry:
  %t = load %task, ptr %task
  %rows = extractvalue %task %t, 8
  %grain = extractvalue %task %t, 12
  %count = extractvalue %task %t, 13
  %whole = extractvalue %task %t, 14
  %step = select i1 %rows, i64 %to, i64 1
  br label %one
one:
  %i = phi i64 [%from, %entry], [%next, %one]
  %after = add i64 %i, %step
  %next = call i64 @llvm.smin.i64(i64 %after, i64 %to)
  %first = mul i64 %i, %grain
  %end = mul i64 %next, %grain
  %is.last = icmp eq i64 %next, %count
  %stop = select i1 %is.last, i64 %whole, i64 %end
  call void @slice(ptr %task, i64 %first, i64 %stop)
  %more = icmp slt i64 %next, %to
  br i1 %more, label %one, label %done
done:
  ret void
}

define internal void @slice(ptr %task, i64 %from, i64 %to) nounwind {
  %mine = alloca i32
  %length = sub i64 %to, %from
  %length.32 = trunc i64 %length to i32
  store i32 %length.32, ptr %mine
  %t = load %task, ptr %task
  %turn.b = extractvalue %task %t, 0
  %turn.a = extractvalue %task %t, 1
  %a.all = extractvalue %task %t, 2
  %b.all = extractvalue %task %t, 3
  %c.all = extractvalue %task %t, 4
  %a.step = extractvalue %task %t, 5
  %b.step = extractvalue %task %t, 6
  %c.step = extractvalue %task %t, 7
  %rows = extractvalue %task %t, 8
  %alpha = extractvalue %task %t, 10
  %beta = extractvalue %task %t, 11
  %a.offset = mul i64 %from, %a.step
  %b.offset = mul i64 %from, %b.step
  %c.offset = mul i64 %from, %c.step
  %a = getelementptr i8, ptr %a.all, i64 %a.offset
  %b = getelementptr i8, ptr %b.all, i64 %b.offset
  %c = getelementptr i8, ptr %c.all, i64 %c.offset
  %m.all = getelementptr %task, ptr %task, i64 0, i32 9, i64 0
  %n.all = getelementptr %task, ptr %task, i64 0, i32 9, i64 1
  %k = getelementptr %task, ptr %task, i64 0, i32 9, i64 2
  %lda = getelementptr %task, ptr %task, i64 0, i32 9, i64 3
  %ldb = getelementptr %task, ptr %task, i64 0, i32 9, i64 4
  %ldc = getelementptr %task, ptr %task, i64 0, i32 9, i64 5
  %m = select i1 %rows, ptr %mine, ptr %m.all
  %n = select i1 %rows, ptr %n.all, ptr %mine
  call void @"blas.KINDgemm"(ptr %turn.b, ptr %turn.a, ptr %n, ptr %m, ptr %k, ptr %alpha, ptr %b, ptr %ldb,
                             ptr %a, ptr %lda, ptr %beta, ptr %c, ptr %ldc)
  ret void
}

; C by rows, or to be copied from a block by rows afterwards.
define internal i32 @product(ptr %a, i64 %lda, i1 %a.rows, ptr %b, i64 %ldb, i1 %b.rows, ptr %c, i64 %ldc,
                             i64 %m, i64 %n, i64 %k, ptr %alpha, ptr %beta) nounwind {
entry:
  %task = alloca %task
  %l0 = call i64 @llvm.smax.i64(i64 %lda, i64 %ldb)
  %l1 = call i64 @llvm.smax.i64(i64 %l0, i64 %ldc)
  %l2 = call i64 @llvm.smax.i64(i64 %m, i64 %n)
  %l3 = call i64 @llvm.smax.i64(i64 %l2, i64 %k)
  %largest = call i64 @llvm.smax.i64(i64 %l1, i64 %l3)
  %too.large = icmp sgt i64 %largest, LIMIT
  br i1 %too.large, label %refuse, label %call
refuse:
  ret i32 TOO_LARGE
call:
  %turn.a = select i1 %a.rows, ptr @plain, ptr @turned
  %turn.b = select i1 %b.rows, ptr @plain, ptr @turned
  %one.column = icmp eq i64 %n, 1
  %many.rows = icmp sge i64 %m, MANY_ROWS
  %rows = or i1 %one.column, %many.rows
  %lda.bytes = mul i64 %lda, SIZE
  %ldb.bytes = mul i64 %ldb, SIZE
  %ldc.bytes = mul i64 %ldc, SIZE
  %a.row = select i1 %a.rows, i64 %lda.bytes, i64 SIZE
  %b.column = select i1 %b.rows, i64 SIZE, i64 %ldb.bytes
  %a.step = select i1 %rows, i64 %a.row, i64 0
  %b.step = select i1 %rows, i64 0, i64 %b.column
  %c.step = select i1 %rows, i64 %ldc.bytes, i64 SIZE
  %length = select i1 %rows, i64 %m, i64 %n
  STORES
  %other = select i1 %rows, i64 %n, i64 %m
  %each = mul i64 %other, %k
  %pair = call {i64, i1} @llvm.umul.with.overflow.i64(i64 %length, i64 %each)
  %product = extractvalue {i64, i1} %pair, 0
  %over = extractvalue {i64, i1} %pair, 1
  %work = select i1 %over, i64 -1, i64 %product
  %thinnest = call i64 @llvm.smin.i64(i64 %m, i64 %n)
  %is.thin = icmp eq i64 %thinnest, 1
  %threshold = select i1 %is.thin, i64 OWN_THREADS_THIN, i64 OWN_THREADS
  %small = icmp ule i64 %work, %threshold
  br i1 %small, label %alone, label %large
alone:
  call void @slice(ptr %task, i64 0, i64 %length)
  ret i32 0
large:
  %rounded = add i64 %each, SLICE_LESS_ONE
  %needed = udiv i64 %rounded, %each
  %multiple = select i1 %rows, i64 ROWS, i64 COLUMNS
  %less.one = sub i64 %multiple, 1
  %beyond = add i64 %needed, %less.one
  %over.multiple = urem i64 %beyond, %multiple
  %grain = sub i64 %beyond, %over.multiple
  %slices = udiv i64 %length, %grain
  %count = call i64 @llvm.smax.i64(i64 %slices, i64 1)
  store i64 %grain, ptr %member.12
  store i64 %count, ptr %member.13
  call void @neano_blas_enter()
  call void @neano_share(ptr @slices, ptr %task, i64 %count, i64 1, i64 2, i64 1)
  call void @neano_blas_leave()
  ret i32 0
}
"""


def product_text() -> str:
    """Return the IR of the product, in which the words KIND, SIZE, LIMIT and TOO_LARGE are to be replaced."""
    members = {
        0: "ptr %turn.b", 1: "ptr %turn.a", 2: "ptr %a", 3: "ptr %b", 4: "ptr %c", 5: "i64 %a.step", 6: "i64 %b.step",
        7: "i64 %c.step", 8: "i1 %rows", 10: "ptr %alpha", 11: "ptr %beta", 12: "i64 %length",
        13: "i64 1", 14: "i64 %length",
    }  # fmt: skip
    lines = [
        f"  %member.{i} = getelementptr %task, ptr %task, i64 0, i32 {i}\n  store {value}, ptr %member.{i}"
        for i, value in members.items()
    ]
    lines += [
        f"  %{name}.p = getelementptr %task, ptr %task, i64 0, i32 9, i64 {i}\n  %{name}.32 = trunc i64 %{name} to i32\n"
        f"  store i32 %{name}.32, ptr %{name}.p"
        for i, name in enumerate(("m", "n", "k", "lda", "ldb", "ldc"))
    ]
    text = TEXT.replace("  STORES", "\n".join(lines))
    for word, value in (
        ("OWN_THREADS_THIN", OWN_THREADS_THIN),
        ("OWN_THREADS", OWN_THREADS),
        ("SLICE_LESS_ONE", SLICE - 1),
        ("MANY_ROWS", 2 * ROWS),
        ("ROWS", ROWS),
        ("COLUMNS", COLUMNS),
    ):
        text = text.replace(word, str(value))
    return text
