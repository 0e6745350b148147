"""`CAReduce`: a commutative and associative scalar function folded over axes; `CAReduceDtype`: in a dtype of its own.

The classes of each kind (`Sum`, `Max` ...) stand in `neano.tensor.reductions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from neano.graph.op import Op
from neano.graph.variable import Apply, Constant, Variable
from neano.scalar.dtypes import check_dtype, is_discrete, upcast
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import TensorType

UFUNCS: dict[str, np.ufunc] = {
    "add": np.add,
    "mul": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "or_": np.bitwise_or,
    "and_": np.bitwise_and,
    "xor": np.bitwise_xor,
}
"""NumPy's function for each row of the scalar table that reductions fold."""


def normalize_axis(axis: Any) -> tuple[int, ...] | None:
    """Return the axes that a user names, as sorted ints (negative ones still so); None for all of them.

    Raises:
        TypeError: an axis is no integer, or a symbolic one that is not constant.
    """
    if axis is None:
        return None
    if isinstance(axis, Constant):
        axis = axis.data
    if isinstance(axis, Variable):
        raise TypeError(f"the axis of a reduction must be known while the graph is built, not {axis}")
    if isinstance(axis, (int, np.integer)) or (isinstance(axis, np.ndarray) and axis.ndim == 0):
        axis = [axis]
    found = []
    for entry in axis:
        value = entry.data if isinstance(entry, Constant) else entry
        if isinstance(value, Variable):
            raise TypeError(f"the axis of a reduction must be known while the graph is built, not {value}")
        if int(value) != value:
            raise TypeError(f"an axis is an integer, not {value!r}")
        found.append(int(value))
    return tuple(sorted(set(found)))


def resolve_axes(axis: tuple[int, ...] | None, x: Any) -> tuple[int, ...]:
    """Return the axes of a given tensor that a reduction goes over, counted from 0 and sorted.

    Raises:
        ValueError: the tensor has no such axis.
    """
    if axis is None:
        return tuple(range(x.ndim))
    for entry in axis:
        if not -x.ndim <= entry < x.ndim:
            raise ValueError(f"Not enough dimensions on {x} to reduce on axis {entry}")
    return tuple(sorted({entry % x.ndim for entry in axis}))


def expand_reduced(reduced: Any, axes: Sequence[int], rank: int) -> Any:
    """Return a reduced tensor with dimensions of length 1 in place of those that were reduced."""
    if len(axes) == 0:
        return reduced
    kept = iter(range(rank - len(axes)))
    return reduced.dimshuffle(*["x" if i in axes else next(kept) for i in range(rank)])


class CAReduce(Op):
    """A commutative and associative scalar function folded over some axes.

    Args:
        scalar_op: the function: a row of the scalar table.
        axis: the axes to reduce; None for all.

    Raises:
        ValueError: (when applied) the input has no such axis.
    """

    __props__: ClassVar[tuple[str, ...]] = ("scalar_op", "axis")
    accepts_nothing: ClassVar[bool] = False
    """Whether a function without an identity gives the extreme number of the dtype where there is nothing to fold."""

    def __init__(self, scalar_op: Any, axis: Any = None) -> None:
        self.scalar_op = scalar_op
        self.axis = normalize_axis(axis)

    def output_dtype(self, dtype: str) -> str:
        """Return the dtype of the result for an input of a dtype."""
        return dtype

    def accumulator_dtype(self, dtype: str) -> str:
        """Return the dtype in which an input of a dtype is folded."""
        return self.output_dtype(dtype)

    def for_input(self, x: Any) -> CAReduce:
        """Return this reduction with what depends on its input filled in: axes counted from 0, dtypes."""
        if self.axis is None:
            return self
        axes = resolve_axes(self.axis, x)
        return self if axes == self.axis else self.with_axis(axes)

    def with_axis(self, axis: Any) -> CAReduce:
        """Return the same reduction over other axes."""
        return type(self)(axis) if type(self) is not CAReduce else CAReduce(self.scalar_op, axis)

    def make_node(self, x: Any) -> Apply:
        x = as_tensor_variable(x)
        op = self.for_input(x)
        axes = resolve_axes(op.axis, x)
        shape = [n for i, n in enumerate(x.type.shape) if i not in axes]
        return Apply(op, [op.prepare(x)], [TensorType(op.output_dtype(x.dtype), shape)()])

    def prepare(self, x: Any) -> Any:
        """Return the input in the form that the function takes."""
        return x

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        (x,) = inputs
        axes = resolve_axes(self.axis, node.inputs[0])
        output_storage[0][0] = self.fold(x, axes, node.outputs[0].type.dtype)  # type: ignore[attr-defined]

    def fold(self, x: np.ndarray[Any, Any], axes: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        """Return an array folded over axes.

        Raises:
            ValueError: there is nothing to fold and the function has no identity.
        """
        ufunc = UFUNCS.get(self.scalar_op.name)
        accumulator = self.accumulator_dtype(x.dtype.name)
        with np.errstate(all="ignore"):
            if not axes:
                return np.array(x, dtype=dtype)
            if ufunc is None:
                return np.asarray(self._fold_pairwise(x.astype(accumulator), axes), dtype=dtype)
            return np.asarray(ufunc.reduce(x.astype(accumulator, copy=False), axis=axes)).astype(dtype)

    def _fold_pairwise(self, x: np.ndarray[Any, Any], axes: tuple[int, ...]) -> np.ndarray[Any, Any]:
        kept = [i for i in range(x.ndim) if i not in axes]
        rows = np.moveaxis(x, kept, range(len(kept))).reshape(*[x.shape[i] for i in kept], -1)
        if rows.shape[-1] == 0:
            raise ValueError(f"{self} of nothing is not defined: the input has shape {x.shape}")
        result = rows[..., 0]
        for i in range(1, rows.shape[-1]):
            result = self.scalar_op.reference([result, rows[..., i]], [x.dtype.name])[0]
        return result

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        axes = resolve_axes(self.axis, node.inputs[0])
        return [tuple(n for i, n in enumerate(input_shapes[0]) if i not in axes)]

    def spread(self, reduced: Any, x: Any) -> Any:
        """Return something of the result's shape with the reduced dimensions back, as ones that broadcast."""
        return expand_reduced(reduced, resolve_axes(self.axis, x), x.ndim)

    def __str__(self) -> str:
        if self.axis is None:
            return f"Reduce{{{self.scalar_op}}}"
        return f"Reduce{{{self.scalar_op}}}{{{', '.join(map(str, self.axis))}}}"


_DEFAULT_OUTPUT = {
    **dict.fromkeys(("bool", "int8", "int16", "int32"), "int64"),
    **dict.fromkeys(("uint8", "uint16", "uint32"), "uint64"),
}
_DEFAULT_ACCUMULATOR = {**_DEFAULT_OUTPUT, "float16": "float32", "float32": "float64", "complex64": "complex128"}


class CAReduceDtype(CAReduce):
    """A reduction with a dtype of its own for the result and one for the fold.

    Args:
        scalar_op: the function: a row of the scalar table.
        axis: the axes to reduce; None for all.
        dtype: the result's; by default the input's, or the 64-bit one of its kind for smaller integers.
        acc_dtype: in which to compute; by default wider than the input's where that is small.

    Raises:
        TypeError: (when applied) `acc_dtype` would lose precision.
    """

    __props__: ClassVar[tuple[str, ...]] = ("scalar_op", "axis", "dtype", "acc_dtype")

    def __init__(self, scalar_op: Any, axis: Any = None, dtype: Any = None, acc_dtype: Any = None) -> None:
        super().__init__(scalar_op, axis)
        self.dtype = None if dtype is None else check_dtype(dtype)
        self.acc_dtype = None if acc_dtype is None else check_dtype(acc_dtype)

    def output_dtype(self, dtype: str) -> str:
        return self.dtype or _DEFAULT_OUTPUT.get(dtype, dtype)

    def accumulator_dtype(self, dtype: str) -> str:
        if self.acc_dtype is None:
            return _DEFAULT_ACCUMULATOR.get(dtype, dtype)
        both = upcast(dtype, self.acc_dtype)
        if both != self.acc_dtype and not (is_discrete(dtype) and not is_discrete(self.acc_dtype)):
            raise TypeError(
                f"Cannot build {self} node with input dtype {dtype} and acc_dtype {self.acc_dtype}, as precision would "
                "be lost. Leave acc_dtype out, or cast the input to it, or give a wider one."
            )
        return self.acc_dtype

    def for_input(self, x: Any) -> CAReduce:
        axes = None if self.axis is None else resolve_axes(self.axis, x)
        dtype, accumulator = self.output_dtype(x.dtype), self.accumulator_dtype(x.dtype)
        if (axes, dtype, accumulator) == (self.axis, self.dtype, self.acc_dtype):
            return self
        return self.resolved(axes, dtype, accumulator)

    def resolved(self, axes: tuple[int, ...] | None, dtype: str | None, accumulator: str | None) -> CAReduceDtype:
        """Return the same kind of reduction with these axes and dtypes."""
        if type(self) is CAReduceDtype:
            return CAReduceDtype(self.scalar_op, axes, dtype, accumulator)
        return type(self)(axis=axes, dtype=dtype, acc_dtype=accumulator)  # type: ignore[call-arg]

    def with_axis(self, axis: Any) -> CAReduce:
        return self.resolved(axis, self.dtype, self.acc_dtype)

    def fold(self, x: np.ndarray[Any, Any], axes: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        if not axes:
            return x.astype(self.accumulator_dtype(x.dtype.name)).astype(dtype)
        return super().fold(x, axes, dtype)
