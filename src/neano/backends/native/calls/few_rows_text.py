"""Few rows times a matrix by rows, in generated code: the matrix is read once, some of its rows at a time and along them.

A vector times a matrix is of this kind. So little is computed per element that all depends on how elements are read: in streams
of consecutive ones, which a processor sees coming. The sums stand in C meanwhile, a piece of which stays in cache.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from neano.backends.native.calls.product_tiles import Tiles, fused, lane_mask, masked_load, masked_store, splat
from neano.backends.native.emit.memory import offset
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.text import SIZE, Builder, Module

FEW_ROWS = 4
"""Up to so many rows of C ..."""
MANY_COLUMNS = 96
"""... and from so many columns on: with fewer, tiles in registers need no memory for sums."""

PIECE = 1024
"""Columns at a time: as many sums stay in cache."""
DEPTH = 32
"""Rows of B at a time, which stay in cache for the next row of C."""
STREAMS = (8, 2, 1)
"""Rows of B that are read side by side."""


def call_few_rows(
    b: Builder,
    tiles: Tiles,
    a: tuple[str, str, str],
    b_: tuple[str, str],
    c: tuple[str, str],
    k: str,
    scalars: tuple[str, str],
) -> None:
    """Write the call, in a function with the bounds i0, i1, j0, j1."""
    numbers = ", ".join(f"{tiles.element} {scalar}" for scalar in scalars)
    b.do(
        f"call void @few.rows(ptr {a[0]}, i64 {a[1]}, i64 {a[2]}, ptr {b_[0]}, i64 {b_[1]}, ptr {c[0]}, i64 {c[1]}, i64 {k}, "
        f"i64 %i0, i64 %i1, i64 %j0, i64 %j1, {numbers})"
    )


def few_rows(module: Module, tiles: Tiles) -> None:
    """Add the function to a module."""
    b = tiles.builder(module)
    size, element = SIZE[tiles.dtype], tiles.element
    scale = splat(b, tiles, "%beta")
    keeps = b.op(f"fcmp une {element} %beta, 0.0")

    def at(pointer: str, i: str, step: str) -> str:
        return offset(b, pointer, b.op(f"mul i64 {i}, {step}"))

    def columns(j: str, stop: str) -> None:
        count, first = b.op(f"sub i64 {stop}, {j}"), b.op(f"mul i64 {j}, {size}")
        c_piece, b_piece = offset(b, "%c", first), offset(b, "%b", first)

        def begin(i: str, _: str) -> None:
            def old(place: str, value: str) -> str:
                times = b.op(f"fmul {tiles.vector} {value}, {scale}")
                return b.op(f"select i1 {keeps}, {tiles.vector} {times}, {tiles.vector} zeroinitializer")

            along(b, tiles, at(c_piece, i, "%c0"), count, old)

        steps(b, "begin", "%i0", "%i1", 1, begin)

        def terms(p: str, end: str) -> None:
            steps(b, "row", "%i0", "%i1", 1, lambda i, _: one_row(i, p, end))

        def one_row(i: str, p: str, end: str) -> None:
            a_row, c_row, first = at("%a", i, "%a0"), at(c_piece, i, "%c0"), p
            for streams in STREAMS:
                stop = end
                if streams > 1:
                    left = b.op(f"sub i64 {end}, {first}")
                    stop = b.op(f"sub i64 {end}, {b.op(f'srem i64 {left}, {streams}')}")
                work = partial(some, a_row, c_row, streams=streams)
                steps(b, f"streams{streams}", first, stop, streams, work)
                first = stop

        def some(a_row: str, c_row: str, q: str, _: str, streams: int) -> None:
            factors, sources = [], []
            place, source = at(a_row, q, "%a1"), at(b_piece, q, "%b0")
            for position in range(streams):
                if position:
                    place, source = offset(b, place, "%a1"), offset(b, source, "%b0")
                value = b.op(f"load {element}, ptr {place}, align {size}")
                factors.append(splat(b, tiles, b.op(f"fmul {element} {value}, %alpha")))
                sources.append(source)

            def add(bytes_along: str, total: str, load: Callable[[str], str]) -> str:
                for factor, start in zip(factors, sources, strict=True):
                    total = fused(b, tiles, factor, load(offset(b, start, bytes_along)), total)
                return total

            added(b, tiles, c_row, count, add)

        steps(b, "terms", "0", "%k", DEPTH, terms)

    steps(b, "columns", "%j0", "%j1", PIECE, columns)
    b.do("ret void")
    module.helpers["few.rows"] = b.text(
        "define internal void @few.rows(ptr %a, i64 %a0, i64 %a1, ptr %b, i64 %b0, ptr %c, i64 %c0, i64 %k, "
        f"i64 %i0, i64 %i1, i64 %j0, i64 %j1, {element} %alpha, {element} %beta) nounwind"
    )


def along(b: Builder, tiles: Tiles, c: str, count: str, new: Callable[[str, str], str]) -> None:
    """Replace consecutive elements by what `new` makes of a vector of them."""
    added(b, tiles, c, count, lambda at, value, load: new(at, value))


def added(b: Builder, tiles: Tiles, c: str, count: str, new: Callable[[str, str, Callable[[str], str]], str]) -> None:
    """Replace consecutive elements of C: `new` gets where they are, a vector of them, and a way to load others there."""
    size = SIZE[tiles.dtype]
    whole = b.op(f"and i64 {count}, {-tiles.width}")

    def plain(place: str) -> str:
        return b.op(f"load {tiles.vector}, ptr {place}, align {size}")

    def vector(j: str, _: str) -> None:
        at = b.op(f"mul i64 {j}, {size}")
        place = offset(b, c, at)
        b.do(f"store {tiles.vector} {new(at, plain(place), plain)}, ptr {place}, align {size}")

    steps(b, "vector", "0", whole, tiles.width, vector)
    mask = lane_mask(b, tiles, b.op(f"sub i64 {count}, {whole}"))

    def masked(place: str) -> str:
        return masked_load(b, tiles, place, mask)

    def rest(j: str, _: str) -> None:
        at = b.op(f"mul i64 {j}, {size}")
        place = offset(b, c, at)
        masked_store(b, tiles, new(at, masked(place), masked), place, mask)

    steps(b, "rest", whole, count, tiles.width, rest)
