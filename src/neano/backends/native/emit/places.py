"""The places in memory that an innermost loop touches: found before the loop, copied to buffers and back for each chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neano.backends.native.emit import streaming
from neano.backends.native.emit.apart import elements_apart
from neano.backends.native.emit.expressions import Evaluator
from neano.backends.native.emit.memory import (
    Size,
    address,
    as_size,
    load,
    offset,
    size_add,
    size_mul,
    size_value,
    store,
)
from neano.backends.native.emit.panels import Panel
from neano.backends.native.emit.plan import Access, Kind, Plan
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.text import SIZE, Value
from neano.backends.native.emit.transposing import strided_copy
from neano.backends.native.ir import Dim, Load, Loop, Ref, Scalar, Store, Update


@dataclass
class Place:
    """Where an access is at run time.

    Attributes:
        base: pointer to the element of the loop's first iteration.
        stride: bytes from one to the next.
        apart: elements from one iteration's to the next one's, where it is read where it is.
        direct: whether it is read or written where it is; "" for always, a bool's name, or "false". It is not where its elements
            are not consecutive, or where they go past the cache.
        buffer: memory that a chunk is copied to or from, "" where there is none.
        source: the element of this chunk's first iteration.
        pointer: where the elements of this chunk are found, consecutive.
    """

    access: Access
    size: int
    base: str = ""
    stride: Size = 0
    apart: int = 1
    direct: str = ""
    buffer: str = ""
    source: str = ""
    pointer: str = ""


class Places:
    """The places of one loop; with `direct`, of one whose elements are known to stand as indices say
    (`apart`). With `bases`, where some loads begin, nothing goes by way of buffers.

    Attributes:
        scalars: what does not depend on the loop's index, by number; splats: the same in all lanes.
        indices: buffers of the computed indices that the plan keeps, by number.
        reads: places of loads, by number; writes: of stores and updates, by position in the body.
    """

    def __init__(
        self,
        host: StatementEmitter,
        loop: Loop,
        plan: Plan,
        first: Size,
        panels: Mapping[int, Panel],
        direct: bool = False,
        bases: Mapping[int, str] | None = None,
    ) -> None:
        self.host, self.b, self.loop, self.plan = host, host.b, loop, plan
        self.first, self.panels, self.numbering = first, panels, host.numbering
        self.direct, self.bases = direct, bases
        self.scalars: dict[int, Value] = {}
        self.count = ""
        self.splats: dict[int, Value] = {}
        self.indices: dict[int, str] = {}
        self.reads: dict[int, Place] = {}
        self.writes: dict[int, Place] = {}

    def all(self) -> list[Place]:
        return [*self.reads.values(), *self.writes.values()]

    # Before the loop.

    def find(self, count: str) -> None:
        """Compute what does not depend on the index, and where each place begins, before `count` iterations."""
        self.count = count
        evaluator = self.scalar_evaluator(size_value(self.first))
        for number in self.plan.hoisted:
            self.scalars[number] = evaluator.evaluate(number)
            self.splats[number] = self.b.splat(self.scalars[number], self.plan.lanes)
        for number in self.plan.indices:
            self.indices[number] = self.b.stack(f"[{self.plan.chunk * SIZE['int64']} x i8]", 64)
        for number, access in self.plan.loads.items():
            node = self.numbering.nodes[number]
            if access.kind is Kind.INVARIANT:
                self.splats[number] = self.b.splat(evaluator.evaluate(number), self.plan.lanes)
            else:
                self.reads[number] = self._place(access, node.dtype, evaluator)
        for position, access in self.plan.stores.items():
            statement = self.loop.body[position]
            assert isinstance(statement, (Store, Update))
            place = self.writes[position] = self._place(access, statement.value.dtype, evaluator)
            if isinstance(statement, Store) and self.bases is None:
                self._stream(place)

    def _place(self, access: Access, dtype: str, evaluator: Evaluator) -> Place:
        """Find the first element and the stride of an access, and give it a buffer where it may need one."""
        place = Place(access, SIZE[dtype])
        if access.kind in (Kind.STRIDED, Kind.GATHERED) and not self.direct:
            place.buffer = self.b.stack(f"[{self.plan.chunk * SIZE[dtype]} x i8]", 64)
        if access.kind is Kind.GATHERED:
            return place
        if self.bases is not None and access.number in self.bases:
            place.base, place.stride = self.bases[access.number], place.size
            return place
        memory = self.host.memory(access.buffer)
        index = [as_size(evaluator.evaluate(number)) for number in access.index]
        place.base = address(self.b, memory, index)
        if self.direct:
            place.apart = elements_apart(access) or 1
            place.stride = place.apart * place.size
            return place
        for axis, number in enumerate(access.index):
            growth = self._coefficient(number, evaluator)
            if growth != 0:
                place.stride = size_add(self.b, place.stride, size_mul(self.b, growth, memory.stride(axis)))
        if access.number in self.panels:
            self._use_panel(place, self.panels[access.number])
        if access.kind is Kind.STRIDED:
            known = isinstance(place.stride, int)
            place.direct = "false" if known else self.b.op(f"icmp eq i64 {place.stride}, {SIZE[dtype]}")
        return place

    def _stream(self, place: Place) -> None:
        """Write past the cache, by way of a buffer, where the kernel's caller says so and rows are long."""
        light = self.plan.weight <= streaming.HEAVIEST and len(self.plan.stores) <= streaming.MOST
        if place.access.kind is not Kind.UNIT or not light:
            return
        wanted = self.host.past_cache(place.access.buffer)
        if wanted:
            place.buffer = self.b.stack(f"[{self.plan.chunk * place.size} x i8]", 64)
            long = self.b.op(f"icmp sge i64 {self.count}, {streaming.SHORTEST // place.size}")
            place.direct = self.b.op(f"xor i1 true, {self.b.op(f'and i1 {long}, {wanted}')}")

    def _use_panel(self, place: Place, panel: Panel) -> None:
        """Read from the operand's panel where it is turned round."""
        row = self.host.values[panel.index].text
        place.base = self.b.op(f"select i1 {panel.turned}, ptr {panel.row(row)}, ptr {place.base}")
        place.stride = self.b.op(f"select i1 {panel.turned}, i64 {place.size}, i64 {place.stride}")

    def _coefficient(self, number: int, evaluator: Evaluator) -> Size:
        """Return by how much an affine index grows with the loop's index."""
        if not self.plan.varies[number]:
            return 0
        node, kids = self.numbering.nodes[number], self.numbering.kids[number]
        if isinstance(node, Ref):
            return 1 if node.name == self.loop.index else self._coefficient(self.plan.lets[node.name], evaluator)
        parts = [self._coefficient(k, evaluator) for k in kids]
        function = node.function if isinstance(node, Scalar) else "cast"
        if function == "mul":
            total: Size = 1
            for kid, part in zip(kids, parts, strict=True):
                total = size_mul(self.b, total, part if self.plan.varies[kid] else as_size(evaluator.evaluate(kid)))
            return total
        if function == "neg":
            return size_mul(self.b, -1, parts[0])
        if function == "sub":
            return size_add(self.b, parts[0], size_mul(self.b, -1, parts[1]))
        total = 0
        for part in parts:
            total = size_add(self.b, total, part)
        return total

    def scalar_evaluator(self, index: Value) -> Evaluator:
        """Return what computes scalars of the iteration with this index."""
        made: Evaluator

        def leaf(number: int, guard: Value | None) -> Value | None:
            node = self.numbering.nodes[number]
            match node:
                case Ref():
                    return index if node.name == self.loop.index else self.host.value(node.name, node.dtype)
                case Dim():
                    return size_value(self.host.memory(node.buffer).dim(node.axis))
                case Load():
                    found = [made.get(k, guard) for k in self.numbering.kids[number]]
                    return self.host.load(node.buffer, [as_size(i) for i in found if i is not None], guard)
                case _:
                    return None

        made = Evaluator(self.b, self.numbering, 1, leaf, self.alias)
        return made

    def alias(self, number: int) -> int | None:
        node = self.numbering.nodes[number]
        return self.plan.lets.get(node.name) if isinstance(node, Ref) else None

    # Chunks.

    def limit(self, count: str, always: bool) -> str:
        """Return how many elements a chunk has at most: all, where `always` is false and every place is consecutive."""
        if always or any(p.access.kind is Kind.GATHERED or p.direct == "false" for p in self.all()):
            return str(self.plan.chunk)
        limit = count
        for place in self.all():
            if place.direct:
                limit = self.b.op(f"select i1 {place.direct}, i64 {limit}, i64 {self.plan.chunk}")
        return limit

    def begin_chunk(self, start: str, length: str, find_indices: Callable[[], None]) -> None:
        """Find the elements of some consecutive iterations, and copy to buffers those that are not consecutive.

        Args:
            find_indices: fills the buffers of indices; called when it can read what is consecutive.
        """
        for place in self.all():
            if place.access.kind is not Kind.GATHERED:
                distance = size_mul(self.b, start if start != "0" else 0, place.stride)
                place.pointer = offset(self.b, place.base, distance)
        for place in self.reads.values():
            self._fill(place, length)
        for position, place in self.writes.items():
            self._fill(place, length, read=isinstance(self.loop.body[position], Update))
        if self.indices:
            find_indices()
        gathered = [(n, p) for n, p in self.reads.items() if p.access.kind is Kind.GATHERED]
        if gathered:
            self._each(start, length, lambda evaluator, i: self._gather(gathered, evaluator, i))

    def _fill(self, place: Place, length: str, read: bool = True) -> None:
        """Choose between the elements themselves and a copy of them, and make the copy."""
        b = self.b
        if place.access.kind is Kind.GATHERED:
            place.pointer = place.buffer
        if not place.direct:
            return
        source = place.pointer
        if read:
            copy, ready = b.label("copy"), b.label("ready")
            b.branch(place.direct, ready, copy)
            b.place(copy)
            strided_copy(b, place.buffer, place.size, source, place.stride, length, place.size)
            b.jump(ready)
            b.place(ready)
        place.source = source
        place.pointer = b.op(f"select i1 {place.direct}, ptr {source}, ptr {place.buffer}")

    def _each(self, start: str, length: str, work: Callable[[Evaluator, str], None]) -> None:
        """Run scalar code for each iteration of a chunk; it gets an evaluator and the position in the chunk."""
        b = self.b
        head, inside, after = (b.label(p) for p in ("each", "each.body", "each.done"))
        before = b.current
        b.jump(head)
        b.place(head)
        i, phi = b.fresh(), b.reserve()
        b.branch(b.op(f"icmp slt i64 {i}, {length}"), inside, after)
        b.place(inside)
        index = size_add(b, size_add(b, i, start if start != "0" else 0), self.first)
        evaluator = self.scalar_evaluator(size_value(index))
        for number, buffer in self.indices.items():
            evaluator.known[number, ""] = load(b, "int64", offset(b, buffer, size_mul(b, i, SIZE["int64"])))
        work(evaluator, i)
        following = b.op(f"add i64 {i}, 1")
        b.fill(phi, f"{i} = phi i64 [0, %{before}], [{following}, %{b.current}]")
        b.jump(head)
        b.place(after)

    def _gather(self, gathered: Sequence[tuple[int, Place]], evaluator: Evaluator, i: str) -> None:
        """Copy the element of one iteration of each gathered operand to its buffer."""
        for number, place in gathered:
            guard = self._guard(place.access, evaluator)
            value = evaluator.evaluate(number, guard)
            store(self.b, value, offset(self.b, place.buffer, size_mul(self.b, i, place.size)))

    def _guard(self, access: Access, evaluator: Evaluator) -> Value | None:
        """Return whether a load is performed in an iteration, None where it always is."""
        total: Value | None = None
        for guards in access.guards:
            mask: Value | None = None
            for condition, holds in guards:
                evaluator.evaluate(condition, mask)
                mask = evaluator.mask(condition, mask, holds)
            assert mask is not None
            total = mask if total is None else self.b.int_op("or", total, mask)
        return total

    def end_chunk(self, start: str, length: str) -> None:
        """Copy results from buffers to where they belong."""
        scattered = [(k, p) for k, p in self.writes.items() if p.access.kind is Kind.GATHERED]
        if scattered:
            self._each(start, length, lambda evaluator, i: self._scatter(scattered, evaluator, i))
        b = self.b
        for place in self.writes.values():
            if place.direct:
                copy, ready = b.label("copy"), b.label("ready")
                b.branch(place.direct, ready, copy)
                b.place(copy)
                if place.access.kind is Kind.STRIDED:
                    strided_copy(b, place.source, place.stride, place.buffer, place.size, length, place.size)
                else:
                    streaming.copy_past_cache(b, place.source, place.buffer, size_mul(b, length, place.size))
                b.jump(ready)
                b.place(ready)

    def _scatter(self, scattered: Sequence[tuple[int, Place]], evaluator: Evaluator, i: str) -> None:
        """Write the result of one iteration to its computed place."""
        for position, place in scattered:
            statement = self.loop.body[position]
            assert isinstance(statement, (Store, Update))
            index = [as_size(evaluator.evaluate(number)) for number in place.access.index]
            value = load(self.b, statement.value.dtype, offset(self.b, place.buffer, size_mul(self.b, i, place.size)))
            if isinstance(statement, Update):
                self.host.update(statement, index, value)
            else:
                store(self.b, value, address(self.b, self.host.memory(statement.buffer), index))

    def pointer(self, place: Place, i: str, ahead: int) -> str:
        step = place.apart * place.size
        return offset(self.b, offset(self.b, place.pointer, size_mul(self.b, i, step)), ahead * step)
