"""Products in generated code as LLVM IR: all but those for which the BLAS is faster.

    i32 neano_product_d(...)   as neano_matmul_d (`matrix_text`), to which it goes where a product is large

Columns are taken panel by panel, rows of A tile by tile (`product_tiles`, `product_blocks_text`); a matrix times a vector and few
rows have ways of their own. A large product is shared among threads in blocks of rows or of columns, or by the terms of its sums
(`product_chunks_text`). None of it changes a bit with the number of threads.
"""

from __future__ import annotations

from functools import cache

from neano.backends.native.calls.few_rows_text import few_rows
from neano.backends.native.calls.matrix_text import LIMIT
from neano.backends.native.calls.product_blocks_text import block, blocks
from neano.backends.native.calls.product_chunks_text import add_chunks, chunks, share_terms
from neano.backends.native.calls.product_task import FIELDS, field_place, field_types, task_type
from neano.backends.native.calls.product_tiles import VECTORS, Tiles, panel, rounded_up
from neano.backends.native.calls.row_product_text import row_product
from neano.backends.native.emit.target import Target
from neano.backends.native.emit.text import SIZE, Module

DTYPE = {"s": "float32", "d": "float64"}

OWN_PRODUCTS = {64: 2**30, 32: 2**24, 16: 2**17}
"""Bytes of a vector -> up to so many products of two numbers of float32 we compute ourselves; a quarter as many of float64.

Against OpenBLAS on one thread of a Zen 4, with vectors of 64 bytes: float64 2.3 times as fast at 32 x 32 x 32, 1.2 at 128, 1.1
at 256, 1.05 at 512, 0.95 at 512 x 1024 x 1024; float32 3.2, 1.25, 1.14, 1.1 and 1.1. Of 32 bytes: 1.1 at 128, 1.0 at 256, and
less beyond, for A is not copied. Of 16 bytes it was not measured."""
THIN = 32
"""Where an axis is at most as long as this we always do; and what has lengths that BLAS does not take, 32 bits."""

SHARED = 2**17
"""Products of two numbers (of float64; twice as many of float32) from which threads share the work: some 5 us."""
SLICE = 2**16
"""Products of two numbers in a block that a thread takes, at least about."""
ROWS_OF_SLICE = 16
"""A block has a multiple of so many rows; where there are few rows, blocks are of columns."""

_STRIDES = "ptr %a, i64 %a0, i64 %a1, ptr %b, i64 %b0, i64 %b1, ptr %c, i64 %c0, i64 %c1, i64 %m, i64 %n, i64 %k"
_SIGNATURE = f"{_STRIDES}, ptr %alpha, ptr %beta"
_TURNED = (
    "ptr %b, i64 %b1, i64 %b0, ptr %a, i64 %a1, i64 %a0, ptr %c, i64 %c1, i64 %c0, i64 %n, i64 %m, i64 %k, "
    "ptr %alpha, ptr %beta"
)


@cache
def block_product_text(kind: str, target: Target) -> dict[str, str]:
    """Return the module of products in generated code for a kind of BLAS, s or d, and those that it needs, by name."""
    tiles = Tiles(DTYPE[kind], target)
    module = Module()
    for vectors in VECTORS:
        panel(module, tiles, vectors)
    row_product(module, tiles)
    few_rows(module, tiles)
    block(module, tiles)
    blocks(module, tiles)
    chunks(module, tiles)
    add_chunks(module, tiles)
    return {f"neano_product_{kind}": module.text(_product(module, tiles, kind)), **module.libraries}


def _product(module: Module, tiles: Tiles, kind: str) -> str:
    """Return the function that chooses who computes."""
    b = tiles.builder(module)
    size, name = SIZE[tiles.dtype], f"neano_product_{kind}"
    module.declarations[f"neano_matmul_{kind}"] = f"declare i32 @neano_matmul_{kind}({_SIGNATURE})"

    def tail(condition: str, call: str) -> None:
        """Return what a call returns where a condition holds."""
        then, otherwise = b.label("then"), b.label("otherwise")
        b.branch(condition, then, otherwise)
        b.place(then)
        b.do(f"ret i32 {call if call.isdigit() else b.op(call)}")
        b.place(otherwise)

    def attempt(condition: str, call: str) -> None:
        """Return where a condition holds and a call says that it has done the work."""
        then, done, otherwise = b.label("attempt"), b.label("done"), b.label("otherwise")
        b.branch(condition, then, otherwise)
        b.place(then)
        b.branch(b.op(call), done, otherwise)
        b.place(done)
        b.do("ret i32 0")
        b.place(otherwise)

    def holds(text: str) -> str:
        return b.op(f"icmp {text}")

    turned, other = f"call i32 @{name}({_TURNED})", f"call i32 @neano_matmul_{kind}({_SIGNATURE})"
    nothing = b.op(f"or i1 {holds('sle i64 %m, 0')}, {holds('sle i64 %n, 0')}")
    tail(nothing, "0")
    alpha, beta = (b.op(f"load {tiles.element}, ptr %{s}") for s in ("alpha", "beta"))
    values = f"i64 %k, {tiles.element} {alpha}, {tiles.element} {beta}"
    # a matrix times a vector, or a vector times a matrix: along consecutive elements of the matrix
    column, row = holds("eq i64 %n, 1"), holds("eq i64 %m, 1")
    along_a, along_b = holds(f"eq i64 %a1, {size}"), holds(f"eq i64 %b0, {size}")
    of_rows = "call i1 @row.product(ptr %a, i64 %a0, ptr %b, i64 %b0, ptr %c, i64 %c0, i64 %m"
    attempt(b.op(f"and i1 {column}, {along_a}"), f"{of_rows}, {values})")
    of_columns = "call i1 @row.product(ptr %b, i64 %b1, ptr %a, i64 %a1, ptr %c, i64 %c1, i64 %n"
    attempt(b.op(f"and i1 {row}, {along_b}"), f"{of_columns}, {values})")
    # C by columns, which a column also is, is the product of the turned matrices in the other order
    several = holds("ne i64 %m, 1")
    not_rows = b.op(f"or i1 {holds(f'ne i64 %c1, {size}')}, {b.op(f'and i1 {column}, {several}')}")
    tail(b.op(f"and i1 {not_rows}, {holds(f'eq i64 %c0, {size}')}"), turned)
    tail(holds(f"ne i64 %c1, {size}"), other)
    work = b.op(f"mul i64 {b.op('mul i64 %m, %n')}, %k")
    mine = holds(f"sle i64 {work}, {OWN_PRODUCTS[tiles.target.vector_bytes] * 16 // size**2}")
    for length in ("%m", "%n", "%k"):
        mine = b.op(f"or i1 {mine}, {holds(f'sle i64 {length}, {THIN}')}")
    look, ours = b.label("look"), b.label("ours")
    b.branch(mine, ours, look)
    b.place(look)
    fits = "true"
    for length in ("%m", "%n", "%k"):
        fits = b.op(f"and i1 {fits}, {holds(f'sle i64 {length}, {LIMIT}')}")
    for stride in ("%a0", "%a1", "%b0", "%b1", "%c0"):
        fits = b.op(f"and i1 {fits}, {holds(f'sle i64 {stride}, {LIMIT * size}')}")
    tail(fits, other)
    b.jump(ours)
    b.place(ours)
    task = b.stack(task_type(tiles))
    by_rows = holds(f"sge i64 %m, {4 * ROWS_OF_SLICE}")
    given = {f: f"%{f}" for f in FIELDS[:11]} | {"alpha": alpha, "beta": beta, "by_rows": by_rows}
    types = dict(zip(FIELDS, field_types(tiles), strict=True))
    for field, value in given.items():
        b.do(f"store {types[field]} {value}, ptr {field_place(b, tiles, task, field)}")
    alone, shared, done = b.label("alone"), b.label("shared"), b.label("done")
    b.branch(holds(f"slt i64 {work}, {SHARED * 8 // size}"), alone, shared)
    b.place(alone)
    b.do(f"call void @block(ptr {task}, i64 0, i64 %m, i64 0, i64 %n)")
    b.jump(done)
    b.place(shared)
    share_terms(b, tiles, task, work, done)
    length, across = (b.op(f"select i1 {by_rows}, i64 {x}, i64 {y}") for x, y in (("%m", "%n"), ("%n", "%m")))
    widest = VECTORS[-1] * tiles.width
    unit = b.op(f"select i1 {by_rows}, i64 {ROWS_OF_SLICE}, i64 {widest}")
    line = b.call("llvm.smax.i64", "i64", ("i64", b.op(f"mul i64 {across}, %k")), ("i64", "1"))
    wanted = b.op(f"udiv i64 {SLICE * 8 // size}, {line}")
    beyond = b.op(f"add i64 {wanted}, {unit}")
    grain = b.op(f"sub i64 {beyond}, {b.op(f'urem i64 {beyond}, {unit}')}")
    for field, value in (("grain", grain), ("whole", length)):
        b.do(f"store i64 {value}, ptr {field_place(b, tiles, task, field)}")
    count = rounded_up(b, length, grain)
    numbers = [("i64", str(n)) for n in (count, 1, 2, 2)]
    b.call("neano_share", "void", ("ptr", "@blocks"), ("ptr", task), *numbers)
    b.jump(done)
    b.place(done)
    b.do("ret i32 0")
    return b.text(f"define i32 @{name}({_SIGNATURE}) nounwind")
