"""Deciding which items share loops.

Items are taken in topological order, those that need the fewest complete nests first. Loop by loop from the outside, each
root joins the latest nest that runs over the same
length, comes after everything that the root needs from outside of it, and makes what the root reads from inside of it at
exactly the point where it is read. What cannot join opens a nest of its own. So outputs of one shape share one loop, a
reduction shares the pass over what it reads, and rows of softmax or of a layer normalisation become one nest over rows.

After Kennedy & Allen, Optimizing Compilers for Modern Architectures (2001), section 6.2 (loop fusion), greedily.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from neano.backends.native import ir
from neano.backends.native.schedule.expressions import Access, Expr, Expressions, accesses_in, children_of
from neano.backends.native.schedule.plan import Guard, Item, Plan, Root

MAX_ITEMS_IN_NEST = 64
"""A nest takes no more roots than this: beyond, registers and the prefetcher's streams run out and compiling slows down."""


@dataclass(eq=False, slots=True)
class Nest:
    """A loop and what stands in it, in order: inner loops and items whose own loops end here."""

    extent: Expr
    depth: int
    children: list[Nest | Item] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Schedule:
    """What a function does, in order, with the loops settled.

    Attributes:
        plan: the values and items.
        body: nests and items of the top level.
        paths: for each item the loops around it, outermost first.
    """

    plan: Plan
    body: list[Nest | Item]
    paths: dict[Item, tuple[Nest, ...]]


def fuse(plan: Plan) -> Schedule:
    """Return the plan with its loops settled."""
    prelude = [item for item in plan.items if isinstance(item, Guard) and not item.deps]
    hoisted = set(prelude)
    rest = [item for item in plan.items if item not in hoisted]
    body: list[Nest | Item] = [*prelude, *_arrange(rest, 0, plan.expressions)]
    paths: dict[Item, tuple[Nest, ...]] = {}
    _record_paths(body, (), paths)
    return Schedule(plan, body, paths)


def _arrange(items: Sequence[Item], depth: int, expressions: Expressions) -> list[Nest | Item]:
    """Return nests and leaves for items that already share their first `depth` loops."""
    nodes: list[Nest | Item] = []
    position: dict[Item, int] = {}
    stages = _stages(items, depth, expressions)
    joinable: dict[tuple[int, int], list[int]] = {}  # stage and length -> the positions of their nests
    for item in sorted(items, key=lambda item: (stages[item], len(item.loops) > depth)):
        after, within = -1, -1  # the last node it must follow; the last node it may stand in
        for dep in item.deps:
            at = position.get(dep)
            if at is None:
                continue
            within = max(within, at)
            if at > after and not is_aligned(dep, item, depth, expressions):
                after = at
        if len(item.loops) <= depth:
            position[item] = len(nodes)
            nodes.append(item)
            continue
        alike = joinable.setdefault((stages[item], id(item.loops[depth])), [])
        at = _find_nest(nodes, alike, max(after + 1, within))
        if at < 0:
            at = len(nodes)
            alike.append(at)
            nodes.append(Nest(item.loops[depth], depth))
        nest = nodes[at]
        assert isinstance(nest, Nest)
        nest.items.append(item)
        position[item] = at
    for node in nodes:
        if isinstance(node, Nest):
            node.children = _arrange(node.items, depth + 1, expressions)
    return nodes


def _stages(items: Sequence[Item], depth: int, expressions: Expressions) -> dict[Item, int]:
    """Return for each item the stage in which it runs; nests of one stage may share loops.

    An item's stage is how many nests must be complete before it. Arrays are made in the stage that first reads them, so
    that they need not outlive a nest; scalars as soon as they can be; what nothing else reads beside those who read the same.
    """
    stages: dict[Item, int] = {}
    readers: dict[Item, list[Item]] = {}
    for item in items:
        stage = 0
        for dep in item.deps:
            if dep in stages:
                readers.setdefault(dep, []).append(item)
                apart = len(dep.loops) > depth and not is_aligned(dep, item, depth, expressions)
                stage = max(stage, stages[dep] + apart)
        stages[item] = stage
    for item in reversed(items):
        if item in readers and isinstance(item, Root) and len(item.loops) > depth and item.target.ndim:
            stages[item] = min(stages[r] - (not is_aligned(item, r, depth, expressions)) for r in readers[item])
    if depth:
        _move_to_operands(items, depth, stages, readers.keys())
    return stages


def _move_to_operands(items: Sequence[Item], depth: int, stages: dict[Item, int], read: Collection[Item]) -> None:
    """Let what nothing here reads wait for the first stage in which others read most of the same arrays, along the same loop."""
    operands = {item: _arrays_read(item) for item in items if len(item.loops) > depth}
    last = [item for item in operands if item not in read and operands[item] and isinstance(item, Root)]
    others = [item for item in operands if item not in last]
    for item in last:
        shared: dict[int, set[str]] = {stages[item]: set()}
        for other in others:
            if stages[other] >= stages[item] and other.loops[depth] is item.loops[depth]:
                shared.setdefault(stages[other], set()).update(operands[item] & operands[other])
        stages[item] = max(shared, key=lambda stage: (len(shared[stage]), -stage))


def _arrays_read(item: Item) -> set[str]:
    """Return the names of the arrays that an item's expressions read."""
    found: set[str] = set()
    seen: set[int] = set()
    stack = item.expressions()
    while stack:
        expr = stack.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        if isinstance(expr, (ir.Load, Access)) and expr.index:
            found.add(expr.buffer if isinstance(expr, ir.Load) else expr.stored.name)
        stack.extend(children_of(expr))
    return found


def _find_nest(nodes: Sequence[Nest | Item], alike: Sequence[int], first: int) -> int:
    """Return the position of the latest nest that has room, from a first position on; -1 for none."""
    for at in reversed(alike):
        if at < first:
            break
        node = nodes[at]
        if isinstance(node, Nest) and len(node.items) < MAX_ITEMS_IN_NEST:
            return at
    return -1


def is_aligned(writer: Item, reader: Item, depth: int, expressions: Expressions) -> bool:
    """Say whether the reader needs, in iteration i of loop `depth`, only what the writer makes in the same iteration."""
    if not isinstance(writer, Root) or not isinstance(reader, Root):
        return False
    if depth >= len(writer.loops) or depth >= len(reader.loops) or depth in writer.reduced:
        return False
    if reader.target is writer.target or not writer.is_whole:
        return False
    kept = writer.kept_loops
    if kept is None or depth not in kept:
        return False
    axis = kept.index(depth)
    index = expressions.index(depth)
    targets = (writer.target, writer.companion)
    for expr in (*reader.expressions(), *([] if reader.init is None else [reader.init])):
        for access in accesses_in(expr):
            if access.stored in targets and access.index[axis] is not index:
                return False
    # what the reader needs only for its lengths or through a guard must be there before any loop
    return not any(access.stored in targets for expr in reader.loops for access in accesses_in(expr))


def _record_paths(nodes: Sequence[Nest | Item], path: tuple[Nest, ...], paths: dict[Item, tuple[Nest, ...]]) -> None:
    for node in nodes:
        if isinstance(node, Nest):
            _record_paths(node.children, (*path, node), paths)
        else:
            paths[node] = path


def common_depth(schedule: Schedule, first: Item, second: Item) -> int:
    """Return how many loops two items share."""
    count = 0
    for a, b in zip(schedule.paths[first], schedule.paths[second], strict=False):
        if a is not b:
            break
        count += 1
    return count
