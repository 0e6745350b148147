"""Perfect nests: loops inside loops with nothing between them, and which of them may run as one loop.

Loops run as one where every place in memory that the body touches is either independent of all of their indices or has
each of them as the index of one axis: where strides fit, two axes are one longer axis. Whether they fit is seen at run
time, by the caller of the kernel, which hands over the lengths of the merged loops.

A place may have its neighbours along the second innermost loop rather than the innermost, as a transposed operand has; the
kernel then takes it panel by panel (`panels`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neano.backends.native.emit.effects import root_of
from neano.backends.native.emit.memory import is_contiguous
from neano.backends.native.ir import Accumulate, AccumulateArg, Buffer, Const, Expr, Let, Load, Loop, Ref, Store, Update
from neano.backends.native.traverse import all_expressions, defined_names, expressions, operands, postorder, statements


@dataclass(frozen=True)
class Nest:
    """A perfect nest.

    Attributes:
        loops: from the outermost to the innermost.
        merged_from: the loops from this one on may be merged; the innermost's position where none may.
        axes: for each place that the body touches and that moves with the merged loops, its buffer and their axes.
        turned: for each place with an axis for each of the two innermost loops, its buffer and those axes; empty where the loops
            must run in their order.
        any_order: whether the iterations of all loops may run in any order.
        reversible: whether the loops may stand in any order, and no operand is known to lie in the order of the loops.
        splittable: whether they may but for what they combine into accumulators and elements from outside.
        columns: whether the iterations of the outermost loop all combine into the same row, an element for each of the other
            loops' iterations, so that parts of that row may be done one after the other.
    """

    loops: tuple[Loop, ...]
    merged_from: int
    axes: tuple[tuple[str, tuple[int, ...]], ...]
    turned: tuple[tuple[str, int, int], ...] = ()
    any_order: bool = False
    splittable: bool = False
    reversible: bool = False
    columns: bool = False


def nest_of(loop: Loop, views: Mapping[str, str], buffers: Mapping[str, Buffer]) -> Nest:
    """Return a loop and the loops right inside it as a nest; `views` gives the base of each window."""
    loops = [loop]
    while len(loops[-1].body) == 1 and isinstance(loops[-1].body[0], Loop):
        loops.append(loops[-1].body[0])
    innermost = len(loops) - 1
    names = [each.index for each in loops]
    inside = set(names) | defined_names(loops[-1].body)
    constant = all(not inside & _names((each.extent,)) for each in loops)
    if innermost == 0 or not constant or any(isinstance(s, Loop) for s in statements(loops[-1].body)):
        alone = innermost == 0
        any_order, splittable = (alone and _any_order(loops, views, combining) for combining in (False, True))
        return Nest(tuple(loops), innermost, (), (), any_order, splittable)
    touched = _touched(loops[-1])
    start, axes = innermost, list[tuple[str, tuple[int, ...]]]()
    while start > 0 and (found := _axes(touched, names[start - 1 :])) is not None:
        axes, start = found, start - 1
    any_order = _any_order(loops, views)
    splittable = any_order or _any_order(loops, views, True)
    ordered = any(isinstance(s, AccumulateArg) for s in loops[-1].body)
    turned = _turned(touched, loops) if splittable and not ordered else ()
    reversible = not start and bool(axes) and not ordered and _only_reduces(loops, touched, axes, buffers)
    columns = start <= 1 and _combines_rows(loops)
    return Nest(tuple(loops), start, tuple(axes), turned, any_order, splittable, reversible, columns)


def _combines_rows(loops: Sequence[Loop]) -> bool:
    """Return whether each iteration of the outermost loop combines a row into one, and nothing else is done."""
    *lets, update = loops[-1].body
    if not isinstance(update, Update) or not all(isinstance(each, Let) for each in lets):
        return False
    return update.unique and update.index == tuple(Ref(loop.index, "int64") for loop in loops[1:])


def _only_reduces(
    loops: Sequence[Loop],
    touched: _Touched,
    axes: Sequence[tuple[str, tuple[int, ...]]],
    buffers: Mapping[str, Buffer],
) -> bool:
    """Return whether loops only accumulate what they read of places of any strides, at their indices and nothing else."""
    if not all(isinstance(s, (Let, Accumulate)) for s in loops[-1].body):
        return False
    if len(loops) > 2 and len({buffer for buffer, _ in axes}) < len(axes):
        return False
    names = {loop.index for loop in loops}
    places = [(name, index) for name, index in touched.places if index]
    plain = all(
        (isinstance(e, Ref) and e.name in names) or (isinstance(e, Const) and not e.value)
        for _, index in places
        for e in index
    )
    return plain and not any(is_contiguous(buffers[name]) for name, _ in places)


def _names(exprs: tuple[Expr, ...]) -> set[str]:
    return {e.name for e in postorder(exprs) if isinstance(e, Ref)}


@dataclass(frozen=True)
class _Touched:
    """What a body does with indices: places with their index expressions, and names that serve for something else."""

    places: tuple[tuple[str, tuple[Expr, ...]], ...]
    other_names: frozenset[str]


def _touched(loop: Loop) -> _Touched:
    places: list[tuple[str, tuple[Expr, ...]]] = []
    other: set[str] = set()
    for statement in statements(loop.body):
        exprs = expressions(statement)
        if isinstance(statement, (Store, Update)):
            places.append((statement.buffer, statement.index))
            exprs = (statement.value, *(i for i in statement.index if not isinstance(i, Ref)))
        stack = list(exprs)
        places += [(expr.buffer, expr.index) for expr in postorder(stack) if isinstance(expr, Load)]
        other |= _names_outside_indices(stack)
    return _Touched(tuple(places), frozenset(other))


def _names_outside_indices(exprs: list[Expr]) -> set[str]:
    """Return the names that occur otherwise than as a whole index of a load."""
    found: set[str] = set()
    seen: set[int] = set()
    stack = list(exprs)
    while stack:
        expr = stack.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        if isinstance(expr, Ref):
            found.add(expr.name)
        elif isinstance(expr, Load):
            stack += [i for i in expr.index if not isinstance(i, Ref)]
        else:
            stack += operands(expr)
    return found


def _turned(touched: _Touched, loops: list[Loop]) -> tuple[tuple[str, int, int], ...]:
    """Return the places with an axis for each of the two innermost loops."""
    found: dict[tuple[str, int, int], None] = {}
    for buffer, index in touched.places:
        axes = {e.name: axis for axis, e in enumerate(index) if isinstance(e, Ref)}
        if loops[-1].index in axes and loops[-2].index in axes:
            found[buffer, axes[loops[-2].index], axes[loops[-1].index]] = None
    return tuple(found)


def _any_order(loops: list[Loop], views: Mapping[str, str], combining: bool = False) -> bool:
    """Return whether the iterations of all loops may run in any order, perhaps but for what they combine into.

    They may where every buffer that is written is written by one statement, at an element of its own in each iteration, and is
    read at that element only; and where the loops promise it.
    """
    if all(loop.parallel for loop in loops):
        return True
    names, written = {loop.index for loop in loops}, dict[str, tuple[Expr, ...]]()
    for statement in loops[-1].body:
        if combining and isinstance(statement, (Accumulate, AccumulateArg, Update)):
            continue
        if not isinstance(statement, (Let, Store)):
            return False
        if isinstance(statement, Store):
            own = {e.name for e in statement.index if isinstance(e, Ref)}
            root = root_of(statement.buffer, views)
            if not names <= own or root in written or root != statement.buffer:
                return False
            written[root] = statement.index
    for expr in all_expressions(loops[-1].body):
        if isinstance(expr, Load) and root_of(expr.buffer, views) in written and written.get(expr.buffer) != expr.index:
            return False
    return True


def _axes(touched: _Touched, names: list[str]) -> list[tuple[str, tuple[int, ...]]] | None:
    """Return the axes that some loops' indices stand on in each place that has them; None where they cannot be merged."""
    if touched.other_names.intersection(names):
        return None
    found = []
    for buffer, index in touched.places:
        axes = {e.name: axis for axis, e in enumerate(index) if isinstance(e, Ref) and e.name in names}
        count = sum(isinstance(e, Ref) and e.name in names for e in index)
        if count == 0:
            continue
        if count != len(names) or len(axes) != len(names):
            return None
        found.append((buffer, tuple(axes[name] for name in names)))
    return list(dict.fromkeys(found))
