"""Which statements run piece by piece of their first axis: what one of them hands to the next is still in cache then.

A batch of products, the nest that makes weights of scores, a batch of products with these: each of them goes through the batch
from its first element to the last. Together they go through it once, all of them for the same elements at a time. A pipeline is
made of such statements; the others between them run before it where they can, else after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from neano.backends.native.emit.chunks import reductions_of
from neano.backends.native.emit.routines import routine
from neano.backends.native.emit.statements import views_of
from neano.backends.native.emit.turned_reductions import turned_reduction
from neano.backends.native.ir import (
    Accumulate,
    AccumulateArg,
    Alloc,
    Check,
    Const,
    Declare,
    Dim,
    Expr,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Reinterpret,
    Stmt,
    Store,
    Update,
    View,
)
from neano.backends.native.traverse import all_expressions, buffers_used, defined_names, postorder, statements

LOOKAHEAD = 64
"""So many statements that must come after a pipeline may stand between its members."""


@dataclass(frozen=True)
class Pipeline:
    """Statements that run piece by piece.

    Attributes:
        start, stop: their positions in the body of the program.
        handed_on: buffers that one of them writes.
    """

    start: int
    stop: int
    handed_on: tuple[str, ...]

    def kept(self, inherited: Mapping[str, str], program: Program) -> dict[str, str]:
        """Return which buffers may still have another's memory: not where pieces would read what later ones have written over."""
        body = program.body[self.start : self.stop]
        touched = {name for each in statements(body) for names in buffers_used(each) for name in names}
        touched |= {each.buffer for each in all_expressions(body) if isinstance(each, Load)}
        own = set(self.handed_on)
        return {new: old for new, old in inherited.items() if new not in own or old in own or old not in touched}


def with_pipelines(program: Program, tail: int) -> tuple[Program, dict[int, Pipeline]]:
    """Return the program with the statements of each pipeline side by side, and the pipelines by their first position.

    Args:
        tail: position from which on statements stay where they are.
    """
    if sum(map(_is_batch, program.body[:tail])) < 1:
        return program, {}
    reading = _Reading(program)
    rest = [_effects(statement, reading) for statement in program.body[:tail]]
    body: list[Stmt] = []
    found: dict[int, Pipeline] = {}
    while rest:
        draft = _Draft(reading)
        taken = draft.take(rest)
        body += [each.statement for each in draft.before]
        if draft.is_worth_it():
            stop = len(body) + len(draft.members)
            found[len(body)] = Pipeline(len(body), stop, tuple(sorted(draft.written())))
        body += [each.statement for each in draft.members]
        rest = [*draft.after, *rest[taken:]]
    return replace(program, body=(*body, *program.body[tail:])), found


def _is_batch(statement: Stmt) -> bool:
    return isinstance(statement, Invoke) and routine(statement.routine).ranged is not None


class _Reading:
    """What is known of the lengths of a program's buffers, and whose memory they are."""

    def __init__(self, program: Program) -> None:
        self.program, self.views = program, views_of(program)
        self.windows: dict[str, View | Reinterpret] = {}
        self.dims: dict[str, tuple[Expr, ...]] = {}
        self.lets: dict[str, Expr] = {}
        self.owned: set[str] = set()
        for each in program.body:
            if isinstance(each, (Alloc, View, Reinterpret)):
                self.dims[each.buffer] = each.dims
            if isinstance(each, Alloc):
                self.owned.add(each.buffer)
            elif isinstance(each, (View, Reinterpret)):
                self.windows[each.buffer] = each
            elif isinstance(each, Let):
                self.lets[each.name] = each.value

    def root(self, name: str) -> str:
        while name in self.views:
            name = self.views[name]
        return name

    def length(self, expr: Expr) -> Expr:
        """Return a length in terms of what is given."""
        while True:
            if isinstance(expr, Ref) and expr.name in self.lets:
                expr = self.lets[expr.name]
            elif isinstance(expr, Dim) and expr.buffer in self.dims:
                expr = self.dims[expr.buffer][expr.axis]
            else:
                return expr

    def goes_along(self, name: str, length: Expr) -> bool:
        """Return whether equal parts of a buffer's first axis, which has this length, are equal parts of its memory."""
        if self.length(Dim(name, 0)) != self.length(length):
            return False
        while name in self.windows:
            window = self.windows[name]
            if isinstance(window, View):
                whole = self.length(window.dims[0]) == self.length(Dim(window.base, 0)) if window.dims else False
                if not whole or window.axes[0] != 0 or not _is(window.start[0], 0) or not _is(window.steps[0], 1):
                    return False
            elif isinstance(self.windows.get(window.base), View):
                return False
            name = window.base
        return name in self.owned


def _is(expr: Expr, value: int) -> bool:
    return isinstance(expr, Const) and expr.value == value


@dataclass
class _Effects:
    """What a statement reads and writes (buffers by whose memory they are), and mentions.

    Attributes:
        across: what it touches elsewhere than along its first axis.
        mentions: names and buffers that must exist before it.
        makes: names and buffers that exist after it.
        is_member: whether it may be part of a pipeline.
    """

    statement: Stmt
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    across: set[str] = field(default_factory=set)
    mentions: set[str] = field(default_factory=set)
    makes: set[str] = field(default_factory=set)
    is_member: bool = False


def _effects(statement: Stmt, reading: _Reading) -> _Effects:
    found = _Effects(statement)
    inside = list(statements((statement,)))
    own = {each.buffer for each in inside if isinstance(each, Alloc)} if isinstance(statement, Loop) else set()
    places = [(e.buffer, e.index) for e in all_expressions((statement,)) if isinstance(e, Load)]
    found.reads = {reading.root(name) for name, _ in places}
    for each in inside:
        read, written = buffers_used(each)
        found.mentions.update(read, written)
        if isinstance(each, (Store, Update)):
            places.append((each.buffer, each.index))
        if isinstance(each, (Alloc, View, Reinterpret)):
            found.makes.add(each.buffer)
        else:
            found.reads.update(map(reading.root, read))
            found.writes.update(map(reading.root, written))
        if isinstance(each, Invoke):
            found.makes.update(written)
        if isinstance(each, (Let, Declare, Accumulate)):
            found.makes.add(each.name)
        if isinstance(each, AccumulateArg):
            found.makes.update((each.value_name, each.position_name))
    for e in all_expressions((statement,)):
        if isinstance(e, (Load, Dim)):
            found.mentions.add(e.buffer)
        elif isinstance(e, Ref):
            found.mentions.add(e.name)
    found.mentions -= found.makes if not isinstance(statement, Invoke) else set()
    found.reads -= own
    found.writes -= own
    if isinstance(statement, Loop):
        first = Ref(statement.index, "int64")
        for name, index in places:
            if not index or index[0] != first or not reading.goes_along(name, statement.extent):
                found.across.add(reading.root(name))
        combined = reductions_of(statement, reading.views) if statement.parallel else None
        turned = turned_reduction(statement, reading.program.buffers)
        safe = _fails_harmlessly(statement, places)
        found.is_member = safe and combined is not None and not combined and turned is None
    elif isinstance(statement, Invoke):
        found.is_member = _is_batch(statement)
        length = Dim(statement.results[0], 0) if found.is_member else None
        for name in (*statement.operands, *statement.results):
            if length is None or not reading.goes_along(name, length):
                found.across.add(reading.root(name))
    found.is_member = found.is_member and not found.writes & found.across
    return found


def _fails_harmlessly(loop: Loop, places: Sequence[tuple[str, tuple[Expr, ...]]]) -> bool:
    """Return whether a loop does no harm where a statement before it has failed, and left anything in memory.

    A pipeline looks for failures at its end. So no index may be something that was read.
    """
    computed = defined_names(loop.body) - {each.index for each in statements((loop,)) if isinstance(each, Loop)}
    parts = postorder(part for _, index in places for part in index)
    reads = any(isinstance(part, Load) or (isinstance(part, Ref) and part.name in computed) for part in parts)
    return not reads and not any(isinstance(each, Check) for each in statements((loop,)))


class _Draft:
    """A pipeline in the making: its members, and what stands before and after it."""

    def __init__(self, reading: _Reading) -> None:
        self.reading = reading
        self.before: list[_Effects] = []
        self.members: list[_Effects] = []
        self.after: list[_Effects] = []

    def take(self, body: Sequence[_Effects]) -> int:
        """Take statements from the front of a body; return how many."""
        for position, effects in enumerate(body):
            if self._joins(effects):
                self.members.append(effects)
            elif not self.members or self._goes_before(effects):
                self.before.append(effects)
            elif self._ends(effects):
                return position
            else:
                self.after.append(effects)
        return len(body)

    def _ends(self, effects: _Effects) -> bool:
        """Return whether nothing that comes after a statement is looked at."""
        if len(self.after) >= LOOKAHEAD or (len(self.members) == 1 and effects.is_member):
            return True  # the next one may begin another
        statement = effects.statement  # what comes later may rely on a check; Python code may do anything
        return isinstance(statement, Check) or (isinstance(statement, Invoke) and statement.routine == "python")

    def written(self) -> set[str]:
        return {name for each in self.members for name in each.writes}

    def is_worth_it(self) -> bool:
        """Return whether one of the members, which are batches among others, reads what another writes."""
        if len(self.members) < 2 or not any(_is_batch(each.statement) for each in self.members):
            return False
        return any(
            first.writes & later.reads for k, first in enumerate(self.members) for later in self.members[k + 1 :]
        )

    def _is_free(self, effects: _Effects) -> bool:
        """Return whether nothing that stays behind must come before a statement."""
        for each in self.after:
            if effects.mentions & each.makes or each.writes & (effects.reads | effects.writes):
                return False
            if effects.writes & each.reads:
                return False
        return True

    def _joins(self, effects: _Effects) -> bool:
        if not effects.is_member or not self._is_free(effects):
            return False
        if not self.members:
            return True
        written, across = self.written(), {name for each in self.members for name in each.across}
        touched = {name for each in self.members for name in each.reads | each.writes}
        if effects.across & written or effects.writes & across:
            return False
        connected = effects.reads & written or effects.writes & touched
        return bool(connected) or (_is_batch(effects.statement) and self._same_batch(effects.statement))

    def _same_batch(self, statement: Stmt) -> bool:
        """Return whether a batch has the length of an earlier one."""
        first = next((each.statement for each in self.members if _is_batch(each.statement)), None)
        if not isinstance(first, Invoke) or not isinstance(statement, Invoke):
            return False
        lengths = [self.reading.length(Dim(each.results[0], 0)) for each in (first, statement)]
        return lengths[0] == lengths[1]

    def _goes_before(self, effects: _Effects) -> bool:
        if not isinstance(effects.statement, (Alloc, View, Reinterpret, Let, Check, Declare)):
            return False
        return self._is_free(effects) and not effects.reads & self.written()
