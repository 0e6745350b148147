"""Matrix products in the forms that BLAS computes: `Dot22`, `Gemm`, `Gemv`, `Ger`. Rewriting makes them of `Dot`.

All operands have one floating-point or complex dtype. Where an operation is in place, its first input is overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.graph.errors import InconsistencyError
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.scalar.dtypes import is_discrete
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import TensorType


def _operands(op: Op, values: Sequence[Any], ranks: Sequence[int]) -> list[Any]:
    """Return the inputs of a BLAS operation as tensors.

    Raises:
        TypeError: a rank or a dtype is not what the operation takes.
    """
    operands = [as_tensor_variable(v) for v in values]
    dtypes = {v.dtype for v in operands}
    if len(dtypes) != 1:
        raise TypeError(f"{op} requires matching dtypes, not {tuple(v.dtype for v in operands)}")
    if is_discrete(operands[0].dtype) or operands[0].dtype == "float16":
        raise TypeError(f"{op} requires operands of a dtype that BLAS has, not {operands[0].dtype}")
    for i, (v, rank) in enumerate(zip(operands, ranks, strict=True)):
        if v.ndim != rank:
            raise TypeError(f"{op} requires input {i} to have {rank} dimensions, not {v.ndim}: {v}")
    return operands


def _check_aligned(op: Op, summed: tuple[int, int], accumulated: tuple[int, ...], product: tuple[int, ...]) -> None:
    if summed[0] != summed[1]:
        raise ValueError(f"{op}: the lengths that are summed over differ: {summed[0]} and {summed[1]}")
    if accumulated != product:
        raise ValueError(f"{op}: a product of shape {product} cannot be added to an array of shape {accumulated}")


class Dot22(Op):
    """The product of two matrices of one dtype."""

    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        x, y = _operands(self, (x, y), (2, 2))
        return Apply(self, [x, y], [TensorType(x.dtype, (x.type.shape[0], y.type.shape[1]))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y = inputs
        _check_aligned(self, (x.shape[1], y.shape[0]), (), ())
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.dot(x, y)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(input_shapes[0][0], input_shapes[1][1])]


class Dot22Scalar(Op):
    """The product of two matrices and a scalar of one dtype."""

    __props__ = ()

    def make_node(self, x: Any, y: Any, a: Any) -> Apply:
        x, y, a = _operands(self, (x, y, a), (2, 2, 0))
        return Apply(self, [x, y, a], [TensorType(x.dtype, (x.type.shape[0], y.type.shape[1]))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        x, y, a = inputs
        _check_aligned(self, (x.shape[1], y.shape[0]), (), ())
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.asarray(a * np.dot(x, y))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [(input_shapes[0][0], input_shapes[1][1])]


class Updating(Op):
    """What `Gemm`, `Gemv` and `Ger` share: something is added to their first input, in its memory where so wished."""

    def _set_in_place(self, in_place: bool) -> None:
        if in_place:
            self.destroy_map = {0: [0]}

    def _refuse_aliases(self, operands: Sequence[Any], others: Sequence[int]) -> None:
        """Raise where the input to be overwritten is also read as another."""
        if self.destroy_map and any(operands[0] is operands[i] for i in others):
            raise InconsistencyError(f"{self}: the input that is overwritten, {operands[0]}, is also read as a factor")

    def _accumulate(self, storage: list[Any], target: Any, value: Any) -> None:
        """Store a result: in the memory of the first input where in place."""
        if self.destroy_map:
            target[...] = value
            storage[0] = target
        else:
            storage[0] = np.asarray(value, dtype=target.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return [input_shapes[0]]


class Gemm(Updating):
    """`b * z + a * dot(x, y)` of matrices z, x, y and scalars a, b: `Gemm(inplace)(z, a, x, y, b)`.

    Args:
        inplace: whether z is overwritten.
    """

    __props__ = ("inplace",)

    def __init__(self, inplace: bool) -> None:
        self.inplace = bool(inplace)
        self._set_in_place(self.inplace)

    def make_node(self, z: Any, a: Any, x: Any, y: Any, b: Any) -> Apply:
        operands = _operands(self, (z, a, x, y, b), (2, 0, 2, 2, 0))
        self._refuse_aliases(operands, (2, 3))
        return Apply(self, operands, [operands[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        z, a, x, y, b = inputs
        _check_aligned(self, (x.shape[1], y.shape[0]), z.shape, (x.shape[0], y.shape[1]))
        with np.errstate(all="ignore"):
            product = a * np.dot(x, y)
            self._accumulate(output_storage[0], z, product if b == 0 else b * z + product)

    def __str__(self) -> str:
        return f"Gemm{{{'inplace' if self.inplace else 'no_inplace'}}}"


class Gemv(Updating):
    """`beta * y + alpha * dot(A, x)` of a matrix A, vectors y, x and scalars: `Gemv(inplace)(y, alpha, A, x, beta)`.

    Args:
        inplace: whether y is overwritten.
    """

    __props__ = ("inplace",)

    def __init__(self, inplace: bool) -> None:
        self.inplace = bool(inplace)
        self._set_in_place(self.inplace)

    def make_node(self, y: Any, alpha: Any, A: Any, x: Any, beta: Any) -> Apply:
        operands = _operands(self, (y, alpha, A, x, beta), (1, 0, 2, 1, 0))
        self._refuse_aliases(operands, (3,))
        return Apply(self, operands, [operands[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        y, alpha, A, x, beta = inputs
        _check_aligned(self, (A.shape[1], x.shape[0]), y.shape, (A.shape[0],))
        with np.errstate(all="ignore"):
            product = alpha * np.dot(A, x)
            self._accumulate(output_storage[0], y, product if beta == 0 else beta * y + product)

    def __str__(self) -> str:
        return f"Gemv{{{'inplace' if self.inplace else 'no_inplace'}}}"


class Ger(Updating):
    """`A + alpha * outer(x, y)` of a matrix, a scalar and vectors: `Ger(destructive)(A, alpha, x, y)`.

    Args:
        destructive: whether A is overwritten.
    """

    __props__ = ("destructive",)

    def __init__(self, destructive: bool) -> None:
        self.destructive = bool(destructive)
        self._set_in_place(self.destructive)

    def make_node(self, A: Any, alpha: Any, x: Any, y: Any) -> Apply:
        operands = _operands(self, (A, alpha, x, y), (2, 0, 1, 1))
        return Apply(self, operands, [operands[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        A, alpha, x, y = inputs
        _check_aligned(self, (1, 1), A.shape, (x.shape[0], y.shape[0]))
        with np.errstate(all="ignore"):
            self._accumulate(output_storage[0], A, A + alpha * np.outer(x, y))

    def __str__(self) -> str:
        return f"Ger{{{'destructive' if self.destructive else 'non-destructive'}}}"


_dot22 = Dot22()
_dot22scalar = Dot22Scalar()
gemm_inplace = Gemm(inplace=True)
gemm_no_inplace = Gemm(inplace=False)
gemm = gemm_no_inplace
gemv_inplace = Gemv(inplace=True)
gemv_no_inplace = Gemv(inplace=False)
gemv = gemv_no_inplace
ger_destructive = Ger(destructive=True)
ger = Ger(destructive=False)
