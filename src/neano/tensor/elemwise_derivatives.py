"""Derivatives of elementwise operations, backward (`cotangents`) and forward (`tangents`), from the scalar function's.

A row of the table writes its derivative in rows and operators, which tensors understand too. A user's scalar Op may
look at the types of its operands, so its derivative is asked for scalars and carried over to tensors node by node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from neano.graph.null_type import DisconnectedType, NullType
from neano.graph.traverse import toposort
from neano.graph.variable import Constant, Variable
from neano.scalar.dtypes import is_complex, is_discrete
from neano.scalar.op import ScalarOp, TableOp, in_dtype_of, like, zeros_of
from neano.scalar.rows import row
from neano.scalar.type import get_scalar_type
from neano.tensor.convert import as_tensor_variable

differentiating: ContextVar[bool] = ContextVar("differentiating", default=False)
"""Whether a derivative is being built: it decides how new operations are printed."""


def cotangents(op: ScalarOp, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> list[Any]:
    """Return the cotangent of each operand, summed over the dimensions in which the operand was stretched."""
    token = differentiating.set(True)
    try:
        terms = _elementwise_cotangents(op, inputs, outputs, output_grads)
        return [unbroadcast_cotangent(g, x) for g, x in zip(terms, inputs, strict=True)]
    finally:
        differentiating.reset(token)


def tangents(op: ScalarOp, inputs: Sequence[Any], outputs: Sequence[Any], eval_points: Sequence[Any]) -> list[Any]:
    """Return the tangent of each output; None where no operand moves.

    Element by element the Jacobian is one number, so it serves forward as backward: what the derivative makes of
    the operand's tangent, given as cotangent, is the tangent that the operand contributes.
    """
    token = differentiating.set(True)
    try:
        return [_tangent(op, inputs, outputs, k, eval_points) for k in range(len(outputs))]
    finally:
        differentiating.reset(token)


def _elementwise_cotangents(
    op: ScalarOp, inputs: Sequence[Any], outputs: Sequence[Any], gs: Sequence[Any]
) -> Sequence[Any]:
    """Return the cotangents in the shape of the result, not yet summed."""
    if isinstance(op, TableOp):
        return op.L_op(inputs, outputs, gs)
    gs = [zeros_of(z) if isinstance(g.type, DisconnectedType) else g for z, g in zip(outputs, gs, strict=True)]
    scalars = [get_scalar_type(v.type.dtype)() for v in (*inputs, *outputs, *gs)]
    n, m = len(inputs), len(inputs) + len(outputs)
    results = op.L_op(scalars[:n], scalars[n:m], scalars[m:])
    return _on_tensors(results, dict(zip(scalars, (*inputs, *outputs, *gs), strict=True)))


def _on_tensors(results: Sequence[Any], tensors: dict[Variable, Any]) -> list[Any]:
    """Return scalar expressions rebuilt on the tensors that stand for their roots."""
    carried = [DisconnectedType()() if v is None else v for v in results]
    for node in toposort(carried, tensors):
        operands = [_tensor(v, tensors) for v in node.inputs]
        tensors.update(zip(node.outputs, node.op(*operands, return_list=True), strict=True))
    return [v if isinstance(v.type, (DisconnectedType, NullType)) else _tensor(v, tensors) for v in carried]


def _tensor(scalar: Any, tensors: dict[Variable, Any]) -> Any:
    return as_tensor_variable(scalar.data) if isinstance(scalar, Constant) else tensors[scalar]


def unbroadcast_cotangent(g: Any, x: Any) -> Any:
    """Return a cotangent in the shape of an operand: summed over dimensions in which the operand was stretched."""
    if isinstance(g.type, (DisconnectedType, NullType)):
        return g
    pattern, wanted = g.type.broadcastable, x.type.broadcastable
    if len(pattern) < len(wanted) or any(n and not w for n, w in zip(pattern, wanted, strict=True)):
        return row("second")(x, g)
    axes = [i for i, (wide, narrow) in enumerate(zip(pattern, wanted, strict=True)) if narrow and not wide]
    return g.sum(axis=axes, keepdims=True) if axes else g


def _tangent(op: ScalarOp, inputs: Sequence[Any], outputs: Sequence[Any], k: int, eval_points: Sequence[Any]) -> Any:
    """Return the tangent of output k."""
    z = outputs[k]
    terms: list[Any] = []
    pattern = op.connection_pattern(z.owner)
    for i, t in enumerate(eval_points):
        if t is None or isinstance(t.type, DisconnectedType) or not pattern[i][k]:
            continue
        if isinstance(t.type, NullType):
            return t
        if is_discrete(z.type.dtype):
            return zeros_of(z)

        def column(g: Any, i: int = i) -> Any:
            gs = [g if j == k else DisconnectedType()() for j in range(len(outputs))]
            return _elementwise_cotangents(op, inputs, outputs, gs)[i]

        term = _term(column, inputs[i], t, z)
        if isinstance(term.type, NullType):
            return term
        terms.append(term)
    if not terms:
        return None
    total = terms[0] if len(terms) == 1 else row("add")(*terms)
    return total if total.type.broadcastable == z.type.broadcastable else row("second")(z, total)


def _term(column: Callable[[Any], Any], x: Any, t: Any, z: Any) -> Any:
    """Return what the tangent t of an operand x contributes to the result z.

    Args:
        column: the cotangent of x as a function of that of z.
    """
    if is_discrete(t.type.dtype):
        t = in_dtype_of(z, t)
    if not (is_complex(x.type.dtype) or is_complex(z.type.dtype)):
        return column(t)
    # Over the complex numbers the Jacobian is a real 2x2 matrix; `column` applies its transpose, so the cotangents of
    # 1 and i are its rows.
    along = column(row("second")(z, like(z, 1)))
    if isinstance(along.type, NullType):
        return along
    if not is_complex(z.type.dtype):
        return _inner(along, t)
    return row("complex")(_inner(along, t), _inner(column(row("second")(z, z.type.numpy_dtype.type(1j))), t))


def _inner(a: Any, b: Any) -> Any:
    """Return the inner product of complex numbers as pairs of real ones."""
    real, imag = row("real"), row("imag")
    if not is_complex(a.type.dtype):
        return a * real(b)
    return real(a) * real(b) + imag(a) * imag(b)
