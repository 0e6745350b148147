"""Products of a Jacobian with vectors: `Rop` (forward), `Lop` (backward), and what follows from them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from neano.autodiff.connection import Connection
from neano.autodiff.gradient import _check_choice, _stand_in, format_as, grad, is_disconnected, is_null
from neano.graph.errors import DisconnectedInputError, MethodNotDefined, NullTypeGradError
from neano.graph.op import has_method
from neano.graph.traverse import clone_replace
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import is_discrete
from neano.scalar.table.casts import cast
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import TensorType


def _listed(x: Any) -> list[Any]:
    return list(x) if isinstance(x, (list, tuple)) else [x]


def Lop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """Return the product of a row vector with the Jacobian of `f` with respect to `wrt`.

    Args:
        f: a variable or list of variables, of any rank.
        wrt: a variable or list of variables.
        eval_points: what stands on the left of the Jacobian: for each of `f` a variable of its shape.
        consider_constant, disconnected_inputs: as for `grad`.

    Returns:
        Variables of the shapes of `wrt`, in the form of `wrt`.
    """
    outputs, points = _listed(f), [_as_variable(v) for v in _listed(eval_points)]
    if len(outputs) != len(points):
        raise AssertionError(f"Lop takes one eval point for each output: {len(outputs)}, not {len(points)}")
    known: dict[Variable, Any] = {}
    for output, point in zip(outputs, points, strict=True):
        known[output] = known[output] + point if output in known else point
    results = grad(
        cost=None,
        known_grads=known,
        wrt=_listed(wrt),
        consider_constant=consider_constant,
        disconnected_inputs=disconnected_inputs,
    )
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results)


def Rop(
    f: Any, wrt: Any, eval_points: Any, disconnected_outputs: str = "raise", return_disconnected: str = "zero"
) -> Any:
    """Return the product of the Jacobian of `f` with respect to `wrt` with a column vector.

    An Op takes part by its `R_op`; one that has none by its gradient, which is linear in the cotangent, and so has the
    product as its own transposed derivative.

    Args:
        f: a variable or list of variables.
        wrt: a variable or list of variables.
        eval_points: what stands on the right of the Jacobian: for each of `wrt` a variable of its shape.
        disconnected_outputs: what to do about an output that does not depend on `wrt`: 'raise', 'warn' or 'ignore'.
        return_disconnected: what stands for its product: 'zero', 'None' or 'Disconnected'.

    Returns:
        Variables of the shapes of `f`, in the form of `f`.

    Raises:
        ValueError: an eval point has another rank than what it belongs to.
        NotImplementedError: an Op has neither an `R_op` nor a gradient that can be differentiated.
        DisconnectedInputError: an output does not depend on `wrt`.
    """
    _check_choice("disconnected_outputs", disconnected_outputs, ("ignore", "warn", "raise"))
    outputs, inputs = _listed(f), _listed(wrt)
    points = [_as_variable(v) for v in _listed(eval_points)]
    if len(inputs) != len(points):
        raise AssertionError(f"Rop takes one eval point for each variable: {len(inputs)}, not {len(points)}")
    tangents: dict[Variable, Any] = {}
    for i, (x, point) in enumerate(zip(inputs, points, strict=True)):
        if getattr(x.type, "ndim", None) != getattr(point.type, "ndim", None):
            raise ValueError(
                f"Element {i} of wrt/eval_point have mismatched dimensionality: {x.type.ndim} versus {point.type.ndim}"
            )
        tangents[x] = _in_dtype_of(x, point)
    for node in Connection(outputs, inputs).nodes:
        for output, tangent in zip(
            node.outputs, _node_tangents(node, [tangents.get(v) for v in node.inputs]), strict=True
        ):
            if tangent is not None and output not in tangents:
                tangents[output] = tangent
    results = []
    for output in outputs:
        tangent = tangents.get(output)
        if tangent is None or is_disconnected(tangent):
            _report(output, disconnected_outputs)
            tangent = _stand_in(output, return_disconnected.lower())
        elif is_null(tangent):
            raise NullTypeGradError(f"the tangent of {output} cannot be computed: {tangent.type.why_null}")
        results.append(tangent)
    return format_as(isinstance(f, list), isinstance(f, tuple), results)


def _as_variable(x: Any) -> Any:
    return x if isinstance(x, Variable) else as_tensor_variable(x)


def _in_dtype_of(x: Any, point: Any) -> Any:
    """Return an eval point in the dtype of what it belongs to, where that is continuous."""
    wanted = getattr(x.type, "dtype", None)
    return point if wanted is None or is_discrete(wanted) else cast(point, wanted)


def _report(output: Variable, choice: str) -> None:

    message = f"Rop was asked for the derivative of an output that does not depend on the given variables: {output}"
    if choice == "raise":
        raise DisconnectedInputError(message)
    if choice == "warn":
        warnings.warn(message, stacklevel=3)


def _node_tangents(node: Apply, tangents: Sequence[Any]) -> Sequence[Any]:
    """Return the tangent of each output of a node; None where no input moves."""
    moving = [None if t is None or is_disconnected(t) else t for t in tangents]
    if all(t is None for t in moving):
        return [None] * len(node.outputs)
    null = next((t for t in moving if t is not None and is_null(t)), None)
    if null is not None:
        return [null] * len(node.outputs)
    if has_method(node.op, "R_op"):
        try:
            results = node.op.R_op(list(node.inputs), moving)
        except MethodNotDefined:
            return transposed_twice(node, moving)
        return [results] if isinstance(results, Variable) else list(results)
    return transposed_twice(node, moving)


def transposed_twice(node: Apply, tangents: Sequence[Any]) -> list[Any]:
    """Return the tangents of a node's outputs from its gradient alone.

    The gradient J'w is linear in the cotangent w, so its own transposed derivative, applied to the tangents of the
    inputs, is their product with J.

    Raises:
        NotImplementedError: the Op has no gradient, or one that cannot be differentiated.
    """
    missing = NotImplementedError(
        f"{node.op} of class {type(node.op).__name__} has no R_op, and no gradient from which its tangent would follow"
    )
    if not all(isinstance(z.type, TensorType) and not is_discrete(z.type.dtype) for z in node.outputs):
        raise missing
    dummies = [z.type() for z in node.outputs]
    try:
        products = node.op.L_op(list(node.inputs), list(node.outputs), dummies)
    except (MethodNotDefined, AttributeError) as error:
        raise missing from error
    known: dict[Variable, Any] = {}
    for product, tangent in zip(products, tangents, strict=True):
        if tangent is None or is_disconnected(product):
            continue
        if is_null(product):
            raise missing
        known[product] = known[product] + tangent if product in known else tangent
    if not known:
        return [None] * len(node.outputs)
    try:
        results = grad(None, dummies, known_grads=known, disconnected_inputs="ignore", return_disconnected="zero")
    except (NullTypeGradError, MethodNotDefined) as error:
        raise missing from error
    zeros = {dummy: z.zeros_like() for dummy, z in zip(dummies, node.outputs, strict=True)}  # type: ignore[attr-defined]
    return clone_replace(results, zeros, rebuild_strict=False)


def hessian_times_vector(gradient: Any, parameter: Any, vector: Any, r_op: bool = False) -> Any:
    """Return the product of a Hessian with a vector, which costs about as much as the gradient.

    Args:
        gradient: the gradient of the cost with respect to `parameter` (a variable or a list).
        parameter: a variable or a list of variables.
        vector: what the Hessian is multiplied with: for each parameter a variable of its shape.
        r_op: go forward (`Rop`) rather than backward through the gradient.

    Returns:
        Variables of the shapes of the parameters, in their form.
    """
    gradients, parameters, vectors = _listed(gradient), _listed(parameter), _listed(vector)
    if r_op:
        results = Rop(gradients, parameters, vectors)
    else:
        total = sum((g * v).sum() for g, v in zip(gradients, vectors, strict=True))
        results = grad(total, parameters, consider_constant=[v for v in vectors if isinstance(v, Variable)])
    return format_as(isinstance(parameter, list), isinstance(parameter, tuple), results)


def hessian_vector_product(cost: Any, wrt: Any, vector: Any) -> Any:
    """Return the product of the Hessian of a cost with respect to `wrt` with a vector."""
    return hessian_times_vector(grad(cost, wrt), wrt, vector)


def subgraph_grad(
    wrt: Sequence[Any], end: Sequence[Any], start: Any = None, cost: Any = None, details: bool = False
) -> tuple[Any, ...]:
    """Return gradients through a part of a graph: from a cost, or from gradients known already, down to `end`.

    Args:
        wrt: variables inside the part whose gradients are wanted.
        end: variables at which the derivative ends.
        start: variable -> its gradient, where the part begins.
        cost: a cost whose own gradient is added (a regulariser of this part, say).
        details: give the shares of `start` and of `cost` too.

    Returns:
        (gradients of wrt, gradients of end), and with `details` (..., what of the first comes from start, from cost).

    Raises:
        AssertionError: neither `start` nor `cost` is given.
    """
    if start is None and cost is None:
        raise AssertionError("`cost` or `start` must be specified.")
    if not isinstance(wrt, list) or not isinstance(end, list):
        raise AssertionError("wrt and end are lists of variables")
    if start is not None and not isinstance(start, dict):
        raise AssertionError("start is a dict from variables to their gradients")
    wanted = wrt + end
    from_start: list[Any] | None = None
    from_cost: list[Any] | None = None
    if start is not None:
        from_start = grad(None, wanted, known_grads=start, consider_constant=end, disconnected_inputs="ignore")
    if cost is not None:
        from_cost = grad(cost, wanted, consider_constant=end, disconnected_inputs="ignore")
    shares = [share for share in (from_start, from_cost) if share is not None]
    total = [sum(terms[1:], terms[0]) for terms in zip(*shares, strict=True)]
    n = len(wrt)
    result = (total[:n], total[n:])
    if not details:
        return result
    return (*result, from_start and from_start[:n], from_cost and from_cost[:n])
