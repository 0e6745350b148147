"""What rewrites: `NodeRewriter` looks at one node and offers replacements, `GraphRewriter` changes a whole graph.

Functions become rewriters by the decorators `rewriter` and `graph_rewriter`. A rewriter that fails is reported as
`config.on_opt_error` says and the graph stays as it was.
"""

from __future__ import annotations

import inspect
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from neano.config import config
from neano.graph.errors import MethodNotDefined
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.trace import RewriteTrace
from neano.graph.variable import Apply, Variable

_log = logging.getLogger("neano.rewriting")

Replacement = None | bool | Variable | Sequence[Variable | None] | Mapping[Any, Any]
"""What a node rewriter offers: nothing (None or False), new outputs in the order of the node's, or old -> new."""

DEFAULT_DEPTH = 3
"""How many nodes deep a function is taken to look from the node that it is given."""


class GraphRewriter:
    """Changes a graph as a whole. Subclasses define `apply`."""

    name: str | None = None

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Attach the features that `apply` needs."""

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> Any:
        """Change the graph."""
        raise MethodNotDefined(f"{type(self).__name__} does not define apply")

    def rewrite(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> Any:
        """Attach what is needed and change the graph."""
        self.add_requirements(fgraph)
        return self.apply(fgraph, *args, **kwargs)

    def optimize(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> Any:
        """Do as `rewrite` does; Theano's name for it."""
        return self.rewrite(fgraph, *args, **kwargs)

    def __call__(self, fgraph: FunctionGraph) -> Any:
        return self.rewrite(fgraph)

    def __str__(self) -> str:
        return self.name or type(self).__name__

    __repr__ = __str__


class NodeRewriter:
    """Looks at one node and offers replacements of its outputs. Subclasses define `transform`.

    Attributes:
        name: what it is called in traces, and to select it.
        depth: how many nodes deep it looks; it is asked again when anything so near changes.
        priority: of several that see a node, those of lower numbers come first; else in the order of registration.
    """

    name: str | None = None
    depth: int = DEFAULT_DEPTH
    priority: int = 0

    def tracks(self) -> Sequence[Any] | None:
        """Return the Ops, classes of Ops or scalar functions whose nodes it wants to see; None for all."""
        return None

    def transform(self, node: Apply) -> Replacement:
        """Return replacements of the node's outputs, or None."""
        raise MethodNotDefined(f"{type(self).__name__} does not define transform")

    def rewrite_node(self, fgraph: FunctionGraph, node: Apply) -> Replacement:
        """Return replacements of the outputs of a node of the graph, or None. `node.fgraph` is there meanwhile."""
        node.fgraph = fgraph  # type: ignore[attr-defined]
        try:
            return self.transform(node)
        finally:
            del node.fgraph  # type: ignore[attr-defined]

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Attach the features that `transform` needs."""

    def __str__(self) -> str:
        return self.name or type(self).__name__

    __repr__ = __str__


class FunctionNodeRewriter(NodeRewriter):
    """A node rewriter made of a function of (node) or (fgraph, node)."""

    def __init__(
        self,
        function: Callable[..., Replacement],
        tracks: Sequence[Any] | None = None,
        requirements: Iterable[Callable[[], Any]] = (),
        name: str | None = None,
        depth: int = DEFAULT_DEPTH,
        priority: int = 0,
    ) -> None:
        self.priority = priority
        self.function = function
        self._tracks = None if tracks is None else list(tracks)
        self.requirements = list(requirements)
        self.name = name or getattr(function, "__name__", None)
        self.depth = depth
        self.__doc__ = function.__doc__
        parameters = inspect.signature(function).parameters.values()
        self._takes_graph = len([p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]) == 2

    def tracks(self) -> Sequence[Any] | None:
        return self._tracks

    def transform(self, node: Apply) -> Replacement:
        return self.function(node.fgraph, node) if self._takes_graph else self.function(node)  # type: ignore[attr-defined]

    def rewrite_node(self, fgraph: FunctionGraph, node: Apply) -> Replacement:
        return self.function(fgraph, node) if self._takes_graph else super().rewrite_node(fgraph, node)

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        for make_feature in self.requirements:
            fgraph.attach_feature(make_feature())


class FunctionGraphRewriter(GraphRewriter):
    """A graph rewriter made of a function of (fgraph)."""

    def __init__(
        self,
        function: Callable[[FunctionGraph], Any],
        requirements: Iterable[Callable[[], Any]] = (),
        name: str | None = None,
    ) -> None:
        self.function = function
        self.requirements = list(requirements)
        self.name = name or getattr(function, "__name__", None)
        self.__doc__ = function.__doc__

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> Any:
        return self.function(fgraph, *args, **kwargs)

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        for make_feature in self.requirements:
            fgraph.attach_feature(make_feature())


def rewriter(
    *tracks: Any, name: str | None = None, depth: int = DEFAULT_DEPTH, priority: int = 0
) -> Callable[[Callable[..., Replacement]], FunctionNodeRewriter]:
    """Make a function of (node) or (fgraph, node) a node rewriter.

    Args:
        tracks: the Ops, classes of Ops or scalar functions whose nodes it sees; none for all nodes.
        name: what it is called; the function's name by default.
        depth: how many nodes deep it looks from the node that it is given.
        priority: see `NodeRewriter`.
    """
    return lambda function: FunctionNodeRewriter(function, tracks or None, name=name, depth=depth, priority=priority)


def graph_rewriter(function: Callable[[FunctionGraph], Any]) -> FunctionGraphRewriter:
    """Make a function of (fgraph) a graph rewriter."""
    return FunctionGraphRewriter(function)


def notes_of(fgraph: FunctionGraph) -> dict[str, Any]:
    """Return what passes over a graph remember for one another, by name; forgotten when the outermost pass ends."""
    notes: dict[str, Any] = fgraph.__dict__.setdefault("rewriting_notes", {})
    return notes


@contextmanager
def taking_notes(fgraph: FunctionGraph) -> Iterator[None]:
    """Keep the notes of a graph until the outermost of these contexts ends; they hold on to nodes long gone.

    Under `config.optimizer_verbose` what is replaced meanwhile is printed.
    """
    outermost = "rewriting_notes" not in fgraph.__dict__
    notes_of(fgraph)
    trace = RewriteTrace(prints=True) if outermost and config.optimizer_verbose else None
    if trace is not None:
        fgraph.attach_feature(trace)
    try:
        yield
    finally:
        if outermost:
            fgraph.__dict__.pop("rewriting_notes", None)
        if trace is not None:
            fgraph.remove_feature(trace)


class Phases(GraphRewriter):
    """Graph rewriters that run one after the other.

    A failing one is reported and the next goes on. Features that have `on_phase` hear the name of each before it runs.
    """

    def __init__(self, *rewriters: Any, name: str | None = None, failure_callback: Any = None) -> None:
        given = rewriters[0] if len(rewriters) == 1 and isinstance(rewriters[0], (list, tuple)) else rewriters
        self.steps: list[GraphRewriter] = list(given)
        self.name = name
        self.failure_callback = failure_callback

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        with taking_notes(fgraph):
            for step in self.steps:
                fgraph.execute_callbacks("on_phase", str(step))
                try:
                    step.rewrite(fgraph)
                except Exception as error:
                    if self.failure_callback is not None:
                        self.failure_callback(error, self, step)
                    else:
                        report_failure(error, step, None)

    def append(self, step: GraphRewriter) -> None:
        """Add a rewriter that runs last."""
        self.steps.append(step)

    def __iter__(self) -> Iterator[GraphRewriter]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, position: int) -> GraphRewriter:
        return self.steps[position]


elementwise_function: Callable[[Any], Any] | None = None
"""Gives the function that an Op applies to each element, None for other Ops; set by the language (`neano.rewrites`)."""


def kinds(op: Any) -> list[Any]:
    """Return what a rewriter may track to see nodes of an Op: itself, its classes, what it applies to each element."""
    found: list[Any] = [op, *type(op).__mro__[:-1]]
    function = None if elementwise_function is None else elementwise_function(op)
    return found if function is None else [*found, function, *type(function).__mro__[:-1]]


def report_failure(error: Exception, culprit: Any, node: Apply | None) -> None:
    """Tell of a rewriter that raised, as `config.on_opt_error` says; must be called while the error is handled.

    Raises:
        Exception: the error itself, under "raise".
    """
    action = config.on_opt_error
    if action == "raise":
        raise error
    if action == "ignore":
        return
    where = "" if node is None else f" at node {node}"
    _log.error("rewriting failed in %s%s\n%s", culprit, where, traceback.format_exc())
    if action == "pdb":
        import pdb  # nobody else needs the debugger, and it takes its time to load

        pdb.post_mortem(sys.exc_info()[2])
