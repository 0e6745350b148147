"""New values of updated inputs without copies: where the last statements of a program may write over the old values.

What only makes new values is moved to the end of the program, the tail. When it begins nothing can fail any more, and all
memory that it writes to is there; so a new value may then be written over the old one wherever nobody else can see that,
which is found out at run time. Until the first statement of the tail every input still has its old value.

An old value that is handed out as an output is given away itself, instead of a copy, under the same condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from neano.backends.native.emit.effects import Effects, effects_of
from neano.backends.native.emit.results import copy_statements
from neano.backends.native.emit.routines import routine
from neano.backends.native.emit.statements import views_of
from neano.backends.native.ir import (
    Alloc,
    Buffer,
    Const,
    Dim,
    Expr,
    Invoke,
    Let,
    Load,
    Loop,
    Program,
    Ref,
    Stmt,
    Store,
    Update,
)
from neano.backends.native.traverse import all_expressions, buffers_used, statements


@dataclass(frozen=True)
class Updates:
    """How the results of a program that concern updated inputs come about.

    Attributes:
        given_away: for each result that is the old value of an updated input, by position: the input, and the statements that
            make a copy.
        in_place: for each new value that may be written over an old one, the input that has it.
        tail: position of the statement that the tail begins with.
        copies: positions of statements that only copy the old value to the new one.
    """

    given_away: dict[int, tuple[str, tuple[Stmt, ...]]] = field(default_factory=dict)
    in_place: dict[str, str] = field(default_factory=dict)
    tail: int = 2**62
    copies: dict[int, str] = field(default_factory=dict)


def give_away(
    program: Program, updates: Sequence[tuple[int, int]]
) -> tuple[Program, dict[int, tuple[str, tuple[Stmt, ...]]]]:
    """Find the results that are old values of updated inputs, and make room for their copies.

    Args:
        updates: for each new value its position among the results and the position of its input.
    """
    new_values = {program.inputs[k]: program.results[position] for position, k in updates}
    leaving = {name for name, new in new_values.items() if new != name and program.buffers[name].dtype != "object"}
    copies = _copies_of(program, leaving)
    results, buffers, body = list(program.results), dict(program.buffers), program.body
    found: dict[int, tuple[str, tuple[Stmt, ...]]] = {}
    for position, result in enumerate(program.results):
        name = copies.get(result, result)
        if name in leaving:
            leaving.discard(name)
            old, copy = program.buffers[name], f"{name}.old"
            buffers[copy] = Buffer(copy, old.dtype, old.ndim, "output", old.static, True)
            found[position] = name, copy_statements(program, name, copy)
            results[position] = copy
            body = tuple(s for s in body if name == result or result not in buffers_used(s)[1])
            body = _without_copies(replace(program, body=body), {(result, name)}.__contains__).body
            body = tuple(s for s in body if name == result or _copied(s) != (result, name))
    return replace(program, results=tuple(results), buffers=buffers, body=body), found


def _copies_of(program: Program, leaving: set[str]) -> dict[str, str]:
    """Return the results that are nothing but a copy of an old value, and whose."""
    if not leaving:
        return {}
    views = views_of(program)
    split = _without_copies(program, lambda pair: pair[1] in leaving)
    copied = [pair for each in split.body if (pair := _copied(each)) is not None and pair[1] in leaving]
    found: dict[str, str] = {}
    for new, old in copied:
        buffer = program.buffers[new]
        if buffer.kind != "output" or program.results.count(new) != 1 or new in views.values():
            continue
        if not _has_lengths_of(program, new, old):
            continue  # a part from the first element on
        rest = [each for each in split.body if _copied(each) != (new, old) and not isinstance(each, Alloc)]
        touched = {name for each in rest for name in _touched(each)}
        lengths = {e.buffer for e in all_expressions(split.body) if isinstance(e, Dim)}
        if new not in touched | lengths:
            found[new] = old
    return found


def _has_lengths_of(program: Program, new: str, old: str) -> bool:
    """Return whether a buffer certainly has the lengths of an input."""
    lets = {each.name: each.value for each in program.body if isinstance(each, Let)}
    static = program.buffers[old].static

    def is_length(length: Expr, axis: int) -> bool:
        if isinstance(length, Ref) and length.name in lets:
            length = lets[length.name]
        known = static[axis] if static else None
        return length == Dim(old, axis) or (isinstance(length, Const) and known is not None and length.value == known)

    given = [each.dims for each in program.body if isinstance(each, Alloc) and each.buffer == new]
    return len(given) == 1 and all(is_length(length, axis) for axis, length in enumerate(given[0]))


def _touched(statement: Stmt) -> set[str]:
    """Return the buffers that a statement reads or writes."""
    names = {e.buffer for e in all_expressions((statement,)) if isinstance(e, Load)}
    for each in statements((statement,)):
        read, written = buffers_used(each)
        names.update(read, written)
    return names


def in_place(
    program: Program,
    updates: Sequence[tuple[int, int]],
    given_away: Mapping[int, tuple[str, tuple[Stmt, ...]]] | None = None,
) -> tuple[Program, Updates]:
    """Move what makes new values to the end and say which of them may be written over old ones."""
    away = dict(given_away or {})
    gone = {name for name, _ in away.values()}
    free = [(position, k) for position, k in updates if position not in away and program.inputs[k] not in gone]
    views = views_of(program)
    pairs = _candidates(program, free, views)
    if not pairs:
        return program, Updates(away)
    program = _without_copies(program, pairs.items().__contains__)
    effects = [effects_of(statement, views) for statement in program.body]
    while pairs:
        tail = [k for k, each in enumerate(effects) if _makes_only(each, pairs)]
        bad = _misfits(program, effects, tail, pairs, views)
        if not bad:
            break
        pairs = {new: old for new, old in pairs.items() if new not in bad}
    if not pairs:
        return program, Updates(away)
    chosen = set(tail)
    allocations = [s for s in program.body if isinstance(s, Alloc) and s.buffer in pairs]
    head = [s for k, s in enumerate(program.body) if k not in chosen and s not in allocations]
    last = [_stores_last(program.body[k], pairs) for k in tail]
    begin = len(head) + len(allocations)
    filled = {begin + i: _copied(program.body[k]) for i, k in enumerate(tail)}
    copies = {k: pair[0] for k, pair in filled.items() if pair is not None and pairs.get(pair[0]) == pair[1]}
    made = replace(program, body=(*head, *allocations, *last))
    return made, Updates(away, pairs, len(head), copies)


def _candidates(program: Program, updates: Sequence[tuple[int, int]], views: dict[str, str]) -> dict[str, str]:
    """Return new values that have the form of the input that they replace, which is not itself a result."""
    found: dict[str, str] = {}
    for position, k in updates:
        new, old = program.buffers[program.results[position]], program.buffers[program.inputs[k]]
        alike = (new.dtype, new.ndim) == (old.dtype, old.ndim) and new.kind == "output"
        once = program.results.count(new.name) == 1 and old.name not in program.results
        if alike and once and new.name not in views.values():
            found[new.name] = old.name
    return found


def _makes_only(effects: Effects, pairs: dict[str, str]) -> bool:
    """Return whether a statement does nothing but write new values, in a way that cannot fail."""
    if isinstance(effects.statement, Alloc) or not effects.writes or not effects.writes <= pairs.keys():
        return False
    inner = list(statements((effects.statement,)))
    if isinstance(effects.statement, Invoke):
        return routine(effects.statement.routine).sure is not None
    return all(isinstance(each, (Loop, Let, Store, Update)) for each in inner)


def _misfits(
    program: Program, effects: list[Effects], tail: list[int], pairs: dict[str, str], views: dict[str, str]
) -> set[str]:
    """Return new values that may not be written over old ones, given all the others."""
    chosen, bad = set(tail), set[str]()
    for k, each in enumerate(effects):
        if k in chosen:
            continue
        if not isinstance(each.statement, Alloc):
            bad |= (each.reads | each.writes) & pairs.keys()  # made elsewhere too, or read by what does not move
        dims = {e.buffer for e in all_expressions((each.statement,)) if isinstance(e, Dim)}
        bad |= dims & pairs.keys()
        for before in (t for t in tail if t < k):
            if each.writes & effects[before].reads:
                bad |= effects[before].writes
    written: set[str] = set()
    for k in tail:
        each = effects[k]
        for new, old in pairs.items():
            if old in each.reads and (new in written or (new in each.writes and not _same_elements(each, new, old))):
                bad.add(new)
            if new in each.reads and not isinstance(each.statement, Invoke):
                bad.add(new)
        written |= each.writes
    return bad


def _same_elements(effects: Effects, new: str, old: str) -> bool:
    """Return whether a nest writes every element of its own once and reads the old value at that element only."""
    loops: list[str] = []
    body: tuple[Stmt, ...] = (effects.statement,)
    while len(body) == 1 and isinstance(body[0], Loop):
        loops.append(body[0].index)
        body = body[0].body
    if not all(isinstance(each, (Let, Store)) for each in body) or old in effects.windows:
        return False
    stores = [each for each in body if isinstance(each, Store) and each.buffer == new]
    if len(stores) != 1:
        return False
    index = stores[0].index
    own = [e.name for e in index if isinstance(e, Ref)]
    if not set(loops) <= set(own) or effects.windows:
        return False
    return all(
        e.index == index for e in all_expressions((effects.statement,)) if isinstance(e, Load) and e.buffer == old
    )


def _stores_last(statement: Stmt, pairs: dict[str, str]) -> Stmt:
    """Return a nest whose innermost body computes all values before it stores any of them."""
    if not isinstance(statement, Loop):
        return statement
    if len(statement.body) == 1 and isinstance(statement.body[0], Loop):
        return replace(statement, body=(_stores_last(statement.body[0], pairs),))
    stores = [each for each in statement.body if isinstance(each, Store)]
    if len(stores) < 2 or len(stores) + sum(isinstance(s, Let) for s in statement.body) != len(statement.body):
        return statement
    body: list[Stmt] = []
    last: list[Stmt] = []
    for each in statement.body:
        if isinstance(each, Store):
            name = f"{each.buffer}.new{len(last) or ''}"  # several stores may go to one buffer
            body.append(Let(name, each.value))
            last.append(replace(each, value=Ref(name, each.value.dtype)))
        else:
            body.append(each)
    return replace(statement, body=(*body, *last))


def _without_copies(program: Program, wanted: Callable[[tuple[str, str]], bool]) -> Program:
    """Return a program in which every wanted copy of an old value is a statement of its own.

    Args:
        wanted: gets the name of a buffer that is filled and of the input that it is filled with.
    """
    body: list[Stmt] = []
    lets: dict[str, Expr] = {}
    for statement in program.body:
        if isinstance(statement, Let):
            lets[statement.name] = statement.value
        body += _apart(statement, lets, wanted)
    return replace(program, body=tuple(body))


def _apart(statement: Stmt, lets: dict[str, Expr], wanted: Callable[[tuple[str, str]], bool]) -> tuple[Stmt, ...]:
    """Return a statement as several where it copies old values, among others: what is left of it, and the copies."""
    loops: list[Loop] = []
    body: tuple[Stmt, ...] = (statement,)
    while len(body) == 1 and isinstance(body[0], Loop):
        loops.append(body[0])
        body = body[0].body
    known = lets | {each.name: each.value for each in body if isinstance(each, Let)}
    index = tuple(Ref(loop.index, "int64") for loop in loops)
    rest, copies = list[Stmt](), list[Stmt]()
    for each in body:
        value = known.get(each.value.name) if isinstance(each, Store) and isinstance(each.value, Ref) else None
        if isinstance(each, Store) and isinstance(each.value, Load):
            value = each.value
        same = isinstance(each, Store) and isinstance(value, Load) and each.index == index == value.index
        if same and isinstance(each, Store) and isinstance(value, Load) and wanted((each.buffer, value.buffer)):
            renamed = tuple(Ref(f"{loop.index}.{each.buffer}", "int64") for loop in loops)
            copy: Stmt = Store(each.buffer, renamed, Load(value.buffer, renamed, value.dtype))
            for name, loop in zip(reversed(renamed), reversed(loops), strict=True):
                copy = replace(loop, index=name.name, body=(copy,), parallel=True)
            copies.append(copy)
        else:
            rest.append(each)
    if not copies:
        return (statement,)
    if all(isinstance(each, Let) for each in rest):
        return tuple(copies)
    left = tuple(rest)
    for loop in reversed(loops):
        left = (replace(loop, body=left),)
    return (*left, *copies)


def _copied(statement: Stmt) -> tuple[str, str] | None:
    """Return what a statement fills and the buffer that it copies, None where it does anything else."""
    loops: list[Expr] = []
    while isinstance(statement, Loop) and len(statement.body) == 1:
        loops.append(Ref(statement.index, "int64"))
        statement = statement.body[0]
    if not isinstance(statement, Store) or list(statement.index) != loops:
        return None
    value = statement.value
    same = isinstance(value, Load) and value.index == statement.index
    return (statement.buffer, value.buffer) if same and isinstance(value, Load) else None
