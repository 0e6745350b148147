"""A matrix by rows times a vector, in generated code: sums along the rows, some rows at a time."""

from __future__ import annotations

from neano.backends.native.calls.product_tiles import Tiles, fused, lane_mask, masked_load, rounded_up
from neano.backends.native.emit.memory import offset
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.text import SIZE, Builder, Module

VECTORS = 2
"""Vectors of a row at a time, each with a sum of its own: a sum waits for the one before it."""

FRAME = 2048
SHARED = 2**15
"""Elements of a matrix from which threads share the work ..."""
BLOCK = 2**14
"""... in blocks of about so many; where that is less than the rows that are summed up together ..."""
SINGLY = 2
"""... of so many rows."""

_FIELDS = "{ ptr, i64, ptr, ptr, i64, i64, i64, ELEMENT, ELEMENT, i64 }"


def row_product(module: Module, tiles: Tiles) -> None:
    """Add `i1 @row.product(ptr a, i64 a0, ptr x, i64 x0, ptr y, i64 y0, i64 m, i64 k, T alpha, T beta)`.

    It computes y = alpha A x + beta y, for rows of A that are consecutive elements, and returns whether it had the memory for it.
    """
    _rows(module, tiles)
    b = tiles.builder(module)
    size, element = SIZE[tiles.dtype], tiles.element
    frame = b.stack(f"[{FRAME} x i8]", 64)
    copy, take, failed, ready, begin = (b.label(name) for name in ("copy", "take", "failed", "ready", "begin"))
    start = b.current
    b.branch(b.op(f"or i1 {b.op(f'icmp eq i64 %x0, {size}')}, {b.op('icmp sle i64 %k, 1')}"), begin, copy)
    b.place(copy)
    needed = b.op(f"mul i64 %k, {size}")
    b.branch(b.op(f"icmp sle i64 {needed}, {FRAME}"), ready, take)
    b.place(take)
    block = b.call("neano_scratch_take", "ptr", ("i64", needed))
    taken = b.label("taken")
    b.branch(b.op(f"icmp eq ptr {block}, null"), failed, taken)
    b.place(failed)
    b.do("ret i1 false")
    b.place(taken)
    b.jump(ready)
    b.place(ready)
    packed = b.op(f"phi ptr [{frame}, %{copy}], [{block}, %{taken}]")
    given_back = b.op(f"phi ptr [null, %{copy}], [{block}, %{taken}]")

    def one(p: str, _: str) -> None:
        value = b.op(f"load {element}, ptr {offset(b, '%x', b.op(f'mul i64 {p}, %x0'))}, align {size}")
        b.do(f"store {element} {value}, ptr {offset(b, packed, b.op(f'mul i64 {p}, {size}'))}, align {size}")

    steps(b, "element", "0", "%k", 1, one)
    copied = b.current
    b.jump(begin)
    b.place(begin)
    x = b.op(f"phi ptr [%x, %{start}], [{packed}, %{copied}]")
    used = b.op(f"phi ptr [null, %{start}], [{given_back}, %{copied}]")
    fields = _FIELDS.replace("ELEMENT", element)
    task = b.stack(fields)
    elements = b.op("mul i64 %m, %k")
    long = b.call("llvm.smax.i64", "i64", ("i64", "%k"), ("i64", "1"))
    wanted, most = b.op(f"udiv i64 {BLOCK}, {long}"), tiles.rows[0]
    several = b.op(f"add i64 {b.op(f'and i64 {wanted}, {-most}')}, {most}")
    grain = b.op(f"select i1 {b.op(f'icmp ult i64 {wanted}, {most}')}, i64 {SINGLY}, i64 {several}")
    values = ["%a", "%a0", x, "%y", "%y0", "%m", "%k", "%alpha", "%beta", grain]
    for position, (kind, value) in enumerate(zip(fields.strip("{} ").split(", "), values, strict=True)):
        b.do(f"store {kind} {value}, ptr {b.op(f'getelementptr {fields}, ptr {task}, i64 0, i32 {position}')}")
    count = rounded_up(b, "%m", grain)
    alone, shared, done = b.label("alone"), b.label("shared"), b.label("done")
    b.branch(b.op(f"icmp slt i64 {elements}, {SHARED}"), alone, shared)
    b.place(alone)
    b.do(f"call void @rows(ptr {task}, i64 0, i64 {count})")
    b.jump(done)
    b.place(shared)
    b.call("neano_share", "void", ("ptr", "@rows"), ("ptr", task), *[("i64", str(n)) for n in (count, 1, 2, 4)])
    b.jump(done)
    b.place(done)
    b.call("neano_scratch_give", "void", ("ptr", used))
    b.do("ret i1 true")
    module.helpers["row.product"] = b.text(
        "define internal i1 @row.product(ptr %a, i64 %a0, ptr %x, i64 %x0, ptr %y, i64 %y0, i64 %m, i64 %k, "
        f"{element} %alpha, {element} %beta) nounwind"
    )


def _rows(module: Module, tiles: Tiles) -> None:
    """Add `void @rows(ptr task, i64 from, i64 to)`, which computes some blocks of the result."""
    b = tiles.builder(module)
    fields = _FIELDS.replace("ELEMENT", tiles.element)
    a, a0, x, y, y0, m, k, alpha, beta, grain = (
        b.op(f"load {kind}, ptr {b.op(f'getelementptr {fields}, ptr %task, i64 0, i32 {position}')}")
        for position, kind in enumerate(fields.strip("{} ").split(", "))
    )
    first = b.op(f"mul i64 %from, {grain}")
    stop = b.call("llvm.smin.i64", "i64", ("i64", b.op(f"mul i64 %to, {grain}")), ("i64", m))
    width = tiles.width
    whole = b.op(f"and i64 {k}, {-VECTORS * width}")
    single = b.op(f"and i64 {k}, {-width}")
    mask = lane_mask(b, tiles, b.op(f"sub i64 {k}, {single}"))
    keeps = b.op(f"fcmp une {tiles.element} {beta}, 0.0")
    begin = first
    for rows in (tiles.rows[0], 1):
        end = stop
        if rows > 1:
            left = b.op(f"sub i64 {stop}, {begin}")
            end = b.op(f"sub i64 {stop}, {b.op(f'srem i64 {left}, {rows}')}")

        def some(i: str, _: str, rows: int = rows) -> None:
            starts = [offset(b, a, b.op(f"mul i64 {i}, {a0}"))]
            for _row in range(rows - 1):
                starts.append(offset(b, starts[-1], a0))
            sums = _sums(b, tiles, starts, x, (whole, single, k), mask)
            place = offset(b, y, b.op(f"mul i64 {i}, {y0}"))
            for position, total in enumerate(sums):
                store_scaled(
                    b,
                    tiles,
                    total,
                    place if not position else offset(b, place, b.op(f"mul i64 {y0}, {position}")),
                    alpha,
                    beta,
                    keeps,
                )

        steps(b, f"rows{rows}", begin, end, rows, some)
        begin = end
    b.do("ret void")
    module.helpers["rows"] = b.text("define internal void @rows(ptr %task, i64 %from, i64 %to) nounwind")


def _sums(b: Builder, tiles: Tiles, starts: list[str], x: str, bounds: tuple[str, str, str], mask: str) -> list[str]:
    """Return the sum of each row times x: pairs of vectors, single ones, and what is left of one."""
    whole, single, k = bounds
    size, zero = SIZE[tiles.dtype], "zeroinitializer"
    totals = [zero] * (len(starts) * VECTORS)
    totals = _loop(b, tiles, starts, x, ("0", whole), VECTORS, totals)
    firsts = _loop(b, tiles, starts, x, (whole, single), 1, totals[::VECTORS])
    rest, done = b.label("rest"), b.label("row.done")
    before = b.current
    b.branch(b.op(f"icmp slt i64 {single}, {k}"), rest, done)
    b.place(rest)
    at = b.op(f"mul i64 {single}, {size}")
    of_x = masked_load(b, tiles, offset(b, x, at), mask)
    added = [
        fused(b, tiles, masked_load(b, tiles, offset(b, start, at), mask), of_x, total)
        for start, total in zip(starts, firsts, strict=True)
    ]
    last = b.current
    b.jump(done)
    b.place(done)
    ends = [
        b.op(f"phi {tiles.vector} [{old}, %{before}], [{new}, %{last}]") for old, new in zip(firsts, added, strict=True)
    ]
    return sums_of_lanes(
        b, tiles, [_sum(b, tiles, end, totals[i * VECTORS + 1 : (i + 1) * VECTORS]) for i, end in enumerate(ends)]
    )


def _sum(b: Builder, tiles: Tiles, first: str, others: list[str]) -> str:
    for other in others:
        first = b.op(f"fadd {tiles.vector} {first}, {other}")
    return first


def sums_of_lanes(b: Builder, tiles: Tiles, vectors: list[str]) -> list[str]:
    """Return the sum of the lanes of each vector: of neighbours, again and again, of two vectors at a time."""
    found: list[str] = []
    for start in range(0, len(vectors), tiles.width):
        group, lanes = vectors[start : start + tiles.width], tiles.width
        count = len(group)
        while len(group) > 1:
            group = [_neighbours(b, tiles, u, v, lanes) for u, v in zip(group[::2], group[1::2], strict=True)]
        (one,) = group
        while lanes > count:
            one = _neighbours(b, tiles, one, "", lanes)
            lanes //= 2
        kind = f"<{lanes} x {tiles.element}>"
        found += [b.op(f"extractelement {kind} {one}, i64 {lane}") for lane in range(count)]
    return found


def _neighbours(b: Builder, tiles: Tiles, u: str, v: str, lanes: int) -> str:
    """Return the sums of neighbours of one vector, or of two side by side."""
    kind, count = f"<{lanes} x {tiles.element}>", lanes if v else lanes // 2
    even, odd = (
        b.op(
            f"shufflevector {kind} {u}, {kind} {v or 'poison'}, <{count} x i32> "
            f"<{', '.join(f'i32 {2 * lane + first}' for lane in range(count))}>"
        )
        for first in (0, 1)
    )
    return b.op(f"fadd <{count} x {tiles.element}> {even}, {odd}")


def _loop(
    b: Builder, tiles: Tiles, starts: list[str], x: str, bounds: tuple[str, str], vectors: int, totals: list[str]
) -> list[str]:
    """Write a loop over some vectors of the rows at a time; return what the totals become."""
    size = SIZE[tiles.dtype]
    head, inside, after = b.label("terms"), b.label("term"), b.label("summed")
    before = b.current
    b.jump(head)
    b.place(head)
    p, of_p = b.fresh(), b.reserve()
    found = [(b.fresh(), b.reserve()) for _ in totals]
    b.branch(b.op(f"icmp slt i64 {p}, {bounds[1]}"), inside, after)
    b.place(inside)
    at = b.op(f"mul i64 {p}, {size}")
    places = [offset(b, pointer, at) for pointer in (x, *starts)]

    def load(place: str, v: int) -> str:
        return b.op(f"load {tiles.vector}, ptr {offset(b, place, v * tiles.target.vector_bytes)}, align {size}")

    of_x = [load(places[0], v) for v in range(vectors)]
    new = [
        fused(b, tiles, load(place, v), of_x[v], found[r * vectors + v][0])
        for r, place in enumerate(places[1:])
        for v in range(vectors)
    ]
    following = b.op(f"add i64 {p}, {vectors * tiles.width}")
    b.fill(of_p, f"{p} = phi i64 [{bounds[0]}, %{before}], [{following}, %{b.current}]")
    for (name, line), first, value in zip(found, totals, new, strict=True):
        b.fill(line, f"{name} = phi {tiles.vector} [{first}, %{before}], [{value}, %{b.current}]")
    b.jump(head)
    b.place(after)
    return [name for name, _ in found]


def store_scaled(b: Builder, tiles: Tiles, total: str, place: str, alpha: str, beta: str, keeps: str) -> None:
    """Store alpha times a sum, and beta times what was there."""
    size, element = SIZE[tiles.dtype], tiles.element
    scaled = b.op(f"fmul {element} {total}, {alpha}")
    kept, stored, before = b.label("keep"), b.label("store"), b.current
    b.branch(keeps, kept, stored)
    b.place(kept)
    old = b.op(f"load {element}, ptr {place}, align {size}")
    both = b.op(f"fadd contract {element} {b.op(f'fmul contract {element} {beta}, {old}')}, {scaled}")
    b.jump(stored)
    b.place(stored)
    value = b.op(f"phi {element} [{scaled}, %{before}], [{both}, %{kept}]")
    b.do(f"store {element} {value}, ptr {place}, align {size}")
