"""Products of few elements that are long sums, in generated code: threads share the terms.

Each chunk of terms gives a matrix of its own; these are added up in order. Where chunks begin hangs on the lengths alone, so
that the number of threads does not change a bit.
"""

from __future__ import annotations

from neano.backends.native.calls.product_task import field_place, load_fields, task_type
from neano.backends.native.calls.product_tiles import Tiles, rounded_up
from neano.backends.native.calls.row_product_text import store_scaled
from neano.backends.native.emit.memory import offset
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.text import SIZE, Builder, Module

FEW_ELEMENTS = 2**12
"""Up to so many elements of C the terms of their sums may be shared among threads ..."""
TERMS = 1024
"""... in chunks of at least so many ..."""
CHUNK = 2**17
"""... or so that a chunk has as many products of two numbers."""


def chunks(module: Module, tiles: Tiles) -> None:
    """Add `void @chunks(ptr task, i64 from, i64 to)`: some chunks of the sums, each into a matrix of its own from `whole` on."""
    b = tiles.builder(module)
    names = ("a", "a1", "b", "b0", "m", "n", "k", "grain", "whole")
    a, a1, b_, b0, m, n, k, grain, partial = load_fields(b, tiles, *names)
    mine, size = b.stack(task_type(tiles)), SIZE[tiles.dtype]
    base = b.op(f"inttoptr i64 {partial} to ptr")
    row = b.op(f"mul i64 {n}, {size}")
    matrix = b.op(f"mul i64 {m}, {row}")

    def one(q: str, _: str) -> None:
        first = b.op(f"mul i64 {q}, {grain}")
        terms = b.call("llvm.smin.i64", "i64", ("i64", grain), ("i64", b.op(f"sub i64 {k}, {first}")))
        b.do(f"store {task_type(tiles)} {b.op(f'load {task_type(tiles)}, ptr %task')}, ptr {mine}")
        changed = {
            "a": f"ptr {offset(b, a, b.op(f'mul i64 {first}, {a1}'))}",
            "b": f"ptr {offset(b, b_, b.op(f'mul i64 {first}, {b0}'))}",
            "c": f"ptr {offset(b, base, b.op(f'mul i64 {q}, {matrix}'))}",
            "c0": f"i64 {row}",
            "k": f"i64 {terms}",
            "alpha": f"{tiles.element} 1.0",
            "beta": f"{tiles.element} 0.0",
        }
        for field, value in changed.items():
            b.do(f"store {value}, ptr {field_place(b, tiles, mine, field)}")
        b.do(f"call void @block(ptr {mine}, i64 0, i64 {m}, i64 0, i64 {n})")

    steps(b, "chunk", "%from", "%to", 1, one)
    b.do("ret void")
    module.helpers["chunks"] = b.text("define internal void @chunks(ptr %task, i64 %from, i64 %to) nounwind")


def share_terms(b: Builder, tiles: Tiles, task: str, work: str, done: str) -> None:
    """Share a product among threads by the terms of its sums, where it has few elements and many terms."""
    size, element = SIZE[tiles.dtype], tiles.element
    elements = b.op("mul i64 %m, %n")
    at_least_one = b.call("llvm.smax.i64", "i64", ("i64", elements), ("i64", "1"))
    wanted = b.op(f"udiv i64 {CHUNK}, {at_least_one}")
    grain = b.call("llvm.smax.i64", "i64", ("i64", wanted), ("i64", str(TERMS)))
    few, long = (
        b.op(f"icmp sle i64 {elements}, {FEW_ELEMENTS}"),
        b.op(f"icmp sge i64 %k, {b.op(f'mul i64 {grain}, 2')}"),
    )
    apart, other, multiply = (b.label(name) for name in ("chunks", "other", "multiply"))
    b.branch(b.op(f"and i1 {few}, {long}"), apart, other)
    b.place(apart)
    count = rounded_up(b, "%k", grain)
    matrix = b.op(f"mul i64 {elements}, {size}")
    block = b.call("neano_scratch_take", "ptr", ("i64", b.op(f"mul i64 {count}, {matrix}")))
    b.branch(b.op(f"icmp eq ptr {block}, null"), other, multiply)
    b.place(multiply)
    for field, value in (("grain", grain), ("whole", b.op(f"ptrtoint ptr {block} to i64"))):
        b.do(f"store i64 {value}, ptr {field_place(b, tiles, task, field)}")
    b.call("neano_share", "void", ("ptr", "@chunks"), ("ptr", task), *[("i64", str(n)) for n in (count, 1, 2, 2)])
    b.do(
        f"call void @add.chunks(ptr {block}, i64 {count}, ptr %c, i64 %c0, i64 %m, i64 %n, "
        f"{element} {b.op(f'load {element}, ptr %alpha')}, {element} {b.op(f'load {element}, ptr %beta')})"
    )
    b.call("neano_scratch_give", "void", ("ptr", block))
    b.jump(done)
    b.place(other)


def add_chunks(module: Module, tiles: Tiles) -> None:
    """Add the function that sums up matrices, one after the other in memory, into C."""
    b = tiles.builder(module)
    size, element = SIZE[tiles.dtype], tiles.element
    keeps = b.op(f"fcmp une {element} %beta, 0.0")
    row = b.op(f"mul i64 %n, {size}")
    matrix = b.op(f"mul i64 %m, {row}")

    def one(i: str, j: str) -> None:
        column = b.op(f"mul i64 {j}, {size}")
        first = offset(b, offset(b, "%partial", b.op(f"mul i64 {i}, {row}")), column)
        place = offset(b, offset(b, "%c", b.op(f"mul i64 {i}, %c0")), column)
        total = b.stack(element)
        b.do(f"store {element} 0.0, ptr {total}")

        def add(q: str, _: str) -> None:
            value = b.op(f"load {element}, ptr {offset(b, first, b.op(f'mul i64 {q}, {matrix}'))}, align {size}")
            before = b.op(f"load {element}, ptr {total}")
            b.do(f"store {element} {b.op(f'fadd {element} {before}, {value}')}, ptr {total}")

        steps(b, "add", "0", "%count", 1, add)
        store_scaled(b, tiles, b.op(f"load {element}, ptr {total}"), place, "%alpha", "%beta", keeps)

    steps(b, "row", "0", "%m", 1, lambda i, _: steps(b, "column", "0", "%n", 1, lambda j, __: one(i, j)))
    b.do("ret void")
    module.helpers["add.chunks"] = b.text(
        "define internal void @add.chunks(ptr %partial, i64 %count, ptr %c, i64 %c0, i64 %m, i64 %n, "
        f"{element} %alpha, {element} %beta) nounwind"
    )
