"""Partial results of the accumulations of an innermost loop, kept in vectors until the end of a chunk."""

from __future__ import annotations

from collections.abc import Sequence

from neano.backends.native.emit import accumulators
from neano.backends.native.emit.expressions import Evaluator
from neano.backends.native.emit.lanes import lanes_of
from neano.backends.native.emit.memory import Active, load, store
from neano.backends.native.emit.scalar_table import SCALAR
from neano.backends.native.emit.statements import StatementEmitter
from neano.backends.native.emit.text import Builder, Value, is_complex, join_parts
from neano.backends.native.ir import Accumulate, AccumulateArg, Stmt

State = list[Value]
"""Partial results of one accumulation: one vector, or two for a value and its position."""


class PartialResults:
    """How the accumulations of one loop go into vectors of some lanes, and from there into their accumulators."""

    def __init__(self, host: StatementEmitter, lanes: int, body: Sequence[Stmt]) -> None:
        self.host, self.b, self.numbering, self.lanes = host, host.b, host.numbering, lanes
        self.sums = [s for s in body if isinstance(s, (Accumulate, AccumulateArg))]

    @property
    def add_floats(self) -> bool:
        """Whether a sum is among them that has to be put away after some elements, for its accuracy."""
        return any(s.combine == "add" and s.value.dtype[0] in "fc" for s in self.sums)

    def start(self) -> list[State]:
        """Return the partial results of no iterations."""
        return [self._identity(s) for s in self.sums]

    def merge_all(self, one: list[State], two: list[State]) -> list[State]:
        return [self._merge(s, x, y) for s, x, y in zip(self.sums, one, two, strict=True)]

    def finish_all(self, states: list[State]) -> None:
        """Put partial results into their accumulators."""
        for statement, state in zip(self.sums, states, strict=True):
            self._finish(statement, state)

    def _identity(self, statement: Stmt) -> State:
        """Return the partial result of no iterations."""
        lanes = self.lanes
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

    def step(
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
        into = self.host.accumulator(statement.name, state[0].dtype)
        accumulators.combine(self.b, into, statement.combine, state[0])

    def _lanes(self, value: Value, begin: int, count: int) -> Value:
        if is_complex(value.dtype):
            real, imaginary = (self._lanes(part, begin, count) for part in value.parts())
            return join_parts(real, imaginary)
        if count > 1:
            return lanes_of(self.b, value, begin, count)
        return Value(self.b.op(f"extractelement {value.typed}, i64 {begin}"), value.dtype)


def registers(states: list[list[State]]) -> list[tuple[str, str]]:
    """Return type and text of every register that holds a partial result, in order."""
    registers = []
    for row in states:
        for state in row:
            for value in state:
                parts = value.parts() if is_complex(value.dtype) else (value,)
                registers += [(part.type, part.text) for part in parts]
    return registers


def across(b: Builder, combine: str, vectors: Sequence[Value]) -> Value:
    """Return a vector whose k-th lane is the lanes of the k-th of as many real vectors, combined.

    They are combined in the order in which `finish_all` does it. What is left of two vectors stands in one after each round.
    """
    rows, parts = list(vectors), len(vectors)
    while parts > 1:
        parts //= 2
        pairs = [rows[k : k + 2] for k in range(0, len(rows), 2)]
        halves = [[_parts(b, pair, parts, begin) for begin in (0, parts)] for pair in pairs]
        rows = [SCALAR[combine](b, each, each[0].dtype) for each in halves]
    return rows[0]


def _parts(b: Builder, pair: Sequence[Value], count: int, begin: int) -> Value:
    """Return `count` lanes, from one on, of each row's twice as many in one or two vectors."""
    first = pair[0]
    lanes = first.lanes * len(pair)
    picks = [i for i in range(lanes) if begin <= i % (2 * count) < begin + count]
    other = pair[1].typed if len(pair) > 1 else f"{first.type} poison"
    order = ", ".join(f"i32 {i}" for i in picks)
    text = b.op(f"shufflevector {first.typed}, {other}, <{len(picks)} x i32> <{order}>")
    return Value(text, first.dtype, len(picks))
