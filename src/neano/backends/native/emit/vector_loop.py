"""An innermost loop as vector code.

    before the loop: what does not depend on its index; pointers and strides of every place
    for each chunk:
        copy strided and gathered operands to buffers, where they are not consecutive already
        main loop: `unroll` vectors a turn; rest loop: one vector a turn, with lanes past the end switched off
        put partial sums into the accumulators; copy results to strided and computed places

There is one chunk, of any length, where nothing needs to be copied and nothing is summed. An element's result does not
depend on whether the main or the rest loop computes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from neano.backends.native.emit.apart import FORMS, has_forms, load_apart, stand_as_indexed
from neano.backends.native.emit.carried import States, carried_loop
from neano.backends.native.emit.expressions import Evaluator
from neano.backends.native.emit.lanes import active_lanes, iota
from neano.backends.native.emit.memory import (
    Active,
    Size,
    load_vector,
    offset,
    size_add,
    size_mul,
    size_value,
    store_vector,
)
from neano.backends.native.emit.panels import Panel
from neano.backends.native.emit.partial_results import PartialResults, State
from neano.backends.native.emit.places import Places
from neano.backends.native.emit.plan import Kind, Plan
from neano.backends.native.emit.quotients import Divisor, is_quotient, quotient
from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.text import SIZE, Value, constant
from neano.backends.native.ir import Accumulate, AccumulateArg, Const, Let, Load, Loop, Ref, Store, Update


class VectorLoop:
    """Writes one loop. `first` and `stop` bound its index.

    With `direct`, the elements of all operands are known to stand as indices say. `find`, `body` and `partial` are there for
    loops of other forms.
    """

    def __init__(
        self,
        host: StatementEmitter,
        loop: Loop,
        plan: Plan,
        first: Size,
        stop: Size,
        panels: Mapping[int, Panel],
        direct: bool = False,
        bases: Mapping[int, str] | None = None,
    ) -> None:
        self.host, self.b, self.loop, self.plan = host, host.b, loop, plan
        self.first, self.stop, self.numbering = first, stop, host.numbering
        self.places = Places(host, loop, plan, first, panels, direct, bases)
        self.partial = PartialResults(host, plan.lanes, loop.body)
        self.divisors: dict[int, Divisor | None] = {}
        self.given: dict[int, Value] = {}

    def emit(self) -> None:
        """Write the loop; nothing is read or computed where it has no iterations."""
        b = self.b
        some, after = b.label("some"), b.label("after.loop")
        count = b.op(f"sub i64 {self.stop}, {self.first}")
        b.branch(b.op(f"icmp sgt i64 {count}, 0"), some, after)
        b.place(some)
        as_indexed = stand_as_indexed(self.host, self.plan.accesses, FORMS) if has_forms(self.plan) else None
        if as_indexed is not None:
            direct, copied = b.label("direct"), b.label("copied")
            b.branch(as_indexed, direct, copied)
            b.place(direct)
            VectorLoop(self.host, self.loop, self.plan, self.first, self.stop, {}, direct=True).run(count)
            b.jump(after)
            b.place(copied)
        self.run(count)
        b.jump(after)
        b.place(after)

    def run(self, count: str) -> None:
        """Write the loop for some iterations, at least one."""
        self.find(count)
        if self.partial.sums or any(place.buffer for place in self.places.all()):
            self._chunks(count)
        else:
            self._chunk("0", count)

    def find(self, count: str) -> None:
        """Find all places before `count` iterations, and prepare for divisions by what does not depend on the index."""
        self.places.find(count)
        for number, varies in self.plan.varies.items():
            if not varies or self.plan.lanes == 1 or not is_quotient(self.numbering.nodes[number]):
                continue
            by = self.numbering.kids[number][1]
            node = self.numbering.nodes[by]
            value = constant(node.value, node.dtype) if isinstance(node, Const) else self.places.scalars.get(by)
            if value is not None and by not in self.divisors:
                self.divisors[by] = Divisor.of(self.b, value, node, self.plan.lanes, count)

    def _quotient(self, number: int, operands: list[Value]) -> Value | None:
        """Return a quotient by what does not depend on the index; None for anything else."""
        if not is_quotient(self.numbering.nodes[number]):
            return None
        divisor = self.divisors.get(self.numbering.kids[number][1])
        return None if divisor is None else quotient(self.b, operands[0], divisor)

    def _chunks(self, count: str) -> None:
        """Run chunk after chunk; one chunk takes all where no buffer is needed after all and nothing is summed."""
        b = self.b
        limit = self.places.limit(count, self.partial.add_floats)
        head, inside, after = (b.label(p) for p in ("chunk", "chunk.body", "chunk.done"))
        before = b.current
        b.jump(head)
        b.place(head)
        start, phi = b.fresh(), b.reserve()
        left = b.op(f"sub i64 {count}, {start}")
        b.branch(b.op(f"icmp sgt i64 {left}, 0"), inside, after)
        b.place(inside)
        short = b.op(f"icmp slt i64 {left}, {limit}")
        length = b.op(f"select i1 {short}, i64 {left}, i64 {limit}")
        self._chunk(start, length)
        following = b.op(f"add i64 {start}, {length}")
        b.fill(phi, f"{start} = phi i64 [0, %{before}], [{following}, %{b.current}]")
        b.jump(head)
        b.place(after)

    def _chunk(self, start: str, length: str) -> None:
        """Run some consecutive iterations."""
        self.places.begin_chunk(start, length, lambda: self._find_indices(start, length))
        self._vectors(start, length)
        self.places.end_chunk(start, length)

    def _find_indices(self, start: str, length: str) -> None:
        """Compute the indices of a chunk's elements, which are then fetched or written one by one."""
        b = self.b
        begin = size_add(b, start if start != "0" else 0, self.first)

        def turn(i: str, states: States) -> States:
            evaluator = self._vector_evaluator(begin, i, 0, active_lanes(self.b, self.plan.lanes, length, i))
            for number, buffer in self.places.indices.items():
                value = evaluator.evaluate(number)
                store_vector(b, value, offset(b, buffer, size_mul(b, i, SIZE["int64"])), None)
            return states

        carried_loop(self.b, "indices", "0", length, self.plan.lanes, [], turn)

    def _whole(self, start: str, length: str) -> str:
        """Return how many of a chunk's iterations may be part of whole vectors: what those read beside them must be there."""
        if all(place.apart != 2 for place in self.places.reads.values()):
            return length
        last = self.b.op(f"icmp eq i64 {size_add(self.b, length, start if start != '0' else 0)}, {self.places.count}")
        return self.b.op(f"sub i64 {length}, {self.b.op(f'zext i1 {last} to i64')}")

    def _vectors(self, start: str, length: str) -> None:
        """Write the main loop, the rest loop, and what becomes of partial results."""
        b, lanes, unroll = self.b, self.plan.lanes, self.plan.unroll
        step = lanes * unroll
        bulk = b.op(f"and i64 {self._whole(start, length)}, {-step}")
        begin = size_add(b, start if start != "0" else 0, self.first)
        states = [self.partial.start() for _ in range(unroll)]

        def main(i: str, now: States) -> States:
            return [self.body(begin, i, u * lanes, None, now[u]) for u in range(unroll)]

        _, states = carried_loop(b, "vector", "0", bulk, step, states, main)
        while len(states) > 1:
            pairs = zip(states[::2], states[1::2], strict=True)
            states = [self.partial.merge_all(one, two) for one, two in pairs]

        def rest(i: str, now: States) -> States:
            return [self.body(begin, i, 0, active_lanes(self.b, self.plan.lanes, length, i), now[0])]

        _, states = carried_loop(b, "rest", bulk, length, lanes, states, rest)
        self.partial.finish_all(states[0])

    def body(self, begin: Size, i: str, ahead: int, active: Active | None, states: list[State]) -> list[State]:
        """Write one vector of iterations; return the partial results with it."""
        evaluator = self._vector_evaluator(begin, i, ahead, active)
        updated: list[State] = []
        for position, statement in enumerate(self.loop.body):
            match statement:
                case Let():
                    evaluator.evaluate(self.plan.lets[statement.name])
                case Store():
                    value = evaluator.evaluate(self.numbering.number(statement.value))
                    store_vector(self.b, value, self.places.pointer(self.places.writes[position], i, ahead), active)
                case Update():
                    self._update(statement, position, evaluator, i, ahead, active)
                case Accumulate() | AccumulateArg():
                    updated.append(self.partial.step(statement, states[len(updated)], evaluator, active))
                case _:
                    raise TypeError(f"{statement!r} in a vector loop")
        return updated

    def stored(self, begin: Size, i: str, ahead: int, given: dict[int, Value]) -> list[tuple[Value, str]]:
        """Compute one vector of iterations; return what is to be stored, and where.

        Args:
            given: the values of some loads.
        """
        self.given = given
        evaluator = self._vector_evaluator(begin, i, ahead, None)
        found = []
        for position, statement in enumerate(self.loop.body):
            if isinstance(statement, Store):
                value = evaluator.evaluate(self.numbering.number(statement.value))
                found.append((value, self.places.pointer(self.places.writes[position], i, ahead)))
        return found

    def _update(
        self, statement: Update, position: int, evaluator: Evaluator, i: str, ahead: int, active: Active | None
    ) -> None:
        value = evaluator.evaluate(self.numbering.number(statement.value))
        place = self.places.writes[position]
        pointer = self.places.pointer(place, i, ahead)
        if place.access.kind is not Kind.GATHERED:
            before = load_vector(self.b, value.dtype, self.plan.lanes, pointer, active, None)
            value = SCALAR[statement.combine](self.b, [before, value], value.dtype)
        store_vector(self.b, value, pointer, active)

    def _vector_evaluator(self, begin: Size, i: str, ahead: int, active: Active | None) -> Evaluator:
        """Return what computes vectors of the iterations from one on."""
        b, lanes = self.b, self.plan.lanes

        def leaf(number: int, guard: Value | None) -> Value | None:
            if number in self.places.splats:
                return self.places.splats[number]
            if number in self.given:
                return self.given[number]
            node = self.numbering.nodes[number]
            if isinstance(node, Load):
                place = self.places.reads[number]
                if place.apart != 1:
                    return load_apart(b, node.dtype, lanes, self.places.pointer(place, i, ahead), place.apart, active)
                its_guard = guard if place.access.kind is Kind.MASKED else None
                return load_vector(b, node.dtype, lanes, self.places.pointer(place, i, ahead), active, its_guard)
            if isinstance(node, Ref):
                index = size_add(b, size_add(b, begin, i), ahead)
                wide = b.splat(size_value(index), lanes)
                return wide if lanes == 1 else b.int_op("add", wide, wide.same(iota("i64", lanes)))
            return None

        return Evaluator(
            b, self.numbering, lanes, leaf, self._alias_outside_splats, through_loads=False, shortcut=self._quotient
        )

    def _alias_outside_splats(self, number: int) -> int | None:
        return None if number in self.places.splats else self.places.alias(number)
