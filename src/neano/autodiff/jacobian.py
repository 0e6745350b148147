"""`jacobian` and `hessian`: one gradient a row, where the number of rows is known when the graph is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.autodiff.gradient import format_as, grad
from neano.graph.variable import Variable
from neano.tensor.join import stack_list


def jacobian(
    expression: Any,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """Return the matrix of derivatives of a vector: row i is the gradient of entry i.

    Args:
        expression: a tensor of one dimension whose length is known, or of none (whose gradient it then is).
        wrt: a variable, or a list or tuple of variables; the result has the same form.
        consider_constant, disconnected_inputs: as for `grad`.

    Returns:
        Variables of shape (length of expression, *shape of the variable).

    Raises:
        AssertionError: the expression has more than one dimension.
        NotImplementedError: its length is not known.
    """
    if not isinstance(expression, Variable):
        raise AssertionError(f"jacobian expects a variable as `expression`, not {expression!r}")
    if expression.type.ndim > 1:  # type: ignore[attr-defined]
        raise AssertionError(
            "jacobian expects a 1 dimensional variable as `expression`. If it is not, use flatten to make it a vector"
        )
    variables = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    if expression.type.ndim == 0:  # type: ignore[attr-defined]
        results = grad(expression, variables, consider_constant, disconnected_inputs)
    else:
        results = _rows(expression, variables, consider_constant, disconnected_inputs, "jacobian")
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results)


def hessian(
    cost: Any,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """Return the matrix of second derivatives of a cost with respect to a vector.

    Args:
        cost: a tensor of no dimensions.
        wrt: a tensor of one dimension whose length is known, or a list or tuple of them; the result has the same form.
        consider_constant, disconnected_inputs: as for `grad`.

    Raises:
        AssertionError: the cost has dimensions, or a variable has not one.
        NotImplementedError: the length of a variable is not known.
    """
    if not isinstance(cost, Variable) or cost.type.ndim != 0:  # type: ignore[attr-defined]
        raise AssertionError("hessian expects a 0 dimensional variable as `cost`")
    variables = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    results = []
    for variable in variables:
        if not isinstance(variable, Variable) or variable.type.ndim != 1:  # type: ignore[attr-defined]
            raise AssertionError("hessian expects a (list of) 1 dimensional variable as `wrt`")
        gradient = grad(cost, variable, consider_constant, disconnected_inputs)
        results += _rows(gradient, [variable], consider_constant, "ignore", "hessian", variable.type.shape[0])  # type: ignore[attr-defined]
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results)


def _rows(
    expression: Any,
    variables: list[Any],
    consider_constant: Sequence[Variable] | None,
    disconnected_inputs: str,
    caller: str,
    length: int | None = None,
) -> list[Any]:
    """Return for each variable the gradients of the entries of a vector, stacked."""
    if length is None:
        length = expression.type.shape[0]
    if length is None:
        raise NotImplementedError(
            f"{caller} needs to know the length of {expression} when the graph is built: declare the shape of the "
            "variables that it comes from (TensorType(dtype, shape)), or use specify_shape; a loop over a length that "
            "is known only at run time needs `scan`"
        )
    if length == 0:
        raise NotImplementedError(f"{caller} of {expression}, a vector of length 0, has no rows")
    rows = [grad(expression[i], variables, consider_constant, disconnected_inputs) for i in range(length)]
    return [stack_list([row[j] for row in rows]) for j in range(len(variables))]
