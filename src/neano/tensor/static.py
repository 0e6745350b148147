"""What is known of a value while the graph is built: constants behind expressions, and the entries of shape vectors.

Each op class registers how it hands a constant through (`scalar_value`) or which entries of its vector are known
(`vector_entries`) or made of which scalars (`vector_elements`), in the file that defines the op.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.convert import as_tensor_variable, constant


class NotScalarConstantError(Exception):
    """No constant number stands behind an expression."""


class EmptyConstantError(NotScalarConstantError):
    """A constant has no elements."""


Follow = Callable[[Any], Any]
"""Gives the constant behind another variable, or raises NotScalarConstantError."""


@singledispatch
def scalar_value(op: Op, node: Apply, index: int, follow: Follow) -> Any:
    """Return the number that every element of a node's output equals, asking `follow` about inputs."""
    raise NotScalarConstantError(f"{op} hands no constant through")


@singledispatch
def vector_entries(op: Op, node: Apply) -> Sequence[int | None] | None:
    """Return what is known of the entries of a node's output, an integer vector; None where not even the length is."""
    return None


@singledispatch
def vector_elements(op: Op, node: Apply) -> Sequence[Variable]:
    """Return the scalars that a node puts together to a vector; none where it does something else."""
    return ()


def _number(array: Any) -> np.ndarray[Any, Any]:
    """Return the one number that an array consists of."""
    array = np.asarray(array)
    if array.dtype == object or array.dtype.kind not in "biufc":
        raise NotScalarConstantError(f"{array!r} is not a number")
    if array.size == 0:
        raise EmptyConstantError("a constant without elements has no value")
    first = array.reshape(-1)[0]
    if array.size > 1 and not np.all(array == first):
        raise NotScalarConstantError("a constant of different elements is not a scalar")
    return np.asarray(first).copy()


def get_scalar_constant_value(
    orig_v: Any, elemwise: bool = True, only_process_constants: bool = False, max_recur: int = 10
) -> np.ndarray[Any, Any]:
    """Return the constant number behind a variable, as a 0-d array.

    Args:
        orig_v: a number, an array all of whose elements are equal, or a variable.
        elemwise: also compute through elementwise functions of constants.
        only_process_constants: look at constants alone, not at what computes a variable.
        max_recur: how many nodes deep to look.

    Raises:
        NotScalarConstantError: there is none, or it is not known while the graph is built.
        EmptyConstantError: a constant without elements.
    """
    if orig_v is None:
        raise NotScalarConstantError("None is not a number")
    if not isinstance(orig_v, Variable):
        return _number(orig_v)
    if isinstance(orig_v, Constant):
        return _number(orig_v.data)
    node = orig_v.owner
    if node is None or only_process_constants or max_recur <= 0:
        raise NotScalarConstantError(f"{orig_v} is not a constant number")
    if not elemwise and type(node.op).__name__ == "Elemwise":
        raise NotScalarConstantError(f"{orig_v} is computed element by element")

    def follow(other: Any) -> Any:
        return get_scalar_constant_value(other, elemwise, only_process_constants, max_recur - 1)

    return np.asarray(scalar_value(node.op, node, orig_v.index or 0, follow))


def extract_constant(x: Any, elemwise: bool = True, only_process_constants: bool = False) -> Any:
    """Return the constant number behind `x` where there is one, else `x` itself."""
    try:
        return get_scalar_constant_value(x, elemwise, only_process_constants)
    except NotScalarConstantError:
        return x


def static_length(value: Any) -> int | None:
    """Return an integer expression's value where it is known while the graph is built."""
    try:
        number = get_scalar_constant_value(value)
    except NotScalarConstantError:
        return None
    return int(number) if number.dtype.kind in "biu" else None


def static_entries(vector: Any) -> list[int | None] | None:
    """Return what is known of the entries of an integer vector; None where not even its length is."""
    if isinstance(vector, (list, tuple)):
        return [static_length(entry) for entry in vector]
    if isinstance(vector, Constant):
        return [int(entry) for entry in np.asarray(vector.data).reshape(-1)]
    if not isinstance(vector, Variable):
        return [int(entry) for entry in np.asarray(vector).reshape(-1)]
    if vector.owner is not None:
        entries = vector_entries(vector.owner.op, vector.owner)
        if entries is not None:
            return list(entries)
    length = vector.type.shape[0]  # type: ignore[attr-defined]
    return None if length is None else [None] * length


def get_vector_length(v: Any) -> int:
    """Return the length of a vector.

    Raises:
        ValueError: it is not known while the graph is built.
        TypeError: `v` is not a vector.
    """
    v = as_tensor_variable(v)
    if v.ndim != 1:
        raise TypeError(f"the argument must be a vector, not {v} of {v.ndim} dimensions")
    if v.type.shape[0] is not None:
        return int(v.type.shape[0])
    entries = static_entries(v)
    if entries is None:
        raise ValueError(f"the length of {v} of type {v.type} is not known while the graph is built")
    return len(entries)


def lengths_match_broadcast(lengths: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return lengths as a type carries them: negative ones, which fail at run time, are unknown."""
    return tuple(None if n is None or n < 0 else n for n in lengths)


def int64_scalar(value: Any) -> Any:
    """Return a 0-d int64 tensor that stands for an integer.

    Raises:
        TypeError: `value` is no integer scalar.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return constant(np.int64(value))
    variable = as_tensor_variable(value)
    if variable.ndim != 0:
        raise TypeError(f"an integer scalar is needed, not {variable} of {variable.ndim} dimensions")
    if variable.dtype.startswith(("float", "complex", "bool")):
        raise TypeError(f"an integer is needed, not {variable} of dtype {variable.dtype}")
    if variable.dtype == "int64":
        return variable
    if isinstance(variable, Constant):
        return constant(np.int64(variable.data))
    return variable.astype("int64")
