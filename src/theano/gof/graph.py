"""`theano.gof.graph`: variables, nodes, and walks over graphs; see `neano.graph`."""

from collections.abc import Iterable
from typing import Any

from neano.graph import traverse
from neano.graph.destroy import view_root
from neano.graph.fgraph import toposort_with
from neano.graph.traverse import (
    clone_get_equiv,
    depends_on,
    equal_computations,
    roots,
    toposort,
    variables_between,
)
from neano.graph.variable import Apply, Constant, Variable


def ancestors(variable_list: Iterable[Variable], blockers: Any = None) -> list[Variable]:
    """Return the variables and all that they are computed from."""
    return traverse.ancestors(variable_list, blockers or ())


def clone(
    i: Iterable[Variable], o: Iterable[Variable], copy_inputs: bool = True, copy_orphans: bool | None = None
) -> tuple[list[Variable], list[Variable]]:
    """Return copies of the inputs and outputs of a graph, with all between them."""
    return traverse.clone(i, o, copy_inputs, copy_inputs if copy_orphans is None else copy_orphans)


def inputs(variable_list: Iterable[Variable], blockers: Any = None) -> list[Variable]:
    """Return the variables without owner that the given ones are computed from."""
    return roots(variable_list, blockers or ())


def ops(i: Iterable[Variable], o: Iterable[Variable]) -> set[Apply]:
    """Return the nodes between inputs and outputs."""
    return set(toposort(o, list(i)))


def list_of_nodes(inputs: Iterable[Variable], outputs: Iterable[Variable]) -> list[Apply]:
    """Return the nodes between inputs and outputs."""
    return toposort(outputs, list(inputs))


def variables(i: Iterable[Variable], o: Iterable[Variable]) -> list[Variable]:
    """Return all variables of the graph from inputs to outputs."""
    return variables_between(list(i), o)


def orphans(i: Iterable[Variable], o: Iterable[Variable]) -> list[Variable]:
    """Return the variables without owner that are not inputs: constants and shared variables."""
    return variables_and_orphans(i, o)[1]


def variables_and_orphans(i: Iterable[Variable], o: Iterable[Variable]) -> tuple[list[Variable], list[Variable]]:
    """Return all variables of the graph, and those without owner that are not inputs."""
    given = list(i)
    found = variables_between(given, o)
    return found, [v for v in found if v.owner is None and v not in given]


def io_toposort(
    inputs: Iterable[Variable], outputs: Iterable[Variable], orderings: Any = None, clients: Any = None
) -> list[Apply]:
    """Return the nodes between inputs and outputs, each after all that it depends on."""
    order = toposort_with(list(outputs), orderings or {})
    known = set(toposort(outputs, list(inputs)))
    return [node for node in order if node in known]


def is_same_graph(var1: Variable, var2: Variable, givens: Any = None, debug: bool = False) -> bool:
    """Say whether two variables are the same expression, some roots of the one standing for some of the other."""
    pairs = dict(givens or {})
    return equal_computations([var1], [var2], list(pairs), list(pairs.values()))


def is_in_ancestors(l_node: Apply, f_node: Apply) -> bool:
    """Say whether a node's results depend on another node."""
    return depends_on(l_node.outputs, f_node.outputs)


def view_roots(r: Variable) -> list[Variable]:
    """Return the variables whose memory this one may share, as views declare it."""
    return [view_root(r)]
