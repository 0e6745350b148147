"""Groups of node rewriters, and the plain walks over a graph: once in topological order, or at the nodes of one Op."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from neano.graph.errors import InconsistencyError
from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.rewriting.driver import checked_pairs
from neano.graph.rewriting.rewriters import GraphRewriter, NodeRewriter, Replacement, kinds, report_failure
from neano.graph.variable import Apply


class NodeRewriterGroup(NodeRewriter):
    """Several node rewriters as one: the first that has an answer gives it.

    Attributes:
        apply_all_opts: let the next ones see the node that an answer has brought.
    """

    apply_all_opts = False

    def __init__(self, *rewriters: NodeRewriter, apply_all_opts: bool = False, name: str | None = None) -> None:
        self.opts: list[NodeRewriter] = [
            member for given in rewriters for member in (given.opts if type(given) is NodeRewriterGroup else [given])
        ]
        self.apply_all_opts = apply_all_opts
        self.depth = max((r.depth for r in self.opts), default=1)
        self.name = name or ",".join(map(str, self.opts))

    def tracks(self) -> Sequence[Any] | None:
        found: list[Any] = []
        for member in self.opts:
            tracked = member.tracks()
            if tracked is None:
                return None
            found += tracked
        return found

    def rewrite_node(self, fgraph: FunctionGraph, node: Apply) -> Replacement:
        current, answer = node, None
        for member in self.opts:
            tracked = member.tracks()
            if tracked is not None and not any(kind in tracked for kind in kinds(current.op)):
                continue
            offered = member.rewrite_node(fgraph, current)
            if offered is None or offered is False:
                continue
            answer = offered
            if not self.apply_all_opts or not isinstance(offered, (list, tuple)) or len(offered) != 1:
                break
            owner = offered[0].owner if offered[0] is not None else None
            if owner is None:
                break
            current = owner
        return answer

    def transform(self, node: Apply) -> Replacement:
        return self.rewrite_node(node.fgraph, node)  # type: ignore[attr-defined]

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        for member in self.opts:
            member.add_requirements(fgraph)


class WalkingRewriter(GraphRewriter):
    """Applies one node rewriter to nodes of a graph. Subclasses say to which, and in which order."""

    def __init__(
        self,
        local_opt: NodeRewriter,
        ignore_newtrees: Any = "auto",
        failure_callback: Any = None,
        name: str | None = None,
    ) -> None:
        self.local_opt = local_opt
        self.failure_callback = failure_callback
        self.name = name or getattr(local_opt, "name", None)

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        self.local_opt.add_requirements(fgraph)

    def process_node(self, fgraph: FunctionGraph, node: Apply, lopt: NodeRewriter | None = None) -> bool:
        """Apply the node rewriter to a node; say whether the graph changed."""
        chosen = lopt or self.local_opt
        try:
            pairs = checked_pairs(fgraph, node, offered) if (offered := chosen.rewrite_node(fgraph, node)) else []
            if pairs:
                fgraph.replace_all_validate(pairs, reason=chosen)
        except InconsistencyError:
            return False
        except Exception as error:
            if self.failure_callback is not None:
                self.failure_callback(error, self, [], chosen, node)
            else:
                report_failure(error, chosen, node)
            return False
        return bool(pairs)


class _Imports(Feature):
    """Collects the nodes that enter a graph."""

    def __init__(self, queue: deque[Apply]) -> None:
        self.queue = queue

    def on_import(self, fgraph: FunctionGraph, node: Apply, reason: Any) -> None:
        self.queue.append(node)


class TopologicalRewriter(WalkingRewriter):
    """Applies a node rewriter to each node once, from inputs to outputs ('in_to_out') or back ('out_to_in').

    Args:
        order: the direction.
        ignore_newtrees: leave alone the nodes that it brings in itself.
    """

    def __init__(
        self,
        local_opt: NodeRewriter,
        order: str = "in_to_out",
        ignore_newtrees: bool = False,
        failure_callback: Any = None,
        name: str | None = None,
    ) -> None:
        if order not in ("in_to_out", "out_to_in"):
            raise ValueError(f"order is 'in_to_out' or 'out_to_in', not {order!r}")
        super().__init__(local_opt, ignore_newtrees, failure_callback, name)
        self.order = order
        self.ignore_newtrees = ignore_newtrees

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        queue = deque(fgraph.toposort())
        imports = _Imports(queue)
        tracked = self.local_opt.tracks()
        wanted = None if tracked is None else set(tracked)
        if not self.ignore_newtrees:
            fgraph.attach_feature(imports)
        try:
            while queue:
                node = queue.popleft() if self.order == "in_to_out" else queue.pop()
                if node in fgraph.apply_nodes and (wanted is None or not wanted.isdisjoint(kinds(node.op))):
                    self.process_node(fgraph, node)
        finally:
            if not self.ignore_newtrees:
                fgraph.remove_feature(imports)


class OpKeyRewriter(WalkingRewriter):
    """Applies a node rewriter, which has `op_key()`, to the nodes of that Op (or of those Ops)."""

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        keys = self.local_opt.op_key()  # type: ignore[attr-defined]
        wanted = set(keys) if isinstance(keys, (list, tuple)) else {keys}
        queue = deque(node for node in fgraph.toposort() if node.op in wanted)
        while queue:
            node = queue.popleft()
            if node in fgraph.apply_nodes:
                self.process_node(fgraph, node)
