"""Functions over a range, `void f(ptr given, i64 from, i64 to)`: run on threads, or several of them piece by piece.

`pipelines` says which run piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neano.backends.native.emit.memory import Size, offset, size_mul
from neano.backends.native.emit.panels import steps
from neano.backends.native.emit.text import Builder

if TYPE_CHECKING:
    from neano.backends.native.emit.body import BodyEmitter

PARALLEL_FOR = "neano_parallel_for"

PIECE = 2**19
"""Bytes of a piece, about: what is handed on within it stays in a core's second cache."""

LEAST_PIECES = 16
"""With fewer elements along the first axis each statement by itself is better shared among threads."""

WORD = 8


@dataclass(frozen=True)
class Ranged:
    """A function over a range, ready to be called.

    Attributes:
        function: its name.
        given: what it is handed.
        total: how many iterations there are.
        grain: how many are worth a thread; None where only one thread may do them, in their order.
        finish: writes what comes after the last call.
    """

    function: str
    given: str
    total: Size
    grain: Size | None
    finish: Callable[[], None]


def run(body: BodyEmitter, ranged: Ranged) -> None:
    """Write the call for the whole range."""
    if body.options.threads and ranged.grain is not None:
        numbers = [("i64", str(size)) for size in (ranged.total, ranged.grain)]
        body.b.call(PARALLEL_FOR, "void", ("ptr", f"@{ranged.function}"), ("ptr", ranged.given), *numbers)
    else:
        body.b.do(f"call void @{ranged.function}(ptr {ranged.given}, i64 0, i64 {ranged.total})")


def run_in_pieces(body: BodyEmitter, members: Sequence[Ranged], pieces: Size, handed_on: Size) -> None:
    """Write the calls of several functions: piece by piece through all of them where that pays, else one after the other.

    Args:
        pieces: how many equal parts all ranges have; where it does not divide them they are not divided.
        handed_on: bytes that some of the functions write and others read.
    """
    b = body.b
    each = [(m, b.op(f"udiv i64 {m.total}, {at_least_one(b, pieces)}")) for m in members]
    pays = b.op(f"icmp sge i64 {pieces}, {LEAST_PIECES}")
    pays = b.op(f"and i1 {pays}, {b.op(f'icmp sgt i64 {handed_on}, {2 * PIECE}')}")
    for member, part in each:
        whole = b.op(f"icmp eq i64 {size_mul(b, part, pieces)}, {member.total}")
        pays = b.op(f"and i1 {pays}, {whole}")
    apart, together, done = b.label("apart"), b.label("together"), b.label("went.through")
    b.branch(pays, together, apart)
    b.place(together)
    size = b.op(f"udiv i64 {handed_on}, {at_least_one(b, pieces)}")
    step = at_least_one(b, b.op(f"udiv i64 {PIECE}, {at_least_one(b, size)}"))
    words: list[tuple[str, Size]] = [("i64", step)]
    for member, part in each:
        words += [("ptr", member.given), ("i64", part)]
    handed = b.stack(f"[{len(words)} x i64]")
    for position, (kind, word) in enumerate(words):
        b.do(f"store {kind} {word}, ptr {offset(b, handed, WORD * position)}")
    name = _through_all(b, [member.function for member in members])
    run(body, Ranged(name, handed, pieces, step, lambda: None))
    b.jump(done)
    b.place(apart)
    for member in members:
        run(body, member)
    b.jump(done)
    b.place(done)


def at_least_one(b: Builder, size: Size) -> str:
    return b.call("llvm.smax.i64", "i64", ("i64", str(size)), ("i64", "1"))


def _through_all(outer: Builder, functions: Sequence[str]) -> str:
    """Write the function that calls others for one piece after the other, handed as `run_in_pieces` does; return its name."""
    b = Builder(outer.module, outer.target, outer.options)

    def word(kind: str, position: int) -> str:
        return b.early(f"load {kind}, ptr {b.early(f'getelementptr i8, ptr %given, i64 {WORD * position}')}")

    members = [(name, word("ptr", 2 * k + 1), word("i64", 2 * k + 2)) for k, name in enumerate(functions)]

    def piece(first: str, stop: str) -> None:
        for name, given, part in members:
            bounds = [b.op(f"mul i64 {bound}, {part}") for bound in (first, stop)]
            b.do(f"call void @{name}(ptr {given}, i64 {bounds[0]}, i64 {bounds[1]})")

    steps(b, "piece", "%from", "%to", word("i64", 0), piece)
    b.do("ret void")
    name = f"pipeline.{len(outer.module.helpers)}"
    outer.module.helpers[name] = b.text(f"define internal void @{name}(ptr %given, i64 %from, i64 %to) nounwind")
    return name
