"""Perfect nests: loops inside loops with nothing between them, and which of them may run as one loop.

Loops run as one where every place in memory that the body touches is either independent of all of their indices or has
each of them as the index of one axis: where strides fit, two axes are one longer axis. Whether they fit is seen at run
time, by the caller of the kernel, which hands over the lengths of the merged loops.
"""

from __future__ import annotations

from dataclasses import dataclass

from neano.backends.native.ir import Expr, Load, Loop, Ref, Store, Update
from neano.backends.native.traverse import defined_names, expressions, operands, postorder, statements


@dataclass(frozen=True)
class Nest:
    """A perfect nest.

    Attributes:
        loops: from the outermost to the innermost.
        merged_from: the loops from this one on may be merged; the innermost's position where none may.
        axes: for each place that the body touches and that moves with the merged loops, its buffer and their axes.
    """

    loops: tuple[Loop, ...]
    merged_from: int
    axes: tuple[tuple[str, tuple[int, ...]], ...]


def nest_of(loop: Loop) -> Nest:
    """Return a loop and the loops right inside it as a nest."""
    loops = [loop]
    while len(loops[-1].body) == 1 and isinstance(loops[-1].body[0], Loop):
        loops.append(loops[-1].body[0])
    innermost = len(loops) - 1
    names = [each.index for each in loops]
    inside = set(names) | defined_names(loops[-1].body)
    constant = all(not inside & _names((each.extent,)) for each in loops)
    if innermost == 0 or not constant or any(isinstance(s, Loop) for s in statements(loops[-1].body)):
        return Nest(tuple(loops), innermost, ())
    touched = _touched(loops[-1])
    start, axes = innermost, list[tuple[str, tuple[int, ...]]]()
    while start > 0 and (found := _axes(touched, names[start - 1 :])) is not None:
        axes, start = found, start - 1
    return Nest(tuple(loops), start, tuple(axes))


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
