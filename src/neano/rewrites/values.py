"""What rules ask of variables: the constant behind one, what function made it, and results in the type of what they replace."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.fgraph import FunctionGraph
from neano.graph.variable import Apply, Constant, Variable
from neano.scalar.dtypes import is_complex, is_discrete, upcast
from neano.scalar.rows import row
from neano.tensor.convert import constant as make_constant
from neano.tensor.creation import Alloc
from neano.tensor.elemwise import DimShuffle, Elemwise, pad_left
from neano.tensor.math import cast
from neano.tensor.rebroadcast import patternbroadcast
from neano.tensor.variable import TensorConstant

_UNKNOWN = object()
_LARGE = 4096
"""Constants of more elements are not searched for being all equal."""


def constant_value(variable: Any) -> Any:
    """Return the number that every element of a variable is, as a NumPy scalar; None where there is none.

    Looks behind dimshuffles, fills and allocs of a constant.
    """
    while True:
        if isinstance(variable, Constant):
            return _uniform(variable)
        node = variable.owner
        if node is None:
            return None
        op = node.op
        if isinstance(op, (DimShuffle, Alloc)):
            variable = node.inputs[0]
        elif isinstance(op, Elemwise) and op.scalar_op is SECOND:
            variable = node.inputs[1]
        else:
            return None


def _uniform(constant: Any) -> Any:
    """Return the number that all elements of a constant are; found once."""
    known = constant.__dict__.get("_uniform_value", _UNKNOWN)
    if known is _UNKNOWN:
        data = getattr(constant, "data", None)
        known = None
        if isinstance(constant, TensorConstant) and isinstance(data, np.ndarray) and 0 < data.size <= _LARGE:
            first = data.reshape(-1)[0]
            if data.size == 1 or bool(np.all(data == first)):
                known = first
        constant.__dict__["_uniform_value"] = known
    return known


def is_constant(variable: Any, value: float) -> bool:
    """Say whether every element of a variable is a number."""
    found = constant_value(variable)
    return found is not None and bool(found == value)


SECOND = row("second")


def function_of(variable: Any) -> Any:
    """Return the scalar function that made a variable element by element; None for any other Op, and in-place ones."""
    node = variable.owner
    if node is None or not isinstance(node.op, Elemwise) or node.op.inplace_pattern:
        return None
    return node.op.scalar_op


def is_made_by(variable: Any, name: str) -> bool:
    """Say whether a row of the scalar table made a variable element by element."""
    function = function_of(variable)
    return function is not None and function is row(name)


def number_of_readers(fgraph: FunctionGraph, variable: Variable) -> int:
    """Return how often a variable is read in a graph."""
    return len(fgraph._clients.get(variable, ()))


def only_reader(fgraph: FunctionGraph, variable: Variable) -> Apply | None:
    """Return the node that alone reads a variable; None where there are more, or the graph gives it out."""
    readers = fgraph._clients.get(variable, ())
    if len(readers) != 1:
        return None
    ((reader, _),) = readers
    return None if isinstance(reader, str) else reader


def scalar_constant(value: Any, dtype: str, ndim: int = 0) -> Any:
    """Return a constant number of a dtype, with dimensions that broadcast."""
    with np.errstate(all="ignore"):
        return make_constant(np.asarray(value).astype(dtype).reshape((1,) * ndim))


def is_real_float(variable: Any) -> bool:
    """Say whether a variable holds real floating-point numbers."""
    dtype = getattr(variable.type, "dtype", None)
    return dtype is not None and not is_discrete(dtype) and not is_complex(dtype)


def shape_source(variable: Any) -> Any:
    """Return a variable of the same shape from which a variable is computed element by element, as far up as there is one."""
    while isinstance(variable.owner, Apply) and isinstance(variable.owner.op, Elemwise):
        pattern = variable.type.broadcastable
        inputs: list[Any] = variable.owner.inputs
        above = next((v for v in inputs if v.type.broadcastable == pattern and not isinstance(v, Constant)), None)
        if above is None:
            break
        variable = above
    return variable


def stretch(result: Any, models: Sequence[Any], like: Any) -> Any:
    """Return a result in the broadcast pattern of `like`, filled out along the lengths of models; None if they have not all.

    Args:
        result: a tensor that `like` broadcasts with.
        models: tensors of the rank of `like`, whose lengths together are those of `like`.
        like: what the result is to replace.
    """
    if result.ndim > like.ndim:
        return None
    result = pad_left(result, like.ndim)
    for model in models:
        missing = [r and not w for r, w in zip(result.broadcastable, like.broadcastable, strict=True)]
        if not any(missing):
            break
        if model.ndim == like.ndim and any(m and not b for m, b in zip(missing, model.broadcastable, strict=True)):
            result = SECOND(shape_source(model), result)
    if any(r and not w for r, w in zip(result.broadcastable, like.broadcastable, strict=True)):
        return None
    return patternbroadcast(result, like.broadcastable)


def in_type_of(result: Any, like: Any) -> Any:
    """Return a result in the dtype and broadcast pattern of an elementwise one that it replaces; None if it cannot be."""
    if result.type == like.type:
        return result
    if result.dtype != like.dtype:
        if is_complex(result.dtype) and not is_complex(like.dtype):
            return None
        result = cast(result, like.dtype)
    if result.broadcastable != like.broadcastable:
        models = like.owner.inputs if like.owner is not None and isinstance(like.owner.op, Elemwise) else ()
        return stretch(result, models, like)
    return result


def widened(variable: Any, dtype: str) -> Any:
    """Return a variable in a dtype that holds all its values; itself where the dtype does not."""
    if variable.dtype == dtype or upcast(variable.dtype, dtype) != dtype:
        return variable
    value = constant_value(variable) if isinstance(variable, Constant) else None
    if value is not None and variable.ndim == 0:
        return scalar_constant(value, dtype)
    return cast(variable, dtype)


def closest_number(value: float, dtype: str) -> Any:
    """Return a Python number in a dtype; None where an integer dtype does not hold it."""
    if is_discrete(dtype) and not (math.isfinite(value) and float(value).is_integer()):
        return None
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype)[()]
