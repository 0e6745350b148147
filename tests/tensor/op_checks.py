"""Checks that fit every Op: results against NumPy, shapes against results, derivatives against finite differences.

They need no compiler: a graph is evaluated node by node with each Op's reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import neano.tensor.methods  # noqa: F401 - gives variables their methods
from neano.graph.null_type import DisconnectedType, NullType
from neano.graph.shared import SharedVariable
from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.convert import constant
from neano.tensor.type import TensorType

STEP = 1e-6


def evaluate(outputs: Sequence[Any], given: Mapping[Any, Any]) -> list[Any]:
    """Return the values of variables, from those of the roots."""
    values = dict(given)

    def value(variable: Variable) -> Any:
        if variable in values:
            return values[variable]
        assert isinstance(variable, (Constant, SharedVariable)), f"no value for {variable}"
        return variable.data if isinstance(variable, Constant) else variable.get_value(borrow=True)

    for node in toposort(outputs, list(values)):
        storage: list[list[Any]] = [[None] for _ in node.outputs]
        node.op.perform(node, [value(v) for v in node.inputs], storage)
        for variable, (result,) in zip(node.outputs, storage, strict=True):
            values.setdefault(variable, variable.type.filter(result, strict=True))
    return [value(v) for v in outputs]


def variable_of(array: np.ndarray[Any, Any], shape: Sequence[Any] | None = None) -> Any:
    """Return a root variable that an array can be given for; none of its lengths is known unless `shape` says so."""
    return TensorType(array.dtype, [None] * array.ndim if shape is None else shape)()


def check_shapes(node: Apply, given: Mapping[Any, Any]) -> None:
    """Check that inferred and static shapes are those of the values."""
    inputs = evaluate(node.inputs, given)
    shapes = [tuple(constant(np.int64(n)) for n in np.shape(value)) for value in inputs]
    inferred = node.op.infer_shape(node, shapes)
    for output, shape, value in zip(node.outputs, inferred, evaluate(node.outputs, given), strict=True):
        if not isinstance(output.type, TensorType):
            continue
        lengths = evaluate(list(shape), given)
        assert all(length.dtype == np.int64 and length.ndim == 0 for length in lengths), shape
        assert tuple(int(n) for n in lengths) == value.shape, f"inferred shape of {node}"
        known = output.type.shape
        assert all(n is None or n == m for n, m in zip(known, value.shape, strict=True)), f"{known} for {value.shape}"


def check_derivatives(node: Apply, given: Mapping[Any, Any], rng: np.random.Generator, tolerance: float = 1e-6) -> None:
    """Check L_op and R_op against a central difference along a random direction, and the connection pattern."""
    inputs = evaluate(node.inputs, given)
    moving = [i for i, v in enumerate(node.inputs) if getattr(v.type, "dtype", "") == "float64"]
    fixed = dict(zip(node.inputs, inputs, strict=True))
    free = [node.inputs[i].type() for i in moving]
    arguments = list(node.inputs)
    for i, variable in zip(moving, free, strict=True):
        arguments[i] = variable
    node = node.op.make_node(*arguments)
    point = {**fixed, **{v: inputs[i] for i, v in zip(moving, free, strict=True)}}
    directions = [rng.normal(size=v.shape) for v in (inputs[i] for i in moving)]
    ahead, behind = (
        evaluate(
            node.outputs, {**point, **{v: np.asarray(point[v] + h * d) for v, d in zip(free, directions, strict=True)}}
        )
        for h in (STEP, -STEP)
    )
    slopes = [(a - b) / (2 * STEP) if a.dtype == np.float64 else None for a, b in zip(ahead, behind, strict=True)]
    cotangents = [None if slope is None else constant(rng.normal(size=slope.shape)) for slope in slopes]
    wanted = sum(np.sum(s * c.data) for s, c in zip(slopes, cotangents, strict=True) if s is not None)
    given_cotangents = [DisconnectedType()() if c is None else c for c in cotangents]
    back = node.op.L_op(node.inputs, node.outputs, given_cotangents)
    assert len(back) == len(node.inputs)
    total = 0.0
    pattern = node.op.connection_pattern(node)
    for variable, cotangent, connected in zip(node.inputs, back, pattern, strict=True):
        if isinstance(cotangent.type, (DisconnectedType, NullType)):
            assert not (isinstance(cotangent.type, DisconnectedType) and any(connected)), f"{variable} of {node}"
            continue
        assert any(connected), f"{variable} of {node} has a gradient but no connection"
        assert cotangent.type.dtype.startswith(("float", "complex")), f"{variable} of {node}"
        (value,) = evaluate([cotangent], point)
        assert value.shape == np.shape(point[variable]), f"cotangent of {variable} in {node}"
        if variable in free:
            total += np.sum(value * directions[free.index(variable)])
    np.testing.assert_allclose(total, wanted, rtol=tolerance, atol=tolerance, err_msg=f"L_op of {node}")
    tangents_in: list[Any] = [None] * len(node.inputs)
    for i, direction in zip(moving, directions, strict=True):
        tangents_in[i] = constant(direction)
    tangents = node.op.R_op(node.inputs, tangents_in)
    for tangent, slope in zip(tangents, slopes, strict=True):
        if tangent is not None and slope is not None:
            np.testing.assert_allclose(
                evaluate([tangent], point)[0], slope, rtol=tolerance, atol=tolerance, err_msg=f"R_op of {node}"
            )
    assert all(t is None for t in node.op.R_op(node.inputs, [None] * len(node.inputs)))


def check_node(variable: Any, given: Mapping[Any, Any], rng: np.random.Generator, tolerance: float = 1e-6) -> None:
    """Check shapes and derivatives of the node that computes a variable."""
    check_shapes(variable.owner, given)
    check_derivatives(variable.owner, given, rng, tolerance)
