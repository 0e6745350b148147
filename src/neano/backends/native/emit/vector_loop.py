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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neano.backends.native.emit import accumulators
from neano.backends.native.emit.accumulators import Accumulator
from neano.backends.native.emit.expressions import Evaluator
from neano.backends.native.emit.functions import lanes_of
from neano.backends.native.emit.memory import (
    Active,
    Size,
    address,
    as_size,
    load,
    load_vector,
    offset,
    size_add,
    size_mul,
    size_value,
    store,
    store_vector,
    strided_copy,
)
from neano.backends.native.emit.panels import Panel
from neano.backends.native.emit.plan import Access, Kind, Plan
from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.text import SIZE, Value, constant, is_complex, join_parts
from neano.backends.native.ir import Accumulate, AccumulateArg, Dim, Let, Load, Loop, Ref, Scalar, Stmt, Store, Update


@dataclass
class Place:
    """Where an access is at run time.

    Attributes:
        base: pointer to the element of the loop's first iteration.
        stride: bytes from one to the next.
        direct: whether it is consecutive; "" for always, a bool's name, or "false".
        buffer: memory that a chunk is copied to or from, "" where there is none.
        source: the element of this chunk's first iteration.
        pointer: where the elements of this chunk are found, consecutive.
    """

    access: Access
    size: int
    base: str = ""
    stride: Size = 0
    direct: str = ""
    buffer: str = ""
    source: str = ""
    pointer: str = ""


State = list[Value]
"""Partial results of one accumulation: one vector, or two for a value and its position."""


class VectorLoop:
    """Writes one loop. `first` and `stop` bound its index."""

    def __init__(
        self, host: StatementEmitter, loop: Loop, plan: Plan, first: Size, stop: Size, panels: Mapping[int, Panel]
    ) -> None:
        self.host, self.b, self.loop, self.plan = host, host.b, loop, plan
        self.first, self.stop, self.panels = first, stop, panels
        self.numbering = host.numbering
        self.splats: dict[int, Value] = {}
        self.reads: dict[int, Place] = {}
        self.writes: dict[int, Place] = {}
        self.sums = [s for s in loop.body if isinstance(s, (Accumulate, AccumulateArg))]

    def emit(self) -> None:
        """Write the loop; nothing is read or computed where it has no iterations."""
        b = self.b
        some, after = b.label("some"), b.label("after.loop")
        count = b.op(f"sub i64 {self.stop}, {self.first}")
        b.branch(b.op(f"icmp sgt i64 {count}, 0"), some, after)
        b.place(some)
        self._prepare()
        if self.sums or self._needs_buffers():
            self._chunks(count)
        else:
            self._chunk("0", count)
        b.jump(after)
        b.place(after)

    # Before the loop.

    def _prepare(self) -> None:
        evaluator = self._scalar_evaluator(size_value(self.first))
        for number in self.plan.hoisted:
            self.splats[number] = self.b.splat(evaluator.evaluate(number), self.plan.lanes)
        for number, access in self.plan.loads.items():
            node = self.numbering.nodes[number]
            if access.kind is Kind.INVARIANT:
                self.splats[number] = self.b.splat(evaluator.evaluate(number), self.plan.lanes)
            else:
                self.reads[number] = self._place(access, node.dtype, evaluator)
        for position, access in self.plan.stores.items():
            statement = self.loop.body[position]
            assert isinstance(statement, (Store, Update))
            self.writes[position] = self._place(access, statement.value.dtype, evaluator)

    def _place(self, access: Access, dtype: str, evaluator: Evaluator) -> Place:
        """Find the first element and the stride of an access, and give it a buffer where it may need one."""
        place = Place(access, SIZE[dtype])
        if access.kind in (Kind.STRIDED, Kind.GATHERED):
            place.buffer = self.b.stack(f"[{self.plan.chunk * SIZE[dtype]} x i8]", 64)
        if access.kind is Kind.GATHERED:
            return place
        memory = self.host.memory(access.buffer)
        index = [as_size(evaluator.evaluate(number)) for number in access.index]
        place.base = address(self.b, memory, index)
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

    def _scalar_evaluator(self, index: Value) -> Evaluator:
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

        made = Evaluator(self.b, self.numbering, 1, leaf, self._alias)
        return made

    def _alias(self, number: int) -> int | None:
        node = self.numbering.nodes[number]
        return self.plan.lets.get(node.name) if isinstance(node, Ref) else None

    # Chunks.

    def _needs_buffers(self) -> bool:
        return any(place.buffer for place in (*self.reads.values(), *self.writes.values()))

    def _chunks(self, count: str) -> None:
        """Run chunk after chunk; one chunk takes all where no buffer is needed after all and nothing is summed."""
        b = self.b
        limit = self._limit(count)
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

    def _limit(self, count: str) -> str:
        """Return how many elements a chunk has at most."""
        places = [*self.reads.values(), *self.writes.values()]
        fixed = any(p.access.kind is Kind.GATHERED or p.direct == "false" for p in places)
        if fixed or any(s.combine == "add" and s.value.dtype[0] in "fc" for s in self.sums):
            return str(self.plan.chunk)
        limit = count
        for place in places:
            if place.direct:
                limit = self.b.op(f"select i1 {place.direct}, i64 {limit}, i64 {self.plan.chunk}")
        return limit

    def _chunk(self, start: str, length: str) -> None:
        """Run some consecutive iterations."""
        for place in (*self.reads.values(), *self.writes.values()):
            if place.access.kind is not Kind.GATHERED:
                here = offset(self.b, place.base, size_mul(self.b, start if start != "0" else 0, place.stride))
                place.pointer = here
        for place in self.reads.values():
            self._fill(place, length)
        for position, place in self.writes.items():
            self._fill(place, length, read=isinstance(self.loop.body[position], Update))
        gathered = [(n, p) for n, p in self.reads.items() if p.access.kind is Kind.GATHERED]
        if gathered:
            self._each(start, length, lambda evaluator, i: self._gather(gathered, evaluator, i))
        self._vectors(start, length)
        self._drain(start, length)

    def _fill(self, place: Place, length: str, read: bool = True) -> None:
        """Choose between the elements themselves and a copy of them, and make the copy."""
        b = self.b
        if place.access.kind is Kind.GATHERED:
            place.pointer = place.buffer
        if place.access.kind is not Kind.STRIDED:
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
        work(self._scalar_evaluator(size_value(index)), i)
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

    def _drain(self, start: str, length: str) -> None:
        """Copy results from buffers to where they belong."""
        scattered = [(k, p) for k, p in self.writes.items() if p.access.kind is Kind.GATHERED]
        if scattered:
            self._each(start, length, lambda evaluator, i: self._scatter(scattered, evaluator, i))
        b = self.b
        for place in self.writes.values():
            if place.access.kind is Kind.STRIDED:
                copy, ready = b.label("copy"), b.label("ready")
                b.branch(place.direct, ready, copy)
                b.place(copy)
                target = place.source
                strided_copy(b, target, place.stride, place.buffer, place.size, length, place.size)
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

    # Vectors.

    def _vectors(self, start: str, length: str) -> None:
        """Write the main loop, the rest loop, and what becomes of partial results."""
        b, lanes, unroll = self.b, self.plan.lanes, self.plan.unroll
        step = lanes * unroll
        bulk = b.op(f"and i64 {length}, {-step}")
        begin = size_add(b, start if start != "0" else 0, self.first)
        states = [[self._identity(s) for s in self.sums] for _ in range(unroll)]

        def main(i: str, now: list[list[State]]) -> list[list[State]]:
            return [self._body(b, begin, i, u * lanes, None, now[u]) for u in range(unroll)]

        states = self._loop("vector", "0", bulk, step, states, main)
        while len(states) > 1:
            pairs = zip(states[::2], states[1::2], strict=True)
            states = [[self._merge(s, x, y) for s, x, y in zip(self.sums, one, two, strict=True)] for one, two in pairs]

        def rest(i: str, now: list[list[State]]) -> list[list[State]]:
            return [self._body(b, begin, i, 0, self._active(length, i), now[0])]

        states = self._loop("rest", bulk, length, lanes, states, rest)
        for statement, state in zip(self.sums, states[0], strict=True):
            self._finish(statement, state)

    def _active(self, length: str, i: str) -> Active:
        b, lanes = self.b, self.plan.lanes
        left = b.op(f"sub i64 {length}, {i}")
        many = b.op(f"icmp slt i64 {left}, {lanes}")
        left = b.op(f"select i1 {many}, i64 {left}, i64 {lanes}")
        if lanes == 1:
            return Active(constant(True, "bool"), left)
        narrow = Value(b.op(f"trunc i64 {left} to i8"), "int8")
        mask = b.op(f"icmp ult <{lanes} x i8> {self._iota('i8')}, {b.splat(narrow, lanes).text}")
        return Active(Value(mask, "bool", lanes), left)

    def _iota(self, element: str) -> str:
        return "<" + ", ".join(f"{element} {k}" for k in range(self.plan.lanes)) + ">"

    def _loop(
        self,
        name: str,
        begin: str,
        end: str,
        step: int,
        states: list[list[State]],
        body: Callable[[str, list[list[State]]], list[list[State]]],
    ) -> list[list[State]]:
        """Write a loop that carries partial results; return them as they are after it."""
        b = self.b
        head, inside, after = b.label(name), b.label(f"{name}.body"), b.label(f"{name}.done")
        before = b.current
        b.jump(head)
        b.place(head)
        i, phi = b.fresh(), b.reserve()
        carried, lines = self._carry(states)
        b.branch(b.op(f"icmp slt i64 {i}, {end}"), inside, after)
        b.place(inside)
        updated = body(i, carried)
        following = b.op(f"add i64 {i}, {step}")
        back = b.current
        b.fill(phi, f"{i} = phi i64 [{begin}, %{before}], [{following}, %{back}]")
        texts = zip(_texts(carried), _texts(states), _texts(updated), lines, strict=True)
        for (kind, name_now), (_, first), (_, last), line in texts:
            b.fill(line, f"{name_now} = phi {kind} [{first}, %{before}], [{last}, %{back}]")
        b.jump(head)
        b.place(after)
        return carried

    def _carry(self, states: list[list[State]]) -> tuple[list[list[State]], list[int]]:
        """Return partial results under new names, and the lines where their phis will stand."""
        lines: list[int] = []

        def renamed(value: Value) -> Value:
            lines.append(self.b.reserve())
            if is_complex(value.dtype):
                lines.append(self.b.reserve())
                return Value(self.b.fresh(), value.dtype, value.lanes, self.b.fresh())
            return value.same(self.b.fresh())

        return [[[renamed(v) for v in state] for state in row] for row in states], lines

    def _body(
        self, b: object, begin: Size, i: str, ahead: int, active: Active | None, states: list[State]
    ) -> list[State]:
        """Write one vector of iterations; return the partial results with it."""
        evaluator = self._vector_evaluator(begin, i, ahead, active)
        updated: list[State] = []
        for position, statement in enumerate(self.loop.body):
            match statement:
                case Let():
                    evaluator.evaluate(self.plan.lets[statement.name])
                case Store():
                    value = evaluator.evaluate(self.numbering.number(statement.value))
                    store_vector(self.b, value, self._pointer(self.writes[position], i, ahead), active)
                case Update():
                    self._update(statement, position, evaluator, i, ahead, active)
                case Accumulate() | AccumulateArg():
                    updated.append(self._step(statement, states[len(updated)], evaluator, active))
                case _:
                    raise TypeError(f"{statement!r} in a vector loop")
        return updated

    def _update(
        self, statement: Update, position: int, evaluator: Evaluator, i: str, ahead: int, active: Active | None
    ) -> None:
        value = evaluator.evaluate(self.numbering.number(statement.value))
        place = self.writes[position]
        pointer = self._pointer(place, i, ahead)
        if place.access.kind is not Kind.GATHERED:
            before = load_vector(self.b, value.dtype, self.plan.lanes, pointer, active, None)
            value = SCALAR[statement.combine](self.b, [before, value], value.dtype)
        store_vector(self.b, value, pointer, active)

    def _pointer(self, place: Place, i: str, ahead: int) -> str:
        moved = offset(self.b, place.pointer, size_mul(self.b, i, place.size))
        return offset(self.b, moved, ahead * place.size)

    def _vector_evaluator(self, begin: Size, i: str, ahead: int, active: Active | None) -> Evaluator:
        """Return what computes vectors of the iterations from one on."""
        b, lanes = self.b, self.plan.lanes

        def leaf(number: int, guard: Value | None) -> Value | None:
            if number in self.splats:
                return self.splats[number]
            node = self.numbering.nodes[number]
            if isinstance(node, Load):
                place = self.reads[number]
                its_guard = guard if place.access.kind is Kind.MASKED else None
                return load_vector(b, node.dtype, lanes, self._pointer(place, i, ahead), active, its_guard)
            if isinstance(node, Ref):
                index = size_add(b, size_add(b, begin, i), ahead)
                wide = b.splat(size_value(index), lanes)
                return wide if lanes == 1 else b.int_op("add", wide, wide.same(self._iota("i64")))
            return None

        return Evaluator(b, self.numbering, lanes, leaf, self._alias_outside_splats, through_loads=False)

    def _alias_outside_splats(self, number: int) -> int | None:
        return None if number in self.splats else self._alias(number)

    # Partial results.

    def _identity(self, statement: Stmt) -> State:
        """Return the partial result of no iterations."""
        lanes = self.plan.lanes
        if isinstance(statement, AccumulateArg):
            names = ((statement.value_name, statement.value.dtype), (statement.position_name, "int64"))
            return [
                self.b.splat(load(self.b, dtype, self.host.accumulator(name, dtype).cell), lanes)
                for name, dtype in names
            ]
        assert isinstance(statement, Accumulate)
        found = accumulators.identity(statement.combine, statement.value.dtype, lanes)
        assert found is not None
        return [found]

    def _step(
        self, statement: Accumulate | AccumulateArg, state: State, evaluator: Evaluator, active: Active | None
    ) -> State:
        """Return a partial result with one more vector of values in it."""
        b = self.b
        value = evaluator.evaluate(self.numbering.number(statement.value))
        if isinstance(statement, AccumulateArg):
            position = evaluator.evaluate(self.numbering.number(statement.position))
            take = accumulators.better(b, statement.combine, value, state[0])
            if active is not None:
                take = b.int_op("and", take, active.mask)
            return [b.select(take, value, state[0]), b.select(take, position, state[1])]
        if active is not None:
            value = b.select(active.mask, value, self._identity(statement)[0])
        return [SCALAR[statement.combine](b, [state[0], value], value.dtype)]

    def _merge(self, statement: Stmt, one: State, two: State) -> State:
        """Return two partial results as one."""
        if isinstance(statement, AccumulateArg):
            return list(accumulators.merge_extremes(self.b, statement.combine, (one[0], one[1]), (two[0], two[1])))
        assert isinstance(statement, Accumulate)
        return [SCALAR[statement.combine](self.b, [one[0], two[0]], one[0].dtype)]

    def _finish(self, statement: Stmt, state: State) -> None:
        """Put a partial result into its accumulator."""
        while state[0].lanes > 1:
            half = state[0].lanes // 2
            low, high = ([self._lanes(v, begin, half) for v in state] for begin in (0, half))
            state = self._merge(statement, low, high)
        if isinstance(statement, AccumulateArg):
            for name, value in zip((statement.value_name, statement.position_name), state, strict=True):
                store(self.b, value, self.host.accumulator(name, value.dtype).cell)
            return
        assert isinstance(statement, Accumulate)
        into: Accumulator = self.host.accumulator(statement.name, state[0].dtype)
        accumulators.combine(self.b, into, statement.combine, state[0])

    def _lanes(self, value: Value, begin: int, count: int) -> Value:
        if is_complex(value.dtype):
            real, imaginary = (self._lanes(part, begin, count) for part in value.parts())
            return join_parts(real, imaginary)
        if count > 1:
            return lanes_of(self.b, value, begin, count)
        return Value(self.b.op(f"extractelement {value.typed}, i64 {begin}"), value.dtype)


def _texts(states: list[list[State]]) -> list[tuple[str, str]]:
    """Return type and text of every register that holds a partial result, in order."""
    registers = []
    for row in states:
        for state in row:
            for value in state:
                parts = value.parts() if is_complex(value.dtype) else (value,)
                registers += [(part.type, part.text) for part in parts]
    return registers
