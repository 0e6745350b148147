"""What the emitter finds out about an innermost loop before it writes vector code for it.

A loop runs in vectors when its body is made of values, stores, updates and accumulations, and no iteration reads what
another writes. Each place in memory that it touches is of one kind:

    INVARIANT   the same element in every iteration: loaded once, put into all lanes
    UNIT        consecutive elements
    STRIDED     elements at an equal distance, known at run time: consecutive, or copied to a buffer of the loop first
    GATHERED    elements at computed places, or such as may only be read under a condition: fetched one by one into a
                buffer before each chunk, or written one by one after it
    MASKED      consecutive elements that may only be read under a condition, where the processor masks loads
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from neano.backends.native.emit.accumulators import identity
from neano.backends.native.emit.independence import independent
from neano.backends.native.emit.memory import static_stride
from neano.backends.native.emit.numbering import Numbering
from neano.backends.native.emit.target import Target
from neano.backends.native.emit.text import SIZE, bits, words
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Cast,
    Const,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Scalar,
    Select,
    Stmt,
    Store,
    Update,
)

Guards = tuple[tuple[int, bool], ...]
"""Conditions, by number, and whether they hold: what must be so where a load is performed."""

CHEAP = frozenset(
    words(
        "add sub mul neg sqr maximum minimum switch lt gt le ge eq neq and_ or_ xor invert identity second abs_ clip real imag"
    )
)


BUFFER_BYTES = 65536
"""Bytes of a kernel's frame that the buffers of one loop may take; chunks get shorter where places are very many."""


class Kind(Enum):
    INVARIANT = "invariant"
    UNIT = "unit"
    STRIDED = "strided"
    GATHERED = "gathered"
    MASKED = "masked"


@dataclass(frozen=True)
class Access:
    """A place that the loop reads or writes.

    Attributes:
        index: numbers of the index expressions.
        number: of the load, -1 for a store.
        guards: each of them a set of conditions under which the load is performed; empty where it always is.
        growth: by how much each index grows with the loop's: an int, "runtime" where it is only affine, else None.
    """

    buffer: str
    index: tuple[int, ...]
    kind: Kind
    number: int = -1
    guards: tuple[Guards, ...] = ()
    growth: tuple[int | str | None, ...] = ()


@dataclass
class Plan:
    """How a loop runs in vectors.

    Attributes:
        lets: numbers of the loop's own values, by name.
        varies: for each number of the loop, whether it depends on the index.
        loads: by number; stores: by position of the statement in the body.
        hoisted: numbers computed once, before the loop.
        indices: numbers of computed indices that are kept for a chunk: found in vectors before elements are fetched one by one.
        lanes, unroll: width of a vector and how many of them one turn of the main loop takes.
        buffered: bytes that the buffers of strided and computed places take for each element.
        chunk: elements after which partial sums are put away and buffers of strided operands are refilled.
    """

    lets: dict[str, int] = field(default_factory=dict)
    varies: dict[int, bool] = field(default_factory=dict)
    loads: dict[int, Access] = field(default_factory=dict)
    stores: dict[int, Access] = field(default_factory=dict)
    hoisted: list[int] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    lanes: int = 1
    unroll: int = 1
    weight: int = 0
    buffered: int = 0

    @property
    def accesses(self) -> list[Access]:
        """All loads and stores."""
        return [*self.loads.values(), *self.stores.values()]

    @property
    def chunk(self) -> int:
        elements = 16 * self.lanes * 4
        while elements * self.buffered > BUFFER_BYTES and elements > self.lanes * self.unroll:
            elements //= 2
        return elements


class Analysis:
    """Makes the plan of a loop.

    Attributes:
        reason: why there is none and the loop has to run as scalar code.
    """

    def __init__(
        self, program: Program, numbering: Numbering, target: Target, views: dict[str, str], loop: Loop
    ) -> None:
        self.program, self.numbering, self.target, self.views, self.loop = program, numbering, target, views, loop
        self.plan = Plan()
        self.values: list[int] = []
        self.reason = ""

    def run(self) -> Plan | None:
        """Return the plan, None where the loop cannot run in vectors."""
        body = self.loop.body
        if not body or not all(isinstance(s, (Let, Store, Update, Accumulate, AccumulateArg)) for s in body):
            return self._scalar("a statement that is no value, store or accumulation stands in it")
        if not self._combines_are_known(body):
            return self._scalar("vectors cannot accumulate so")
        for statement in body:
            self._number(statement)
        guards = self._collect()
        for number, found in guards.items():
            self.plan.loads[number] = self.load(number, found)
        for position, statement in enumerate(body):
            if isinstance(statement, (Store, Update)):
                index = tuple(self.numbering.number(i) for i in statement.index)
                access = self._store(statement, index)
                if access is None:
                    return self._scalar(f"every iteration writes the same element of {statement.buffer}")
                self.plan.stores[position] = access
        if not self._independent():
            return self._scalar("an iteration may read or write what another writes")
        self._measure(body)
        return self.plan

    def _scalar(self, reason: str) -> Plan | None:
        """Say why there is no plan."""
        self.reason = reason
        return None

    def _combines_are_known(self, body: tuple[Stmt, ...]) -> bool:
        accumulated: set[str] = set()
        for statement in body:
            if isinstance(statement, Accumulate):
                if statement.name in accumulated or identity(statement.combine, statement.value.dtype, 1) is None:
                    return False
                accumulated.add(statement.name)
            elif isinstance(statement, AccumulateArg):
                names = {statement.value_name, statement.position_name}
                if names & accumulated or statement.value.dtype[0] == "c":
                    return False
                accumulated |= names
        return True

    def _number(self, statement: Stmt) -> None:
        """Number the expressions of a statement and find out which of them vary."""
        match statement:
            case Let():
                self.plan.lets[statement.name] = self.numbering.number(statement.value)
                self.values.append(self.plan.lets[statement.name])
            case Store() | Update():
                self.values.append(self.numbering.number(statement.value))
                for i in statement.index:
                    self.vary(self.numbering.number(i))
            case Accumulate():
                self.values.append(self.numbering.number(statement.value))
            case AccumulateArg():
                self.values += [self.numbering.number(statement.value), self.numbering.number(statement.position)]
            case _:
                raise TypeError(f"{statement!r} in a vector loop")
        self.vary(self.values[-1])
        if len(self.values) > 1:
            self.vary(self.values[-2])

    def vary(self, root: int) -> bool:
        """Return whether a number depends on the loop's index, remembering it for all below."""
        varies, stack = self.plan.varies, [root]
        while stack:
            number = stack[-1]
            if number in varies:
                stack.pop()
                continue
            node, below = self.numbering.nodes[number], self.below(number)
            waiting = [k for k in below if k not in varies]
            if waiting:
                stack += waiting
                continue
            is_index = isinstance(node, Ref) and node.name == self.loop.index
            varies[number] = is_index or any(varies[k] for k in below)
            stack.pop()
        return varies[root]

    def below(self, number: int) -> tuple[int, ...]:
        """Return what a number is computed from; for a value of the loop's own, its expression."""
        node = self.numbering.nodes[number]
        if isinstance(node, Ref) and node.name in self.plan.lets:
            return (self.plan.lets[node.name],)
        return self.numbering.kids[number]

    def _collect(self) -> dict[int, tuple[Guards, ...]]:
        """Return every varying load that values need, with its guards, and note what is computed before the loop."""
        found: dict[int, set[Guards]] = {}
        seen: set[tuple[int, Guards]] = set()
        hoisted: dict[int, None] = {}
        stack: list[tuple[int, Guards]] = [(number, ()) for number in reversed(self.values)]
        while stack:
            number, guards = stack.pop()
            node = self.numbering.nodes[number]
            if not self.numbering.loads[number]:
                guards = ()
            if (number, guards) in seen or isinstance(node, Const):
                continue
            seen.add((number, guards))
            if not self.plan.varies[number] and not (guards and self.numbering.loads[number]):
                hoisted[number] = None
                continue
            if isinstance(node, Load):
                found.setdefault(number, set()).add(guards)
                continue
            kids = self.below(number)
            if isinstance(node, Select) and any(self.numbering.loads[k] for k in kids[1:]):
                condition, then, otherwise = kids
                stack += [
                    (condition, guards),
                    (then, (*guards, (condition, True))),
                    (otherwise, (*guards, (condition, False))),
                ]
            else:
                stack += [(k, guards) for k in kids]
        self.plan.hoisted = list(hoisted)
        return {number: () if () in guards else tuple(sorted(guards)) for number, guards in found.items()}

    def coefficient(self, number: int) -> int | str | None:
        """Return by how much an index grows with the loop's index: an int, "runtime" where it is only affine, else None."""
        if not self.vary(number):
            return 0
        node, kids = self.numbering.nodes[number], self.below(number)
        if isinstance(node, Ref):
            return 1 if node.name == self.loop.index else self.coefficient(kids[0])
        if isinstance(node, Cast) and node.dtype == "int64" and self.numbering.nodes[kids[0]].dtype == "int64":
            return self.coefficient(kids[0])
        if not isinstance(node, Scalar) or node.dtype != "int64" or node.function not in ("add", "sub", "neg", "mul"):
            return None
        parts = [self.coefficient(k) for k in kids]
        if None in parts:
            return None
        if node.function == "mul":
            if sum(p != 0 for p in parts) > 1:
                return None
            constants = [self.numbering.nodes[k] for k, p in zip(kids, parts, strict=True) if p == 0]
            varying = next(p for p in parts if p != 0)
            if not isinstance(varying, int) or not all(isinstance(c, Const) for c in constants):
                return "runtime"
            for factor in constants:
                assert isinstance(factor, Const)
                varying *= int(factor.value)
            return varying
        if any(isinstance(p, str) for p in parts):
            return "runtime"
        numbers = [p for p in parts if isinstance(p, int)]
        return (
            -numbers[0]
            if node.function == "neg"
            else sum(numbers)
            if node.function == "add"
            else numbers[0] - numbers[1]
        )

    def _stride(self, buffer: str, growth: tuple[int | str | None, ...]) -> int | str | None:
        """Return the distance in bytes between neighbours, "runtime" where it is not known, None where there is none."""
        declared = self.program.buffers[buffer]
        if None in growth:
            return None
        total = 0
        for axis, coefficient in enumerate(growth):
            if coefficient == 0:
                continue
            stride = static_stride(declared, axis)
            if stride is None or not isinstance(coefficient, int):
                return "runtime"
            total += stride * coefficient
        return total

    def load(self, number: int, guards: tuple[Guards, ...]) -> Access:
        """Return where a varying load reads, given the conditions under which it does."""
        node = self.numbering.nodes[number]
        assert isinstance(node, Load)
        index = self.numbering.kids[number]
        growth = tuple(self.coefficient(each) for each in index)
        stride = self._stride(node.buffer, growth)
        kind = self._kind(stride, SIZE[node.dtype])
        if guards:
            masked = kind is Kind.UNIT and max(bits(node.dtype), 8) in self.target.masked
            kind = Kind.MASKED if masked else Kind.GATHERED
        return Access(node.buffer, index, kind, number, guards, growth)

    def _kind(self, stride: int | str | None, size: int) -> Kind:
        if stride is None:
            return Kind.GATHERED
        return Kind.INVARIANT if stride == 0 else Kind.UNIT if stride == size else Kind.STRIDED

    def _store(self, statement: Store | Update, index: tuple[int, ...]) -> Access | None:
        size = SIZE[statement.value.dtype]
        growth = tuple(self.coefficient(each) for each in index)
        stride = self._stride(statement.buffer, growth)
        kind = self._kind(stride, size)
        if isinstance(statement, Update):
            known = isinstance(stride, int) and stride != 0
            if stride is None or not (statement.unique or known):
                kind = Kind.GATHERED
        return None if kind is Kind.INVARIANT else Access(statement.buffer, index, kind, growth=growth)

    def _independent(self) -> bool:
        stores = self.plan.stores
        writes = {position: (access.buffer, access.index) for position, access in stores.items()}
        computed = {access.buffer for access in stores.values() if access.kind is Kind.GATHERED}
        return independent(self.loop, writes, computed, self.numbering, self.views)

    def _measure(self, body: tuple[Stmt, ...]) -> None:
        """Choose the width of vectors by the dtypes computed in, and how far the main loop is unrolled by its size."""
        dtypes, weight, seen = set(), 0, set()
        stack = list(self.values)
        while stack:
            number = stack.pop()
            if number in seen or not self.plan.varies.get(number, False):
                continue
            seen.add(number)
            node = self.numbering.nodes[number]
            if not (isinstance(node, Ref) and node.dtype == "int64"):
                dtypes.add(node.dtype)
            if isinstance(node, Scalar):
                weight += 1 if node.function in CHEAP and node.dtype[0] != "c" else 8
            weight += 1
            if not isinstance(node, Load):
                stack += self.below(number)
        dtypes |= {s.value.dtype for s in body if isinstance(s, (Store, Update, Accumulate, AccumulateArg))}
        for access in self.plan.accesses:
            if access.kind in (Kind.STRIDED, Kind.GATHERED):
                self.plan.buffered += SIZE[self.program.buffers[access.buffer].dtype]
        self.plan.lanes = self.target.lanes(frozenset(dtypes))
        self.plan.weight = weight
        self.plan.unroll = 4 if weight <= 12 else 2 if weight <= 30 else 1
