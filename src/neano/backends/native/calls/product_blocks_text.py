"""A block of a product in generated code: some rows and columns of C, panel by panel.

B is read where it lies unless its rows are not consecutive, or end within a vector, or are read so often that a copy side by side
pays. The terms of long sums come in groups, so that what is read again stays in cache.
"""

from __future__ import annotations

from neano.backends.native.calls.few_rows_text import FEW_ROWS, MANY_COLUMNS, call_few_rows
from neano.backends.native.calls.product_task import load_fields
from neano.backends.native.calls.product_tiles import VECTORS, Tiles, lane_mask, masked_load
from neano.backends.native.emit.memory import offset
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.text import SIZE, Builder, Module
from neano.backends.native.emit.transposing import spread

DEPTH = 256
"""So many terms of a sum at a time: a panel of B then stays in the first two caches."""

ROWS_AT_ONCE = 256
"""So many rows of A, each of DEPTH terms, stay in the second cache while panel after panel is multiplied with them."""

COPIED_ROWS = 48
"""From so many rows of A a panel of B is copied."""
FRAME = 2048
"""Bytes of a panel's copy that the frame holds; larger ones are scratch memory."""


def block(module: Module, tiles: Tiles) -> None:
    """Add `void @block(ptr task, i64 i0, i64 i1, i64 j0, i64 j1)`, which computes some rows and columns of C."""
    b = tiles.builder(module)
    size, widest = SIZE[tiles.dtype], VECTORS[-1] * tiles.width
    names = ("a", "a0", "a1", "b", "b0", "b1", "c", "c0", "k", "alpha", "beta", "m", "n")
    a, a0, a1, b_, b0, b1, c, c0, k, alpha, beta, m, n = load_fields(b, tiles, *names)
    frame = b.stack(f"[{FRAME} x i8]", 64)
    slot = b.stack("ptr")
    b.do(f"store ptr null, ptr {slot}")
    rows, columns = b.op("sub i64 %i1, %i0"), b.op("sub i64 %j1, %j0")
    # which way sums take must not hang on how a product is shared
    few, wide_enough = b.op(f"icmp sle i64 {m}, {FEW_ROWS}"), b.op(f"icmp sge i64 {n}, {MANY_COLUMNS}")
    along = b.op(f"icmp eq i64 {b1}, {size}")
    streams, panels_of = b.label("streams"), b.label("panels")
    b.branch(b.op(f"and i1 {few}, {b.op(f'and i1 {wide_enough}, {along}')}"), streams, panels_of)
    b.place(streams)
    call_few_rows(b, tiles, (a, a0, a1), (b_, b0), (c, c0), k, (alpha, beta))
    b.do("ret void")
    b.place(panels_of)
    # panels of about equal width
    panels = b.op(f"sdiv i64 {b.op(f'add i64 {columns}, {widest - 1}')}, {widest}")
    at_least_one = b.call("llvm.smax.i64", "i64", ("i64", panels), ("i64", "1"))
    beyond_all = b.op(f"sub i64 {b.op(f'add i64 {columns}, {at_least_one}')}, 1")
    each = b.op(f"sdiv i64 {beyond_all}, {at_least_one}")
    wide = b.op(f"and i64 {b.op(f'add i64 {each}, {tiles.width - 1}')}, {-tiles.width}")
    # where B must be copied it is to scratch memory, unless the frame holds a panel
    many = b.op(f"icmp sge i64 {rows}, {COPIED_ROWS}")
    scattered = b.op(f"icmp ne i64 {b1}, {size}")
    always = b.op(f"or i1 {many}, {scattered}")
    ragged = b.op(f"icmp ne i64 {b.op(f'and i64 {columns}, {tiles.width - 1}')}, 0")
    ever = b.op(f"or i1 {always}, {ragged}")
    depth = b.call("llvm.smin.i64", "i64", ("i64", k), ("i64", str(DEPTH)))
    panel_bytes = b.op(f"mul i64 {depth}, {b.op(f'mul i64 {wide}, {size}')}")
    beyond = b.op(f"and i1 {ever}, {b.op(f'icmp sgt i64 {panel_bytes}, {FRAME}')}")
    take, begin = b.label("take"), b.label("begin")
    before = b.current
    b.branch(beyond, take, begin)
    b.place(take)
    block = b.call("neano_scratch_take", "ptr", ("i64", panel_bytes))
    b.do(f"store ptr {block}, ptr {slot}")
    none = b.op(
        f"icmp eq ptr {block}, null"
    )  # then the frame must do, for few terms at a time: a product does not fail
    some, fewer = b.op(f"select i1 {none}, ptr {frame}, ptr {block}"), FRAME // (widest * size)
    depth_taken = b.op(f"select i1 {none}, i64 {fewer}, i64 {DEPTH}")
    b.jump(begin)
    b.place(begin)
    packed = b.op(f"phi ptr [{frame}, %{before}], [{some}, %{take}]")
    deep = b.op(f"phi i64 [{DEPTH}, %{before}], [{depth_taken}, %{take}]")
    a_rows, c_rows = (offset(b, x, b.op(f"mul i64 %i0, {step}")) for x, step in ((a, a0), (c, c0)))

    def some_terms(p: str, end: str) -> None:
        terms = b.op(f"sub i64 {end}, {p}")
        is_first = b.op(f"icmp eq i64 {p}, 0")
        kept = b.op(f"select i1 {is_first}, {tiles.element} {beta}, {tiles.element} 1.0")
        a_here, b_here = offset(b, a_rows, b.op(f"mul i64 {p}, {a1}")), offset(b, b_, b.op(f"mul i64 {p}, {b0}"))

        def some_columns(j: str, stop: str) -> None:
            here = b.op(f"sub i64 {stop}, {j}")
            b_panel = offset(b, b_here, b.op(f"mul i64 {j}, {b1}"))
            c_panel = offset(b, c_rows, b.op(f"mul i64 {j}, {size}"))
            partly = b.op(f"icmp ne i64 {b.op(f'and i64 {here}, {tiles.width - 1}')}, 0")
            copy, direct, compute = b.label("copy"), b.current, b.label("compute")
            b.branch(b.op(f"or i1 {always}, {partly}"), copy, compute)
            b.place(copy)
            padded = b.op(f"and i64 {b.op(f'add i64 {here}, {tiles.width - 1}')}, {-tiles.width}")
            step = b.op(f"mul i64 {padded}, {size}")
            _copy_panel(b, tiles, (b_panel, b0, b1), packed, step, terms, here)
            copied = b.current
            b.jump(compute)
            b.place(compute)
            source = b.op(f"phi ptr [{b_panel}, %{direct}], [{packed}, %{copied}]")
            along = b.op(f"phi i64 [{b0}, %{direct}], [{step}, %{copied}]")
            _call_panel(b, tiles, (a_here, a0, a1), (source, along), (c_panel, c0), (rows, terms, here), (alpha, kept))

        steps(b, "columns", "%j0", "%j1", wide, some_columns)

    # at least once: a sum of no terms is stored, too
    last = b.call("llvm.smax.i64", "i64", ("i64", k), ("i64", "1"))

    def terms_up_to_k(p: str, end: str) -> None:
        some_terms(p, b.call("llvm.smin.i64", "i64", ("i64", end), ("i64", k)))

    steps(b, "terms", "0", last, deep, terms_up_to_k)
    b.call("neano_scratch_give", "void", ("ptr", b.op(f"load ptr, ptr {slot}")))
    b.do("ret void")
    head = "define internal void @block(ptr %task, i64 %i0, i64 %i1, i64 %j0, i64 %j1) nounwind"
    module.helpers["block"] = b.text(head)


def _copy_panel(
    b: Builder, tiles: Tiles, matrix: tuple[str, str, str], packed: str, step: str, terms: str, columns: str
) -> None:
    """Copy some rows and columns of B to rows of whole vectors, the last filled up with zeros."""
    source, b0, b1 = matrix
    size = SIZE[tiles.dtype]
    by_rows, padded, by_columns, by_elements, done = (
        b.label(name) for name in ("by.rows", "padded", "by.columns", "by.elements", "copied")
    )
    b.branch(b.op(f"icmp eq i64 {b1}, {size}"), by_rows, padded)
    b.place(by_rows)

    def row(p: str, _: str) -> None:
        at, to = offset(b, source, b.op(f"mul i64 {p}, {b0}")), offset(b, packed, b.op(f"mul i64 {p}, {step}"))

        def vector(j: str, __: str) -> None:
            place = b.op(f"mul i64 {j}, {size}")
            mask = lane_mask(b, tiles, b.op(f"sub i64 {columns}, {j}"))
            value = masked_load(b, tiles, offset(b, at, place), mask)
            b.do(f"store {tiles.vector} {value}, ptr {offset(b, to, place)}, align {size}")

        steps(b, "vector", "0", columns, tiles.width, vector)

    steps(b, "row", "0", terms, 1, row)
    b.jump(done)
    b.place(padded)
    last = b.op(f"sub i64 {step}, {tiles.target.vector_bytes}")

    def zeros(p: str, _: str) -> None:
        to = offset(b, packed, b.op(f"add i64 {b.op(f'mul i64 {p}, {step}')}, {last}"))
        b.do(f"store {tiles.vector} zeroinitializer, ptr {to}, align {size}")

    steps(b, "zeros", "0", terms, 1, zeros)
    b.branch(b.op(f"icmp eq i64 {b0}, {size}"), by_columns, by_elements)
    b.place(by_columns)
    spread(b, size, (packed, step), (source, b1), (terms, columns))
    b.jump(done)
    b.place(by_elements)

    def column(j: str, _: str) -> None:
        at, to = offset(b, source, b.op(f"mul i64 {j}, {b1}")), offset(b, packed, b.op(f"mul i64 {j}, {size}"))

        def element(p: str, __: str) -> None:
            value = b.op(f"load {tiles.element}, ptr {offset(b, at, b.op(f'mul i64 {p}, {b0}'))}, align {size}")
            place = offset(b, to, b.op(f"mul i64 {p}, {step}"))
            b.do(f"store {tiles.element} {value}, ptr {place}, align {size}")

        steps(b, "element", "0", terms, 1, element)

    steps(b, "column", "0", columns, 1, column)
    b.jump(done)
    b.place(done)


def _call_panel(
    b: Builder,
    tiles: Tiles,
    a: tuple[str, str, str],
    b_: tuple[str, str],
    c: tuple[str, str],
    lengths: tuple[str, str, str],
    scalars: tuple[str, str],
) -> None:
    """Call the panel for as many vectors as the columns fill."""
    columns = lengths[2]
    given = [f"ptr {a[0]}", f"i64 {a[1]}", f"i64 {a[2]}", f"ptr {b_[0]}", f"i64 {b_[1]}", f"ptr {c[0]}", f"i64 {c[1]}"]
    given += [f"i64 {n}" for n in lengths] + [f"{tiles.element} {s}" for s in scalars]
    done = b.label("panel.done")
    for vectors in VECTORS[:-1]:
        this, other = b.label("panel"), b.label("wider")
        b.branch(b.op(f"icmp sle i64 {columns}, {vectors * tiles.width}"), this, other)
        b.place(this)
        b.do(f"call void @panel.{vectors}({', '.join(given)})")
        b.jump(done)
        b.place(other)
    b.do(f"call void @panel.{VECTORS[-1]}({', '.join(given)})")
    b.jump(done)
    b.place(done)


def blocks(module: Module, tiles: Tiles) -> None:
    """Add `void @blocks(ptr task, i64 from, i64 to)`, which computes some of the blocks that a product is shared in."""
    b = tiles.builder(module)
    m, n, by_rows, grain, whole = load_fields(b, tiles, "m", "n", "by_rows", "grain", "whole")
    first, beyond = b.op(f"mul i64 %from, {grain}"), b.op(f"mul i64 %to, {grain}")
    last = b.call("llvm.smin.i64", "i64", ("i64", beyond), ("i64", whole))
    bounds = [
        b.op(f"select i1 {by_rows}, i64 {rows}, i64 {columns}")
        for rows, columns in ((first, "0"), (last, m), ("0", first), (n, last))
    ]

    def some_rows(i: str, stop: str) -> None:
        b.do(f"call void @block(ptr %task, i64 {i}, i64 {stop}, i64 {bounds[2]}, i64 {bounds[3]})")

    steps(b, "rows", bounds[0], bounds[1], ROWS_AT_ONCE, some_rows)
    b.do("ret void")
    module.helpers["blocks"] = b.text("define internal void @blocks(ptr %task, i64 %from, i64 %to) nounwind")
