"""Which statements run piece by piece of their first axis: what one of them hands to the next is still in cache then.

A batch of products, the nest that makes weights of scores, a batch of products with these: each of them goes through the batch
from its first element to the last. Together they go through it once, all of them for the same elements at a time. A pipeline is
made of such statements; the others between them run before it where they can, else after it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from neano.backends.native.emit.chunks import reductions_of
from neano.backends.native.emit.effects import Effects, effects_of, root_of
from neano.backends.native.emit.routines import routine
from neano.backends.native.emit.statements import views_of
from neano.backends.native.emit.turned_reductions import turned_reduction
from neano.backends.native.ir import (
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
    rest = [_step(statement, reading) for statement in program.body[:tail]]
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


@dataclass(frozen=True)
class _Step:
    """A statement with what is known of it.

    Attributes:
        across: buffers that it touches elsewhere than along its first axis.
        is_member: whether it may be part of a pipeline.
    """

    effects: Effects
    across: frozenset[str]
    is_member: bool

    @property
    def statement(self) -> Stmt:
        return self.effects.statement


def _step(statement: Stmt, reading: _Reading) -> _Step:
    effects = effects_of(statement, reading.views)
    across, may = set[str](), False
    if isinstance(statement, Loop):
        places = _places(statement)
        first = Ref(statement.index, "int64")
        for name, index in places:
            if not index or index[0] != first or not reading.goes_along(name, statement.extent):
                across.add(root_of(name, reading.views))
        combined = reductions_of(statement, reading.views) if statement.parallel else None
        turned = turned_reduction(statement, reading.program.buffers)
        may = combined is not None and not combined and turned is None and _fails_harmlessly(statement, places)
    elif isinstance(statement, Invoke):
        may = _is_batch(statement)
        length = Dim(statement.results[0], 0) if may else None
        for name in (*statement.operands, *statement.results):
            if length is None or not reading.goes_along(name, length):
                across.add(root_of(name, reading.views))
    return _Step(effects, frozenset(across), may and not effects.writes & across)


_Places = Sequence[tuple[str, tuple[Expr, ...]]]
"""Buffers, and the indices of elements of theirs."""


def _places(loop: Loop) -> _Places:
    loads = [(e.buffer, e.index) for e in all_expressions((loop,)) if isinstance(e, Load)]
    return loads + [(s.buffer, s.index) for s in statements((loop,)) if isinstance(s, (Store, Update))]


def _fails_harmlessly(loop: Loop, places: _Places) -> bool:
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
        self.before: list[_Step] = []
        self.members: list[_Step] = []
        self.after: list[_Step] = []

    def take(self, body: Sequence[_Step]) -> int:
        """Take statements from the front of a body; return how many."""
        for position, step in enumerate(body):
            if self._joins(step):
                self.members.append(step)
            elif not self.members or self._goes_before(step):
                self.before.append(step)
            elif self._ends(step):
                return position
            else:
                self.after.append(step)
        return len(body)

    def _ends(self, step: _Step) -> bool:
        """Return whether nothing that comes after a statement is looked at."""
        if len(self.after) >= LOOKAHEAD or (len(self.members) == 1 and step.is_member):
            return True  # the next one may begin another
        statement = step.statement  # what comes later may rely on a check; Python code may do anything
        return isinstance(statement, Check) or (isinstance(statement, Invoke) and statement.routine == "python")

    def written(self) -> set[str]:
        return {name for each in self.members for name in each.effects.writes}

    def is_worth_it(self) -> bool:
        """Return whether one of the members, which are batches among others, reads what another writes."""
        if len(self.members) < 2 or not any(_is_batch(each.statement) for each in self.members):
            return False
        pairs = itertools.combinations((each.effects for each in self.members), 2)
        return any(first.writes & later.reads for first, later in pairs)

    def _is_free(self, step: _Step) -> bool:
        """Return whether nothing that stays behind must come before a statement."""
        mine = step.effects
        for its in (each.effects for each in self.after):
            if mine.mentions & its.makes or its.writes & (mine.reads | mine.writes) or mine.writes & its.reads:
                return False
        return True

    def _joins(self, step: _Step) -> bool:
        if not step.is_member or not self._is_free(step):
            return False
        if not self.members:
            return True
        mine, written = step.effects, self.written()
        if step.across & written or any(mine.writes & each.across for each in self.members):
            return False
        touched = {name for each in self.members for name in each.effects.reads | each.effects.writes}
        return bool(mine.reads & written or mine.writes & touched) or self._same_batch(step.statement)

    def _same_batch(self, statement: Stmt) -> bool:
        """Return whether a statement is a batch of the length of an earlier one."""
        first = next((each.statement for each in self.members if _is_batch(each.statement)), None)
        if not isinstance(first, Invoke) or not isinstance(statement, Invoke) or not _is_batch(statement):
            return False
        lengths = [self.reading.length(Dim(each.results[0], 0)) for each in (first, statement)]
        return lengths[0] == lengths[1]

    def _goes_before(self, step: _Step) -> bool:
        if not isinstance(step.statement, (Alloc, View, Reinterpret, Let, Check, Declare)):
            return False
        reads_nothing = isinstance(step.statement, (View, Reinterpret))
        return self._is_free(step) and (reads_nothing or not step.effects.reads & self.written())
