"""Theano's ways of writing rewriters, for programs that register their own: tuples as patterns, Op for Op, walks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.op import Op
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.groups import NodeRewriterGroup, OpKeyRewriter, TopologicalRewriter, WalkingRewriter
from neano.graph.rewriting.merge import MergeRewriter
from neano.graph.rewriting.rewriters import (
    FunctionGraphRewriter,
    FunctionNodeRewriter,
    GraphRewriter,
    NodeRewriter,
    Phases,
    Replacement,
)
from neano.graph.variable import Apply, Constant, Variable

Optimizer = GraphRewriter
LocalOptimizer = NodeRewriter
SeqOptimizer = Phases
MergeOptimizer = MergeRewriter
LocalOptGroup = NodeRewriterGroup
NavigatorOptimizer = WalkingRewriter
TopoOptimizer = TopologicalRewriter
OpKeyOptimizer = OpKeyRewriter
FromFunctionOptimizer = FunctionGraphRewriter
FromFunctionLocalOptimizer = FunctionNodeRewriter


class EquilibriumOptimizer(Equilibrium):
    """Applies rewriters until nothing changes, in Theano's call.

    Args:
        optimizers: node and graph rewriters.
        max_use_ratio: see `Equilibrium`.
        final_optimizers, cleanup_optimizers: rewriters that run when the others are done.
        failure_callback, ignore_newtrees, tracks_on_change_inputs: taken for compatibility.
    """

    def __init__(
        self,
        optimizers: Iterable[Any],
        failure_callback: Any = None,
        ignore_newtrees: bool = True,
        tracks_on_change_inputs: bool = False,
        max_use_ratio: float | None = None,
        final_optimizers: Iterable[Any] | None = None,
        cleanup_optimizers: Iterable[Any] | None = None,
    ) -> None:
        final = [*(final_optimizers or ()), *(cleanup_optimizers or ())]
        super().__init__(optimizers, max_use_ratio=max_use_ratio, final=final, merge=False)


def local_optimizer(
    tracks: Sequence[Any] | None, inplace: bool = False, requirements: Iterable[Callable[[], Any]] = ()
) -> Callable[[Callable[..., Replacement]], FunctionNodeRewriter]:
    """Make a function of (node) a node rewriter.

    Args:
        tracks: Ops, or classes of Ops, whose nodes it sees; None for all.
        inplace: whether it writes into inputs; the engine validates each replacement anyway.
        requirements: makers of features that it needs.

    Raises:
        ValueError: `tracks` is an empty list, which could never see a node.
    """
    if tracks is not None and len(tracks) == 0:
        raise ValueError("`tracks` is empty: name the Ops to look at, or give None for all")
    return lambda function: FunctionNodeRewriter(function, tracks, requirements)


def optimizer(f: Callable[[FunctionGraph], Any]) -> FunctionGraphRewriter:
    """Make a function of (fgraph) a graph rewriter."""
    return FunctionGraphRewriter(f)


inplace_optimizer = optimizer


def in2out(*local_opts: NodeRewriter, **kwargs: Any) -> TopologicalRewriter:
    """Return a walk from inputs to outputs that applies node rewriters."""
    return _walk(local_opts, "in_to_out", kwargs)


def out2in(*local_opts: NodeRewriter, **kwargs: Any) -> TopologicalRewriter:
    """Return a walk from outputs to inputs that applies node rewriters."""
    return _walk(local_opts, "out_to_in", kwargs)


def _walk(members: Sequence[NodeRewriter], order: str, options: dict[str, Any]) -> TopologicalRewriter:
    name = options.pop("name", None)
    single = members[0] if len(members) == 1 else NodeRewriterGroup(*members)
    return TopologicalRewriter(single, order=order, name=name, **options)


class OpSub(NodeRewriter):
    """Replaces each application of one Op by another on the same inputs."""

    retains_inputs = True
    depth = 1

    def __init__(self, op1: Op, op2: Op, transfer_tags: bool = True) -> None:
        self.op1, self.op2 = op1, op2
        self.transfer_tags = transfer_tags
        self.name = f"{op1} -> {op2}"

    def op_key(self) -> Op:
        return self.op1

    def tracks(self) -> list[Op]:
        return [self.op1]

    def transform(self, node: Apply) -> Replacement:
        if node.op != self.op1:
            return False
        made = self.op2.make_node(*node.inputs)
        if self.transfer_tags:
            made.tag = node.tag
            for old, new in zip(node.outputs, made.outputs, strict=True):
                new.tag = old.tag
        return made.outputs


class OpRemove(NodeRewriter):
    """Replaces each application of an Op by its inputs."""

    depth = 1

    def __init__(self, op: Op) -> None:
        self.op = op
        self.name = f"{op} removed"

    def op_key(self) -> Op:
        return self.op

    def tracks(self) -> list[Op]:
        return [self.op]

    def transform(self, node: Apply) -> Replacement:
        if node.op != self.op or len(node.inputs) != len(node.outputs):
            return False
        return list(node.inputs)


class PatternSub(NodeRewriter):
    """Replaces a pattern of nested tuples.

    A pattern is (op, pattern, ...), a string (a placeholder), a number or constant, or a dict {'pattern': pattern,
    'constraint': condition on the variable}. The output pattern is of the same form, or a function of the placeholders'
    variables.

    Args:
        in_pattern: what is looked for; a tuple at the root.
        out_pattern: what takes its place.
        allow_multiple_clients: match even where other nodes read what the pattern computes on its way.
        skip_identities_fn: `variable -> variable it copies, or a false value`, to look through identities.
        name: what it is called.
        tracks: Ops whose nodes to look at, with `get_nodes`.
        get_nodes: from such a node to the nodes at which the pattern may stand.
    """

    def __init__(
        self,
        in_pattern: Any,
        out_pattern: Any,
        allow_multiple_clients: bool = False,
        skip_identities_fn: Callable[[Variable], Any] | None = None,
        name: str | None = None,
        pdb: bool = False,
        tracks: Sequence[Op] = (),
        get_nodes: Callable[[Apply], Iterable[Apply]] | None = None,
        values_eq_approx: Any = None,
    ) -> None:
        root = in_pattern["pattern"] if isinstance(in_pattern, dict) else in_pattern
        if not isinstance(root, (list, tuple)):
            raise TypeError("the pattern to look for must start with an Op: (op, pattern, ...)")
        self.in_pattern, self.out_pattern = in_pattern, out_pattern
        self.op = root[0]
        self.allow_multiple_clients = allow_multiple_clients
        self.skip_identities_fn = skip_identities_fn
        self.get_nodes = get_nodes
        self.values_eq_approx = values_eq_approx
        self._tracks = list(tracks) or [self.op]
        self.depth = _pattern_depth(in_pattern)
        self.name = name or f"{in_pattern} -> {out_pattern}"

    def op_key(self) -> Any:
        return self.op

    def tracks(self) -> list[Any]:
        return self._tracks

    def transform(self, node: Apply) -> Replacement:
        return self.rewrite_node(getattr(node, "fgraph", None), node)  # type: ignore[arg-type]

    def rewrite_node(self, fgraph: FunctionGraph, node: Apply) -> Replacement:
        if self.get_nodes is not None and node.op != self.op:
            for candidate in self.get_nodes(node):
                offered = self._at(fgraph, candidate)
                if offered:
                    return dict(zip(candidate.outputs, offered, strict=True))
            return False
        return self._at(fgraph, node) or False

    def _at(self, fgraph: FunctionGraph | None, node: Apply) -> list[Variable] | None:
        """Return the replacement of the output of a node at which the pattern stands."""
        if node.op != self.op or len(node.outputs) != 1:
            return None
        bound = self._match(fgraph, self.in_pattern, node.outputs[0], {}, True)
        if bound is None:
            return None
        new = self._build(self.out_pattern, bound)
        if not node.outputs[0].type.in_same_class(new.type):
            return None
        return [new]

    def _match(
        self,
        fgraph: FunctionGraph | None,
        pattern: Any,
        variable: Variable,
        bound: dict[str, Variable],
        root: bool = False,
    ) -> dict[str, Variable] | None:
        if isinstance(pattern, dict):
            constraint = pattern.get("constraint", lambda v: True)
            return self._match(fgraph, pattern["pattern"], variable, bound, root) if constraint(variable) else None
        if isinstance(pattern, str):
            if pattern in bound:
                return bound if _same(bound[pattern], variable) else None
            return {**bound, pattern: variable}
        if not isinstance(pattern, (list, tuple)):
            return bound if _has_value(variable, pattern) else None
        node = variable.owner
        if node is None or node.op != pattern[0] or len(node.inputs) != len(pattern) - 1:
            below = self.skip_identities_fn(variable) if self.skip_identities_fn is not None else None
            return self._match(fgraph, pattern, below, bound) if isinstance(below, Variable) else None
        if not root and not self.allow_multiple_clients and fgraph is not None and len(fgraph.clients(variable)) > 1:
            return None
        for part, source in zip(pattern[1:], node.inputs, strict=True):
            matched = self._match(fgraph, part, source, bound)
            if matched is None:
                return None
            bound = matched
        return bound

    def _build(self, pattern: Any, bound: dict[str, Variable]) -> Any:
        if isinstance(pattern, dict):
            return self._build(pattern["pattern"], bound)
        if isinstance(pattern, str):
            return bound[pattern]
        if isinstance(pattern, (list, tuple)):
            return pattern[0](*[self._build(part, bound) for part in pattern[1:]])
        if callable(pattern) and not isinstance(pattern, Variable):
            return pattern(**{name: bound[name] for name in inspect.signature(pattern).parameters})
        return pattern


PatternOptimizer = PatternSub


def _pattern_depth(pattern: Any) -> int:
    """Return how many nodes deep a pattern of tuples looks."""
    if isinstance(pattern, dict):
        return _pattern_depth(pattern["pattern"])
    if isinstance(pattern, (list, tuple)):
        return 1 + max((_pattern_depth(part) for part in pattern[1:]), default=0)
    return 0


def _same(a: Variable, b: Variable) -> bool:
    return a is b or (isinstance(a, Constant) and a.equals(b))


def _has_value(variable: Variable, value: Any) -> bool:
    """Say whether a variable is a constant of a value that a pattern names."""
    if not isinstance(variable, Constant):
        return False
    wanted = value.data if isinstance(value, Constant) else value
    return bool(np.array_equal(np.asarray(variable.data), np.asarray(wanted)))


class PreserveVariableAttributes(Feature):
    """Gives a variable that replaces another its name and tags, where it has none. The driver keeps names by itself."""

    def on_change_input(
        self, fgraph: FunctionGraph, node: Apply | str, i: int, old: Variable, new: Variable, reason: Any
    ) -> None:
        if new.name is None and new.owner is not None:
            new.name = old.name


PreserveNames = PreserveVariableAttributes
