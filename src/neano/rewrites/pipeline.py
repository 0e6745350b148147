"""`rewrite_graph`: all phases on one graph, selected by names and tags, with a trace for those who want to look."""

from __future__ import annotations

from collections.abc import Iterable

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.database import Query
from neano.graph.rewriting.trace import RewriteTrace
from neano.rewrites.phases import optdb


def rewrite_graph(
    fgraph: FunctionGraph,
    include: Iterable[str] = ("fast_run",),
    exclude: Iterable[str] = (),
    require: Iterable[str] = (),
    prints: bool = False,
) -> RewriteTrace | None:
    """Rewrite a graph in place.

    Args:
        fgraph: the graph.
        include: names and tags of rules and phases to apply; "fast_run" is all, "fast_compile" the cheap ones.
        exclude: names and tags of those to leave out.
        require: tags that those to apply must have.
        prints: print each replacement, as `config.optimizer_verbose` does for all graphs.

    Returns:
        the record of what was done, where it was printed.

    >>> from neano.tensor import dvector, exp, log
    >>> x = dvector("x")
    >>> graph = FunctionGraph([x], [log(1 + exp(x))])
    >>> rewrite_graph(graph)
    >>> graph
    [softplus(x)]
    """
    trace = RewriteTrace(prints=True) if prints else None
    if trace is not None:
        fgraph.attach_feature(trace)
    try:
        optdb.query(Query(include, require, exclude)).rewrite(fgraph)
    finally:
        if trace is not None:
            fgraph.remove_feature(trace)
    return trace
