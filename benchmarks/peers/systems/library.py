"""SciPy's BLAS, called once a product, on matrices as it wants them and with memory for the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from benchmarks.peers.row import Row
from benchmarks.peers.systems.arrays import Unsupported

DTYPES = ("float32", "float64", "complex64", "complex128")


class Matrix(np.ndarray):
    """An array whose products are calls of the BLAS."""

    def __matmul__(self, other: Any) -> Any:
        return matrix_product(self, other)


class Library:
    """One product, and nothing else."""

    wait: Callable[[Any], Any] | None = None

    def transpose(self, x: Any, axes: tuple[int, ...]) -> Any:
        return x.transpose(axes)

    def put(self, arrays: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        return tuple(a.view(Matrix) for a in arrays)

    def compile(self, row: Row) -> tuple[Callable[..., Any], Callable[[], Any]]:
        """Return a call.

        Raises:
            Unsupported: the BLAS has no such product.
        """
        if row.first_inputs()[0].dtype not in DTYPES:
            raise Unsupported("a dtype that the BLAS does not have")
        results.clear()
        return lambda *inputs: row.compute(self, *inputs), list


results: dict[tuple[int, ...], list[Any]] = {}
"""Memory for results, by shape: two, which take turns, for rows that add up two products."""


def matrix_product(a: Any, b: Any) -> Any:
    """Return the product of vectors and matrices that are contiguous in either order."""
    a, b = np.asarray(a), np.asarray(b)
    name = {(1, 1): "dotu" if a.dtype.kind == "c" else "dot", (2, 1): "gemv", (1, 2): "gemv", (2, 2): "gemm"}
    routine = get_blas_funcs(name[a.ndim, b.ndim], (a, b))
    if a.ndim == b.ndim == 1:
        return routine(a, b)
    if a.ndim == b.ndim == 2:
        out = _result((b.shape[1], a.shape[0]), a.dtype)
        (left, turn_left), (right, turn_right) = _by_columns(b.T), _by_columns(a.T)
        return routine(1, left, right, 0, out, turn_left, turn_right, 1).T
    matrix, vector = (a, b) if a.ndim == 2 else (b.T, a)
    matrix, turn = _by_columns(matrix)
    length = matrix.shape[turn]
    return routine(1, matrix, vector, 0, _result((length,), a.dtype), trans=turn, overwrite_y=1)


def _by_columns(matrix: Any) -> tuple[Any, int]:
    """Return a matrix by columns, turned if need be, and whether it was."""
    return (matrix, 0) if matrix.flags.f_contiguous else (matrix.T, 1)


def _result(shape: tuple[int, ...], dtype: Any) -> Any:
    if shape not in results:
        results[shape] = [np.zeros(shape, dtype, order="F") for _ in range(2)]
    results[shape].reverse()
    return results[shape][0]


def make(name: str) -> Any:
    """Return the system of this name."""
    return Library()
