"""The innermost part of a product in generated code: some rows of C by some vectors of columns, summed up in registers.

    void @panel.V(ptr a, i64 a0, i64 a1, ptr b, i64 b0, ptr c, i64 c0, i64 m, i64 k, i64 columns, T alpha, T beta)

computes C = alpha A B + beta C for A of m x k with any strides, B of k x columns and C of m x columns by rows, where `columns`
fill V vectors, the last perhaps in part; rows of B are read in whole vectors.Each element of C
is one chain of fused operations over k, or four where its row has a tile of its own; tiles begin at the same rows however a
product is shared among threads, which so does not change a bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from neano.backends.native.emit.memory import offset
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.target import Options, Target
from neano.backends.native.emit.text import ELEMENT, SIZE, Builder, Module, Value, suffix, type_of

CHAINS = 4
"""Sums that a single row has for each element, so that one need not wait for the other; they are added up in the end."""

VECTORS = (1, 2, 3)
"""Vectors of columns in a panel. With eight rows of three vectors each, 24 sums, three of B and one of A fill 32 registers."""


@dataclass(frozen=True)
class Tiles:
    """What tiles are made of.

    Attributes:
        dtype: of the matrices.
        target: the processor.
    """

    dtype: str
    target: Target

    @property
    def width(self) -> int:
        """Return how many elements a vector has."""
        return self.target.vector_bytes // SIZE[self.dtype]

    @property
    def element(self) -> str:
        return ELEMENT[self.dtype]

    @property
    def vector(self) -> str:
        return type_of(self.dtype, self.width)

    @property
    def rows(self) -> tuple[int, ...]:
        """Return how many rows are computed together, most first: eight where there are 32 registers, else four."""
        return (8, 4, 1) if self.target.vector_bytes != 32 else (4, 1)

    def builder(self, module: Module) -> Builder:
        return Builder(module, self.target, Options())


def rounded_up(b: Builder, length: str, unit: str) -> str:
    """Return how many pieces of a length there are, the last perhaps shorter."""
    beyond = b.op(f"add i64 {length}, {unit}")
    return b.op(f"udiv i64 {b.op(f'sub i64 {beyond}, 1')}, {unit}")


def splat(b: Builder, tiles: Tiles, scalar: str) -> str:
    """Return a number in all lanes of a vector."""
    return b.splat(Value(scalar, tiles.dtype), tiles.width).text


def fused(b: Builder, tiles: Tiles, x: str, y: str, z: str) -> str:
    """Return x * y + z, of vectors, in one operation where the processor has it."""
    values = [Value(text, tiles.dtype, tiles.width) for text in (x, y, z)]
    name = f"llvm.fmuladd.{suffix(tiles.dtype, tiles.width)}"
    b.module.declare(name, tiles.vector, *[tiles.vector] * 3)
    return b.op(f"call contract {tiles.vector} @{name}({', '.join(v.typed for v in values)})")


def lane_mask(b: Builder, tiles: Tiles, count: str) -> str:
    """Return which lanes of a vector the first `count` elements are."""
    wide = f"<{tiles.width} x i64>"
    lanes = ", ".join(f"i64 {lane}" for lane in range(tiles.width))
    first = b.op(f"insertelement {wide} poison, i64 {count}, i64 0")
    every = b.op(f"shufflevector {wide} {first}, {wide} poison, <{tiles.width} x i32> zeroinitializer")
    return b.op(f"icmp slt {wide} <{lanes}>, {every}")


def masked_load(b: Builder, tiles: Tiles, place: str, mask: str) -> str:
    """Return some lanes of a vector in memory, and zeros."""
    name = f"llvm.masked.load.{suffix(tiles.dtype, tiles.width)}.p0"
    lanes = f"<{tiles.width} x i1>"
    b.module.declare(name, tiles.vector, "ptr", "i32 immarg", lanes, tiles.vector)
    size = SIZE[tiles.dtype]
    arguments = f"ptr {place}, i32 {size}, {lanes} {mask}, {tiles.vector} zeroinitializer"
    return b.op(f"call {tiles.vector} @{name}({arguments})")


def masked_store(b: Builder, tiles: Tiles, value: str, place: str, mask: str) -> None:
    """Store some lanes of a vector."""
    name = f"llvm.masked.store.{suffix(tiles.dtype, tiles.width)}.p0"
    lanes = f"<{tiles.width} x i1>"
    b.module.declare(name, "void", tiles.vector, "ptr", "i32 immarg", lanes)
    b.do(f"call void @{name}({tiles.vector} {value}, ptr {place}, i32 {SIZE[tiles.dtype]}, {lanes} {mask})")


def panel(module: Module, tiles: Tiles, vectors: int) -> None:
    """Add the function for a number of vectors to a module."""
    b = tiles.builder(module)
    columns_before = (vectors - 1) * tiles.width
    mask = lane_mask(b, tiles, b.op(f"sub i64 %columns, {columns_before}"))
    alpha, beta = splat(b, tiles, "%alpha"), splat(b, tiles, "%beta")
    keeps = b.op(f"fcmp une {tiles.element} %beta, 0.0")
    first = "0"
    for rows in tiles.rows:
        some = Rows(b, tiles, rows, vectors)
        stop = "%m"
        if rows > 1:
            left = b.op(f"sub i64 %m, {first}")
            stop = b.op(f"sub i64 %m, {b.op(f'srem i64 {left}, {rows}')}")
        work = partial(some.write, alpha=alpha, beta=beta, keeps=keeps, mask=mask)
        steps(b, f"rows{rows}", first, stop, rows, work)
        first = stop
    b.do("ret void")
    number = tiles.element
    head = (
        f"define internal void @panel.{vectors}(ptr %a, i64 %a0, i64 %a1, ptr %b, i64 %b0, ptr %c, i64 %c0, i64 %m, i64 %k, "
        f"i64 %columns, {number} %alpha, {number} %beta) nounwind noinline"
    )
    module.helpers[f"panel.{vectors}"] = b.text(head)


@dataclass(frozen=True)
class Rows:
    """Some rows of C by some vectors of columns."""

    b: Builder
    tiles: Tiles
    rows: int
    vectors: int

    def write(self, i: str, _: str, alpha: str, beta: str, keeps: str, mask: str) -> None:
        """Write the sums over k and the storing of rows i, i + 1 ... of C."""
        b = self.b
        sums = self.sums(self.starts(i, "%a", "%a0"))
        spots = self.spots(self.starts(i, "%c", "%c0"))
        kept, new = b.label("keep"), b.label("new")
        scaled = [b.op(f"fmul {self.tiles.vector} {value}, {alpha}") for value in sums]
        before = b.current
        b.branch(keeps, kept, new)
        b.place(kept)
        added = self.added(scaled, spots, beta, mask)
        last = b.current
        b.jump(new)
        b.place(new)
        pairs = zip(scaled, added, strict=True)
        results = [b.op(f"phi {self.tiles.vector} [{x}, %{before}], [{y}, %{last}]") for x, y in pairs]
        for value, (place, is_last) in zip(results, spots, strict=True):
            if is_last:
                masked_store(b, self.tiles, value, place, mask)
            else:
                b.do(f"store {self.tiles.vector} {value}, ptr {place}, align {SIZE[self.tiles.dtype]}")

    def starts(self, i: str, pointer: str, step: str) -> list[str]:
        """Return where the rows begin."""
        b = self.b
        places = [offset(b, pointer, b.op(f"mul i64 {i}, {step}"))]
        for _ in range(self.rows - 1):
            places.append(offset(b, places[-1], step))
        return places

    def spots(self, places: Sequence[str]) -> list[tuple[str, bool]]:
        """Return the place of each vector of each row, and whether it is the last of its row."""
        size = self.tiles.target.vector_bytes
        return [
            (offset(self.b, place, v * size), v == self.vectors - 1) for place in places for v in range(self.vectors)
        ]

    def sums(self, rows_of_a: Sequence[str]) -> list[str]:
        """Write the loops over k; return the sums, row by row."""
        b, count = self.b, self.rows * self.vectors
        totals, at = ["zeroinitializer"] * count, ("0", "%b")
        if self.rows > 1:
            return self.terms(rows_of_a, ("0", "%k"), at, totals, 1)[1]
        whole = b.op(f"and i64 %k, {-CHAINS}")
        at, chains = self.terms(rows_of_a, ("0", whole), at, totals * CHAINS, CHAINS)
        _, first = self.terms(rows_of_a, (whole, "%k"), at, chains[:count], 1)
        parts = [first, *(chains[c * count : (c + 1) * count] for c in range(1, CHAINS))]
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=True)
            parts = [[b.op(f"fadd {self.tiles.vector} {x}, {y}") for x, y in zip(*pair, strict=True)] for pair in pairs]
        return parts[0]

    def terms(
        self,
        rows_of_a: Sequence[str],
        bounds: tuple[str, str],
        start: tuple[str, str],
        totals: Sequence[str],
        chains: int,
    ) -> tuple[tuple[str, str], list[str]]:
        """Write a loop over terms, one for each of some chains at a time.

        Args:
            bounds: the first term, and where they end.
            start: how far the first term is along the rows of A, and the row of B.
            totals: what the chains begin with, a chain's after the other's.

        Returns:
            where the terms after these are, and what the chains come to.
        """
        b, tiles, size = self.b, self.tiles, SIZE[self.tiles.dtype]
        head, inside, after = b.label("terms"), b.label("term"), b.label("summed")
        before = b.current
        b.jump(head)
        b.place(head)
        names = [(b.fresh(), b.reserve()) for _ in range(3 + len(totals))]
        (p, _), (at_a, _), (at_b, _), *sums = names
        b.branch(b.op(f"icmp slt i64 {p}, {bounds[1]}"), inside, after)
        b.place(inside)
        following, next_a, next_b = [], at_a, at_b
        for chain in range(chains):
            of_row = [
                b.op(f"load {tiles.vector}, ptr {offset(b, next_b, v * tiles.target.vector_bytes)}, align {size}")
                for v in range(self.vectors)
            ]
            self.fetch_ahead(next_b)
            for r, row in enumerate(rows_of_a):
                number = b.op(f"load {tiles.element}, ptr {offset(b, row, next_a)}, align {size}")
                wide, first = splat(b, tiles, number), (chain * self.rows + r) * self.vectors
                following += [fused(b, tiles, wide, of_row[v], sums[first + v][0]) for v in range(self.vectors)]
            next_a = b.op(f"add i64 {next_a}, %a1")
            next_b = b.op(f"getelementptr i8, ptr {next_b}, i64 %b0")
        kinds = ["i64", "i64", "ptr", *[tiles.vector] * len(totals)]
        initial = [bounds[0], *start, *totals]
        last = [b.op(f"add i64 {p}, {chains}"), next_a, next_b, *following]
        for (name, line), kind, first_value, value in zip(names, kinds, initial, last, strict=True):
            b.fill(line, f"{name} = phi {kind} [{first_value}, %{before}], [{value}, %{b.current}]")
        b.jump(head)
        b.place(after)
        return (at_a, at_b), [name for name, _ in sums]

    def fetch_ahead(self, at_b: str) -> None:
        """Ask for the same row of the next panel: rows lie far apart, where no processor looks by itself."""
        b = self.b
        if self.rows == 1:
            return
        b.module.declare("llvm.prefetch.p0", "void", "ptr", "i32 immarg", "i32 immarg", "i32 immarg")
        width = self.vectors * self.tiles.target.vector_bytes
        for line in range(0, width, 64):
            b.do(f"call void @llvm.prefetch.p0(ptr {offset(b, at_b, width + line)}, i32 0, i32 3, i32 1)")

    def added(self, sums: Sequence[str], spots: Sequence[tuple[str, bool]], beta: str, mask: str) -> list[str]:
        """Return the sums with beta times what stands in C."""
        b, tiles = self.b, self.tiles
        found = []
        for value, (place, is_last) in zip(sums, spots, strict=True):
            if is_last:
                old = masked_load(b, tiles, place, mask)
            else:
                old = b.op(f"load {tiles.vector}, ptr {place}, align {SIZE[tiles.dtype]}")
            found.append(fused(b, tiles, beta, old, value))
        return found
