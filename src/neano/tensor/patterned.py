"""Matrices of a pattern: `Eye` (ones on a diagonal), `Tri` (ones below one), and the triangles of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import check_dtype
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.static import int64_scalar, static_length
from neano.tensor.type import TensorType


class Patterned(Op):
    """What `Eye` and `Tri` share: three integers in, numbers of rows, of columns, and of the diagonal.

    Args:
        dtype: the elements' dtype; floatX by default.
    """

    __props__: ClassVar[tuple[str, ...]] = ("dtype",)

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = check_dtype("floatX" if dtype is None else dtype)

    def make_node(self, n: Any, m: Any, k: Any) -> Apply:
        inputs = [int64_scalar(v) for v in (n, m, k)]
        # lengths of 1 are not declared to broadcast, whether constant or not
        lengths = [None if length == 1 or (length or 0) < 0 else length for length in map(static_length, inputs[:2])]
        return Apply(self, inputs, [TensorType(self.dtype, lengths)()])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(node.inputs[0], node.inputs[1])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]] * 3

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()() for _ in inputs]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]


class Eye(Patterned):
    """A matrix of zeros with ones on its k-th diagonal: `Eye(dtype)(n, m, k)`."""

    __props__ = ("dtype",)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        n, m, k = (int(v) for v in inputs)
        output_storage[0][0] = np.eye(n, m, k, dtype=self.dtype)


class Tri(Patterned):
    """A matrix of zeros with ones on its k-th diagonal and below: `Tri(dtype)(n, m, k)`."""

    __props__ = ("dtype",)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        n, m, k = (int(v) for v in inputs)
        output_storage[0][0] = np.tri(n, m, k, dtype=self.dtype)


def eye(n: Any, m: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """Return a matrix of `n` rows and `m` (by default n) columns, with ones on its k-th diagonal (floatX)."""
    return Eye(dtype)(n, n if m is None else m, k)


def identity_like(x: Any) -> Any:
    """Return ones on the main diagonal of a matrix of the shape and dtype of `x`."""
    x = as_tensor_variable(x)
    return eye(x.shape[0], x.shape[1], 0, x.dtype)


def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """Return a matrix of `N` rows and `M` (by default N) columns with ones on its k-th diagonal and below."""
    return Tri(dtype)(N, N if M is None else M, k)


def _lower(m: Any, k: Any) -> Any:
    return tri(m.shape[m.ndim - 2], m.shape[m.ndim - 1], k, "bool")


def tril(m: Any, k: Any = 0) -> Any:
    """Return a matrix (or several, in the last two dimensions) with what lies above its k-th diagonal made 0."""
    m = as_tensor_variable(m)
    return row("switch")(_lower(m, k), m, np.zeros((), m.dtype))


def triu(m: Any, k: Any = 0) -> Any:
    """Return a matrix (or several, in the last two dimensions) with what lies below its k-th diagonal made 0."""
    m = as_tensor_variable(m)
    return row("switch")(_lower(m, int64_scalar(k) - 1), np.zeros((), m.dtype), m)
