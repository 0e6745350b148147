"""Where arrays are not zero: `Nonzero`, and the check that a mask has the shape of what it masks.

Their results' lengths depend on the data, so they have no inferred shape; the shape of the result itself must be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.errors import ShapeError
from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.op import zeros_of
from neano.tensor.convert import as_tensor_variable
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType


class Nonzero(Op):
    """The positions of the elements that are not zero, in C order: an int64 matrix with a row for each dimension."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        (a,) = map(as_tensor_variable, inputs)
        if a.ndim == 0:
            raise ValueError("Nonzero only supports non-scalar arrays.")
        return Apply(self, [a], [TensorType("int64", (a.ndim if a.ndim > 1 else None, None))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = np.asarray(np.nonzero(inputs[0]), dtype="int64")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        raise ShapeError("how many elements are not zero is known only when they are there")

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [zeros_of(inputs[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


class CheckedMask(Op):
    """A mask whose lengths are those of the dimensions that it masks: `CheckedMask()(mask, *lengths)`, a view.

    Raises:
        IndexError: (at run time) they are not.
    """

    __props__ = ()
    view_map = {0: [0]}  # noqa: RUF012

    def make_node(self, *inputs: Any) -> Apply:
        mask, *lengths = inputs
        mask = as_tensor_variable(mask)
        wanted = [int64_scalar(length) for length in lengths]
        if len(wanted) != mask.ndim:
            raise TypeError(f"{mask} has {mask.ndim} dimensions, {len(wanted)} lengths were given")
        return Apply(self, [mask, *wanted], [mask.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        mask, *lengths = inputs
        for axis, (given, wanted) in enumerate(zip(mask.shape, lengths, strict=True)):
            if given != int(wanted):
                raise IndexError(mask_mismatch(axis, int(wanted), given))
        output_storage[0][0] = mask

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], *[[False] for _ in node.inputs[1:]]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [output_grads[0], *[DisconnectedType()() for _ in inputs[1:]]]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [eval_points[0]]


def mask_mismatch(axis: int, wanted: int, given: int) -> str:
    """Return the message for a mask that does not fit."""
    return (
        f"boolean index did not match indexed array along dimension {axis}; dimension is {wanted} "
        f"but corresponding boolean dimension is {given}"
    )


def mask_positions(mask: Any, lengths: Sequence[Any]) -> list[Any]:
    """Return the int64 vectors, one a dimension, that index the same elements as a mask.

    Args:
        mask: a bool tensor of at least one dimension.
        lengths: of the dimensions that it masks: ints where they are known, else 0-d int64 tensors.

    Raises:
        IndexError: known lengths disagree; others are checked at run time.
    """
    fits = True
    for axis, (given, wanted) in enumerate(zip(mask.type.shape, lengths, strict=True)):
        if isinstance(wanted, int) and given is not None and given != wanted:
            raise IndexError(mask_mismatch(axis, wanted, given))
        fits = fits and isinstance(wanted, int) and given is not None
    checked = mask if fits else CheckedMask()(mask, *lengths)
    return list(nonzero(checked))


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """Return the positions of the elements that are not zero.

    Args:
        a: a tensor of at least one dimension.
        return_matrix: give one int64 matrix, with a row for each dimension, instead of a tuple of vectors.

    Raises:
        ValueError: `a` has no dimensions.
    """
    a = as_tensor_variable(a)
    matrix = Nonzero()(a)
    return matrix if return_matrix else tuple(matrix[i] for i in range(a.ndim))


def flatnonzero(a: Any) -> Any:
    """Return the positions of the elements that are not zero in the flattened tensor, an int64 vector."""
    a = as_tensor_variable(a)
    return nonzero(a.flatten() if a.ndim else a)[0]


def nonzero_values(a: Any) -> Any:
    """Return the elements that are not zero, in C order, as a vector."""
    a = as_tensor_variable(a)
    return a.flatten()[flatnonzero(a)]
