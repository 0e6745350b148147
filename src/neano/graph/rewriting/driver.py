"""The driver: node rewriters applied until none has anything to say, from a worklist, merging as the graph changes.

A node is looked at when it enters the graph and when something within the rewriters' depth below it changes. Rewriters
are found by the kind of the node's Op, so that a node costs a table lookup and the few rewriters that may concern it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neano.config import config
from neano.graph.errors import InconsistencyError
from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.rewriting.merge import Merger, merger_of
from neano.graph.rewriting.rewriters import (
    GraphRewriter,
    NodeRewriter,
    Replacement,
    kinds,
    report_failure,
    taking_notes,
)
from neano.graph.variable import Apply, Constant, Trace, Variable

_log = logging.getLogger("neano.rewriting")

_WIDEST = 64
"""A change is told to no more than so many readers of one variable: one that is read everywhere would cost n * n."""


class Worklist(Feature):
    """The nodes that are yet to be looked at; it watches a graph and adds those that a change concerns."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.trace: Trace | None = None
        self.changed: set[Apply] = set()
        self.refused: set[tuple[NodeRewriter, Apply]] = set()
        self._pending: deque[Apply] = deque()
        self._waiting: set[Apply] = set()

    def push(self, node: Apply) -> None:
        """Add a node, unless it waits already."""
        if node not in self._waiting:
            self._waiting.add(node)
            self._pending.append(node)

    def pop(self) -> Apply | None:
        """Take the node that has waited longest; None when all are done."""
        if not self._pending:
            return None
        node = self._pending.popleft()
        self._waiting.discard(node)
        return node

    def on_import(self, fgraph: FunctionGraph, node: Apply, reason: Any) -> None:
        if self.trace is not None:
            node.trace = self.trace  # what a rule makes stands for what the user wrote there
        self.changed.add(node)
        self.push(node)

    def on_change_input(
        self, fgraph: FunctionGraph, node: Apply | str, i: int, old: Variable, new: Variable, reason: Any
    ) -> None:
        if isinstance(node, str):
            return
        self.changed.add(node)
        level = [node]
        for _ in range(self.depth - 1):
            above: list[Apply] = []
            for changed in level:
                self.push(changed)
                for output in changed.outputs:
                    readers = fgraph._clients.get(output, ())
                    if len(readers) <= _WIDEST:
                        above.extend(reader for reader, _ in readers if not isinstance(reader, str))
            level = above
            if not level:
                return
        for changed in level:
            self.push(changed)

    def on_prune(self, fgraph: FunctionGraph, node: Apply, reason: Any) -> None:
        for source in node.inputs:
            readers = fgraph._clients.get(source, ())
            if len(readers) == 1:  # rules that want a single reader may now apply
                (reader, _), *_ = readers
                if not isinstance(reader, str):
                    self.push(reader)


class Equilibrium(GraphRewriter):
    """Applies node rewriters until nothing changes.

    Args:
        rewriters: node rewriters; those that a node concerns are tried in this order. Graph rewriters among them run
            after each round.
        name: what the pass is called.
        max_use_ratio: a rewriter that is applied more often than this times the number of nodes is stopped with a
            warning; `config.optdb.max_use_ratio` by default.
        merge: keep equal nodes merged.
        final: node or graph rewriters that run when nothing else changes any more, after which all starts again.
    """

    def __init__(
        self,
        rewriters: Iterable[Any] = (),
        name: str | None = None,
        max_use_ratio: float | None = None,
        merge: bool = True,
        final: Iterable[Any] = (),
    ) -> None:
        given = list(rewriters)
        node_rewriters = [r for r in given if isinstance(r, NodeRewriter)]
        self.rewriters: list[NodeRewriter] = sorted(node_rewriters, key=lambda r: r.priority)
        self.graph_rewriters: list[GraphRewriter] = [r for r in given if isinstance(r, GraphRewriter)]
        self.graph_rewriters += [
            r if isinstance(r, GraphRewriter) else Equilibrium([r], name=str(r), merge=False) for r in final
        ]
        self.name = name
        self.max_use_ratio = max_use_ratio
        self.merges = merge
        self.depth = max((r.depth for r in self.rewriters), default=1)
        self.statistics: Counter[str] = Counter()
        self.seconds = 0.0
        self._by_kind: dict[Any, list[tuple[int, NodeRewriter]]] = {}
        self._everywhere: list[tuple[int, NodeRewriter]] = []
        self._by_op: dict[int, tuple[Any, tuple[NodeRewriter, ...]]] = {}
        for position, rewriter in enumerate(self.rewriters):
            tracked = rewriter.tracks()
            if tracked is None:
                self._everywhere.append((position, rewriter))
                continue
            for kind in tracked:
                self._by_kind.setdefault(kind, []).append((position, rewriter))

    def rewriters_for(self, op: Any) -> tuple[NodeRewriter, ...]:
        """Return the rewriters that want to see nodes of an Op."""
        known = self._by_op.get(id(op))
        if known is not None:
            return known[1]
        chosen = dict(self._everywhere)
        for kind in kinds(op):
            chosen.update(self._by_kind.get(kind, ()))
        found = tuple(chosen[position] for position in sorted(chosen))
        if len(self._by_op) > 4096:  # a database lives as long as the process, users' Ops need not
            self._by_op.clear()
        self._by_op[id(op)] = (op, found)  # the Op itself is kept, so that no other gets its id
        return found

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        for rewriter in self.rewriters:
            rewriter.add_requirements(fgraph)
        for step in self.graph_rewriters:
            step.add_requirements(fgraph)

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        with taking_notes(fgraph):
            self._apply(fgraph)

    def _apply(self, fgraph: FunctionGraph) -> None:
        started = time.perf_counter()
        worklist = Worklist(self.depth)
        merger = merger_of(fgraph) if self.merges else None
        if merger is not None and not merger.complete:
            merger.merge_all()
        counts: Counter[NodeRewriter] = Counter()
        for node in fgraph.toposort():
            if self.rewriters_for(node.op):
                worklist.push(node)
        fgraph.attach_feature(worklist)
        try:
            self._drain(fgraph, worklist, merger, counts)
            while sum(self._changes(step, fgraph) for step in self.graph_rewriters):
                self._drain(fgraph, worklist, merger, counts)
        finally:
            fgraph.remove_feature(worklist)
            self.seconds += time.perf_counter() - started

    def _changes(self, step: GraphRewriter, fgraph: FunctionGraph) -> bool:
        """Run a graph rewriter and say whether it changed anything."""
        watch = _Changed()
        fgraph.attach_feature(watch)
        try:
            step.apply(fgraph)
        except Exception as error:
            report_failure(error, step, None)
        finally:
            fgraph.remove_feature(watch)
        return watch.changed

    def _drain(
        self, fgraph: FunctionGraph, worklist: Worklist, merger: Merger | None, counts: Counter[NodeRewriter]
    ) -> None:
        """Look at nodes until none waits."""
        ratio = config.optdb.max_use_ratio if self.max_use_ratio is None else self.max_use_ratio
        limit = max(ratio * len(fgraph.apply_nodes), 100)
        while (node := worklist.pop()) is not None:
            if node not in fgraph.apply_nodes:
                continue
            if node in worklist.changed:
                worklist.changed.discard(node)
                if merger is not None and merger.merge(node):
                    continue
            for rewriter in self.rewriters_for(node.op):
                if counts[rewriter] > limit or not self._apply_one(fgraph, worklist, node, rewriter):
                    continue
                counts[rewriter] += 1
                self.statistics[str(rewriter)] += 1
                if counts[rewriter] > limit:
                    _log.warning("%s was applied %d times and is stopped: does it undo another?", rewriter, limit)
                if node in fgraph.apply_nodes:
                    worklist.push(node)
                break

    def _apply_one(self, fgraph: FunctionGraph, worklist: Worklist, node: Apply, rewriter: NodeRewriter) -> bool:
        """Let one rewriter see one node; say whether it changed the graph."""
        if worklist.refused and (rewriter, node) in worklist.refused:
            return False
        try:
            offered = rewriter.rewrite_node(fgraph, node)
            if offered is None or offered is False:
                return False
            pairs = checked_pairs(fgraph, node, offered)
            if not pairs:
                return False
            worklist.trace = node.trace
            fgraph.replace_all_validate(pairs, reason=rewriter)
        except (
            InconsistencyError
        ):  # a feature of the graph forbids it, and it is undone, which makes the node wait anew
            worklist.refused.add((rewriter, node))
            return False
        except Exception as error:
            report_failure(error, rewriter, node)
            return False
        finally:
            worklist.trace = None
        return True


class _Changed(Feature):
    """Remembers whether a graph changed."""

    changed = False

    def on_change_input(
        self, fgraph: FunctionGraph, node: Apply | str, i: int, old: Variable, new: Variable, reason: Any
    ) -> None:
        self.changed = True


def checked_pairs(fgraph: FunctionGraph, node: Apply, offered: Replacement) -> list[tuple[Variable, Variable]]:
    """Return what is to be replaced by what, from what a rewriter offers for a node; nothing where all stays.

    Raises:
        TypeError: the offer has the wrong form, or types differ.
        ValueError: its length is not the number of outputs.
    """
    wanted: list[tuple[Variable, Variable | None]]
    if isinstance(offered, Mapping):
        wanted = [(old, new) for old, new in offered.items() if old != "remove"]
    elif isinstance(offered, Variable):
        wanted = [(node.outputs[0], offered)]
    elif isinstance(offered, Sequence) and not isinstance(offered, str):
        if len(offered) != len(node.outputs):
            raise ValueError(f"{len(offered)} replacements were offered for the {len(node.outputs)} outputs of {node}")
        wanted = list(zip(node.outputs, offered, strict=True))
    else:
        raise TypeError(f"a rewriter returns None, a list of variables or a dict, not {offered!r}")
    pairs = []
    for old, new in wanted:
        if new is None or new is old or not fgraph._clients.get(old) or _same_application(old, new):
            continue
        if not isinstance(new, Variable):
            raise TypeError(f"a rewriter offers variables, not {new!r}")
        if not old.type.in_same_class(new.type):
            converted = old.type.convert_variable(new)
            if converted is None:
                raise TypeError(f"{old} of type {old.type} cannot be replaced by {new} of type {new.type}")
            new = converted
        if new.name is None and new.owner is not None and new not in fgraph._clients:
            new.name = old.name
        pairs.append((old, new))
    return pairs


def _same_application(old: Variable, new: Variable) -> bool:
    """Say whether both are the same output of equal Ops on the same inputs: replacing would go on for ever."""
    a, b = old.owner, new.owner
    if a is None or b is None or old.index != new.index or len(a.inputs) != len(b.inputs) or a.op != b.op:
        return False
    return all(
        x is y or (isinstance(x, Constant) and isinstance(y, Constant) and x.equals(y))
        for x, y in zip(a.inputs, b.inputs, strict=True)
    )
