"""`grad`: the derivative of a scalar cost, by reverse accumulation over the graph.

Every node between the variables wanted and the cost is visited once, in reverse topological order; a variable's
cotangent is the sum of what the nodes that read it send back. Nothing here recurses, so a graph may be any depth.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from neano.autodiff.connection import Connection
from neano.graph.errors import DisconnectedInputError, MethodNotDefined, NullTypeGradError
from neano.graph.null_type import DisconnectedType, NullType, missing_gradient
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import is_discrete, is_float
from neano.scalar.table.casts import cast
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.type import TensorType


def is_disconnected(variable: Any) -> bool:
    """Say whether a cotangent is that of a variable on which nothing depends."""
    return isinstance(variable.type, DisconnectedType)


def is_null(variable: Any) -> bool:
    """Say whether a cotangent is undefined or missing."""
    return isinstance(variable.type, NullType)


def grad(
    cost: Any,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Mapping[Any, Any] | None = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """Return the derivative of a cost with respect to one or more variables.

    Args:
        cost: a tensor of no dimensions; None where `known_grads` says where to start from.
        wrt: a variable, or a list or tuple of variables; the result has the same form.
        consider_constant: variables through which no derivative passes.
        disconnected_inputs: what to do about a variable on which the cost does not depend: 'raise', 'warn' or 'ignore'.
        add_names: name the gradient of a named variable `(dcost/dvariable)` where the cost has a name too.
        known_grads: variable -> its cotangent, which is taken instead of being worked out.
        return_disconnected: what stands for the gradient of such a variable: 'zero', 'None' or 'Disconnected'.
        null_gradients: 'raise', or 'return' gradients that are undefined as variables of `NullType`.

    Returns:
        A variable of the shape of each variable wanted; its dtype is that of the expressions which it comes from, and
        floating-point always.

    Raises:
        TypeError: the cost has dimensions, `wrt` is a set or holds no variables, an Op gives an integer as gradient.
        AssertionError: both `cost` and `known_grads` are None.
        DisconnectedInputError: (a ValueError) the cost does not depend on a variable.
        NullTypeGradError: (a TypeError) the gradient passes through an Op that has none.
    """
    wanted = _wanted(wrt)
    constants = _variables(consider_constant or (), "consider_constant")
    _check_choice("disconnected_inputs", disconnected_inputs, ("ignore", "warn", "raise"))
    if return_disconnected.lower() not in ("zero", "none", "disconnected"):
        raise AssertionError(f"return_disconnected is 'zero', 'None' or 'Disconnected', not {return_disconnected!r}")
    if null_gradients not in ("raise", "return"):
        raise AssertionError(f"null_gradients is 'raise' or 'return', not {null_gradients!r}")

    cotangents = _seeds(cost, known_grads)
    connection = Connection(list(cotangents), wanted, constants)
    accumulate(connection, cotangents)
    cost_name = cost.name if cost is not None and add_names else None
    results = []
    for variable in wanted:
        g = cotangents.get(variable)
        if g is None or is_disconnected(g):
            _report_disconnected(variable, disconnected_inputs)
            results.append(_stand_in(variable, return_disconnected.lower()))
            continue
        if is_null(g) and null_gradients == "raise":
            raise NullTypeGradError(f"the gradient with respect to {variable} cannot be computed: {g.type.why_null}")
        if cost_name is not None and variable.name is not None and g.owner is not None and g.name is None:
            g.name = f"(d{cost_name}/d{variable.name})"
        results.append(g)
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results)


def accumulate(connection: Connection, cotangents: dict[Variable, Any]) -> None:
    """Fill in the cotangents of all variables between the seeds and the variables wanted.

    Args:
        connection: the part of the graph that matters.
        cotangents: those of the seeds; the others are added.
    """
    terms: dict[Variable, list[Any]] = {}
    seeds = set(cotangents)
    for node in reversed(connection.nodes):
        for output in node.outputs:
            if output not in cotangents and output in terms:
                cotangents[output] = _sum(terms.pop(output))
        gs = [cotangents.get(output) for output in node.outputs]
        if all(g is None for g in gs):
            continue
        for i, (variable, term) in enumerate(zip(node.inputs, _node_cotangents(connection, node, gs), strict=True)):
            if variable in seeds or variable not in connection.varying or is_disconnected(term):
                continue
            terms.setdefault(variable, []).append(_checked(node, i, variable, term))
    for variable, found in terms.items():
        cotangents[variable] = _sum(found)


def _node_cotangents(connection: Connection, node: Apply, gs: Sequence[Any]) -> list[Any]:
    """Return what a node sends back to each of its inputs."""
    pattern = connection.patterns[node]
    active = [g is not None and not is_disconnected(g) for g in gs]
    reached = [any(a and p for a, p in zip(active, row, strict=True)) for row in pattern]
    if not any(reached):
        return [DisconnectedType()() for _ in node.inputs]
    null = next((g for g in gs if g is not None and is_null(g)), None)
    if null is not None:
        return [null if r else DisconnectedType()() for r in reached]
    given = [DisconnectedType()() if g is None else _in_dtype_of(z, g) for z, g in zip(node.outputs, gs, strict=True)]
    try:
        results = node.op.L_op(list(node.inputs), list(node.outputs), given)
    except MethodNotDefined as error:
        results = [missing_gradient(node.op, i, x, str(error)) for i, x in enumerate(node.inputs)]
    if not isinstance(results, (list, tuple)):
        raise TypeError(f"{node.op}.grad must return a list of the gradients of its inputs, not {results!r}")
    if len(results) != len(node.inputs):
        raise ValueError(
            f"{node.op} returned the wrong number of gradient terms: {len(results)} for its {len(node.inputs)} inputs"
        )
    for i, term in enumerate(results):
        if term is None:
            raise TypeError(
                f"{node.op}.grad returned None for input {i}. Return zeros_like(input) where the derivative is zero, "
                "DisconnectedType()() where nothing connects, grad_undefined or grad_not_implemented where no "
                "derivative exists."
            )
    return [term if r else DisconnectedType()() for term, r in zip(results, reached, strict=True)]


def _in_dtype_of(output: Any, g: Any) -> Any:
    """Return a cotangent in the dtype of a continuous output, so that no wider one spreads through the graph."""
    wanted, given = getattr(output.type, "dtype", None), getattr(g.type, "dtype", None)
    if wanted is None or given is None or wanted == given or is_discrete(wanted) or is_disconnected(g):
        return g
    return g if given.startswith("complex") and is_float(wanted) else cast(g, wanted)


def _checked(node: Apply, i: int, variable: Any, term: Any) -> Any:
    """Return what an Op gave for an input, after seeing to its dtype, rank and broadcast pattern."""
    if is_null(term):
        return term
    dtype = getattr(term.type, "dtype", None)
    if dtype is not None and is_discrete(dtype):
        raise TypeError(f"{node.op}.grad illegally returned an integer-valued variable (input {i}, dtype {dtype})")
    if isinstance(term.type, TensorType) and isinstance(variable.type, TensorType):
        if term.ndim != variable.ndim:
            raise ValueError(
                f"{node.op}.grad returned a term with {term.ndim} dimensions, but {variable.ndim} are required."
            )
        if any(v and not t for v, t in zip(variable.broadcastable, term.broadcastable, strict=True)):
            return patternbroadcast(term, variable.broadcastable)
    return term


def _sum(terms: Sequence[Any]) -> Any:
    """Return the sum of what several nodes sent back to one variable; null where any is."""
    for term in terms:
        if is_null(term):
            return term
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _seeds(cost: Any, known_grads: Mapping[Any, Any] | None) -> dict[Variable, Any]:
    """Return the cotangents that are given: 1 for the cost, and those of `known_grads`."""
    if cost is None and known_grads is None:
        raise AssertionError("cost and known_grads can't both be None")
    seeds: dict[Variable, Any] = {}
    if cost is not None:
        if not isinstance(cost, Variable):
            raise TypeError(f"cost must be a variable, not {cost!r}")
        if is_null(cost):
            raise NullTypeGradError(f"a cost that is undefined cannot be differentiated: {cost.type.why_null}")  # type: ignore[attr-defined]
        if getattr(cost.type, "ndim", None) != 0:
            raise TypeError(f"cost must be a scalar (a tensor of no dimensions), not {cost} of type {cost.type}")
        dtype = cost.type.dtype  # type: ignore[attr-defined]
        seeds[cost] = cost.ones_like(dtype=dtype if is_float(dtype) else "floatX")  # type: ignore[attr-defined]
    for variable, g in (known_grads or {}).items():
        if not isinstance(variable, Variable):
            raise TypeError(f"the keys of known_grads must be variables, not {variable!r}")
        if not isinstance(g, Variable):
            raise TypeError(f"known_grads must give variables, but gives {g!r} for {variable}")
        dtype = getattr(g.type, "dtype", None)
        if dtype is not None and is_discrete(dtype):
            raise TypeError(f"known_grads gives {g} of type {g.type} for {variable}, but gradients are floating-point")
        seeds[variable] = g
    return seeds


def _wanted(wrt: Any) -> list[Variable]:
    if isinstance(wrt, (set, frozenset)):
        raise TypeError("wrt must not be a set: sets have no order in which the gradients could be returned")
    wanted = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    for variable in wanted:
        if not isinstance(variable, Variable):
            raise TypeError(f"Expected Variable, got {variable} of type {type(variable)}")
    return wanted


def _variables(variables: Any, what: str) -> list[Variable]:
    if isinstance(variables, Variable):
        raise TypeError(f"{what} must be a list of variables, not the single variable {variables}")
    for variable in variables:
        if not isinstance(variable, Variable):
            raise TypeError(f"Elements of {what} must be variables, but got {type(variable)}")
    return list(variables)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(
            f"Invalid value for keyword {name!r}, valid values are "
            f"{', '.join(map(repr, choices[:-1]))} and {choices[-1]!r}."
        )


def _report_disconnected(variable: Variable, choice: str) -> None:
    message = (
        "grad was asked for the gradient with respect to a variable that is not part of the computational graph of the "
        f"cost, or is used only by a non-differentiable operator: {variable}"
    )
    if choice == "raise":
        raise DisconnectedInputError(message)
    if choice == "warn":
        warnings.warn(message, stacklevel=3)


def _stand_in(variable: Any, choice: str) -> Any:
    """Return what stands for a disconnected gradient."""
    if choice == "none":
        return None
    if choice == "disconnected":
        return DisconnectedType()()
    dtype = getattr(variable.type, "dtype", None)
    return variable.zeros_like(dtype="floatX") if dtype is None or is_discrete(dtype) else variable.zeros_like()


def format_as(use_list: bool, use_tuple: bool, outputs: Any) -> Any:
    """Return outputs as a list, as a tuple, or (of one) as itself."""
    if use_list and use_tuple:
        raise AssertionError("outputs are formatted as a list or as a tuple, not both")
    if not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    if use_list:
        return list(outputs)
    if use_tuple:
        return tuple(outputs)
    if len(outputs) != 1:
        raise AssertionError(f"{len(outputs)} outputs cannot be formatted as one")
    return outputs[0]
