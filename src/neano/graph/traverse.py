"""Walks over graphs: ancestors, topological order, copies. All are iterative: a graph may be any depth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from neano.graph.errors import InconsistencyError
from neano.graph.variable import Apply, Constant, Variable


def ancestors(variables: Iterable[Variable], blockers: Collection[Variable] = ()) -> list[Variable]:
    """Return the variables and all that they are computed from, each once, inputs before what uses them.

    Args:
        variables: where to start.
        blockers: variables that are not looked behind.
    """
    stop = set(blockers)
    found: list[Variable] = []
    done: set[Variable] = set()
    stack: list[tuple[Variable, bool]] = [(v, False) for v in reversed(list(variables))]
    while stack:
        variable, expanded = stack.pop()
        if expanded:
            found.append(variable)
            continue
        if variable in done:
            continue
        done.add(variable)
        stack.append((variable, True))
        if variable.owner is not None and variable not in stop:
            stack.extend((v, False) for v in reversed(variable.owner.inputs) if v not in done)
    return found


def roots(variables: Iterable[Variable], blockers: Collection[Variable] = ()) -> list[Variable]:
    """Return the variables that the given ones are computed from and that have no owner (inputs, constants, shared)."""
    stop = set(blockers)
    return [v for v in ancestors(variables, stop) if v.owner is None or v in stop]


def explicit_inputs(variables: Iterable[Variable]) -> Iterator[Variable]:
    """Yield the roots that are not constants."""
    return (v for v in roots(variables) if not isinstance(v, Constant))


def toposort(outputs: Iterable[Variable], inputs: Collection[Variable] = ()) -> list[Apply]:
    """Return the nodes between inputs and outputs, each after all that it depends on.

    Raises:
        InconsistencyError: a node depends on itself.
    """
    # a set is taken as it is: it may be that of a whole graph, at each change of it
    stop = inputs if isinstance(inputs, (set, frozenset, dict)) else set(inputs)
    order: list[Apply] = []
    finished: dict[Apply, bool] = {}  # False while what a node depends on is being walked
    stack: list[tuple[Apply, bool]] = [
        (v.owner, False) for v in reversed(list(outputs)) if v.owner is not None and v not in stop
    ]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
            finished[node] = True
            continue
        if node in finished:
            continue
        finished[node] = False
        stack.append((node, True))
        for v in reversed(node.inputs):
            if v.owner is None or v in stop:
                continue
            state = finished.get(v.owner)
            if state is None:
                stack.append((v.owner, False))
            elif not state:
                raise InconsistencyError(f"the graph has a cycle: {v.owner.op} depends on its own result")
    return order


def variables_between(inputs: Collection[Variable], outputs: Iterable[Variable]) -> list[Variable]:
    """Return every variable of the graph from inputs to outputs, with all outputs of each node."""
    found: dict[Variable, None] = dict.fromkeys(inputs)
    wanted = list(outputs)
    for node in toposort(wanted, inputs):
        found.update(dict.fromkeys(node.inputs))
        found.update(dict.fromkeys(node.outputs))
    found.update(dict.fromkeys(wanted))
    return list(found)


def depends_on(variables: Iterable[Variable], others: Collection[Variable]) -> bool:
    """Say whether any of the variables is computed from any of the others (or is one of them)."""
    wanted = set(others)
    return any(v in wanted for v in ancestors(variables))


def clone_get_equiv(
    inputs: Iterable[Variable],
    outputs: Iterable[Variable],
    copy_inputs: bool = True,
    copy_orphans: bool = True,
    memo: dict[Any, Any] | None = None,
) -> dict[Any, Any]:
    """Return a dict from each variable and node of the graph to its copy.

    Args:
        inputs: roots; replaced by fresh ones where `copy_inputs`.
        outputs: what to copy.
        copy_inputs: copy the inputs too.
        copy_orphans: copy constants and other roots that are not inputs.
        memo: copies that are already decided.
    """
    copies: dict[Any, Any] = {} if memo is None else memo
    input_list, output_list = list(inputs), list(outputs)
    for variable in input_list:
        copies.setdefault(variable, variable.clone() if copy_inputs else variable)
    for node in toposort(output_list, [v for v in copies if isinstance(v, Variable)]):
        for variable in node.inputs:
            if variable not in copies:
                copies[variable] = variable.clone() if copy_orphans else variable
        copied = node.clone_with_new_inputs([copies[v] for v in node.inputs], strict=False)
        copies[node] = copied
        for old, new in zip(node.outputs, copied.outputs, strict=True):
            copies.setdefault(old, new)
    for variable in output_list:
        if variable not in copies:
            copies[variable] = variable.clone() if copy_orphans else variable
    return copies


def clone(
    inputs: Iterable[Variable], outputs: Iterable[Variable], copy_inputs: bool = True, copy_orphans: bool = True
) -> tuple[list[Variable], list[Variable]]:
    """Return copies of the inputs and outputs of a graph, with all between them."""
    input_list, output_list = list(inputs), list(outputs)
    copies = clone_get_equiv(input_list, output_list, copy_inputs, copy_orphans)
    return [copies[v] for v in input_list], [copies[v] for v in output_list]


def clone_replace(
    outputs: Sequence[Variable],
    replace: Mapping[Variable, Variable] | Iterable[tuple[Variable, Variable]] = (),
    rebuild_strict: bool = True,
    convert: Callable[[Variable, Any], Variable] | None = None,
) -> list[Variable]:
    """Return the outputs rebuilt with some variables replaced; parts that do not change are shared with the original.

    Args:
        outputs: what to rebuild.
        replace: old variable -> new.
        rebuild_strict: convert a replacement to the type of what it replaces; otherwise nodes decide their types anew.
        convert: makes a replacement into the wanted type; default `old.type.filter_variable(new)`.
    """
    pairs = replace.items() if isinstance(replace, Mapping) else replace
    copies: dict[Variable, Variable] = {}
    for old, new in pairs:
        if rebuild_strict:
            new = convert(old, new) if convert is not None else old.type.filter_variable(new)
        copies[old] = new
    for node in toposort(outputs, copies):
        inputs = [copies.get(v, v) for v in node.inputs]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            continue
        rebuilt = node.clone_with_new_inputs(inputs, strict=rebuild_strict)
        for old, new in zip(node.outputs, rebuilt.outputs, strict=True):
            copies.setdefault(old, new)
    return [copies.get(v, v) for v in outputs]


def equal_computations(
    xs: Sequence[Variable], ys: Sequence[Variable], in_xs: Sequence[Variable] = (), in_ys: Sequence[Variable] = ()
) -> bool:
    """Say whether two lists of variables are the same expressions of the same roots.

    Args:
        xs, ys: the variables, compared pairwise.
        in_xs, in_ys: roots that count as the same, pairwise.
    """
    if len(xs) != len(ys) or len(in_xs) != len(in_ys):
        return False
    same: dict[Variable, Variable] = dict(zip(in_xs, in_ys, strict=True))
    pending = list(zip(xs, ys, strict=True))
    while pending:
        x, y = pending.pop()
        if x in same:
            if same[x] is not y:
                return False
            continue
        if x.owner is None or y.owner is None:
            if x is y or (isinstance(x, Constant) and x.equals(y)):
                continue
            return False
        if x.index != y.index or x.owner.op != y.owner.op or len(x.owner.inputs) != len(y.owner.inputs):
            return False
        same[x] = y
        pending.extend(zip(x.owner.inputs, y.owner.inputs, strict=True))
    return True
