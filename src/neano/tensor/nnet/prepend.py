"""A column put in front of a matrix, as for a bias written as a weight."""

from __future__ import annotations

from typing import Any

from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.creation import alloc
from neano.tensor.join import join
from neano.tensor.shape import shape_i


def prepend_scalar_to_each_row(val: Any, mat: Any) -> Any:
    """Return a matrix with a number before each row.

    Raises:
        TypeError: `mat` is not a matrix, or `val` has dimensions.
    """
    val, mat = as_tensor_variable(val), as_tensor_variable(mat)
    if mat.ndim != 2:
        raise TypeError(f"expected a matrix as mat, not {mat.type}")
    if val.ndim != 0:
        raise TypeError(f"expected a number as val, not {val.type}")
    return join(1, alloc(val, shape_i(mat, 0), 1), mat)


def prepend_0_to_each_row(mat: Any) -> Any:
    """Return a matrix with a 0 before each row."""
    mat = as_tensor_variable(mat)
    return prepend_scalar_to_each_row(constant(0, dtype=mat.dtype), mat)


def prepend_1_to_each_row(mat: Any) -> Any:
    """Return a matrix with a 1 before each row."""
    mat = as_tensor_variable(mat)
    return prepend_scalar_to_each_row(constant(1, dtype=mat.dtype), mat)
