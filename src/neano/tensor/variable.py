"""`TensorVariable` and `TensorConstant`: what users hold.

Operators are rows of the scalar table (`neano.scalar.operators`); methods are attached by `neano.tensor.methods`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neano.graph.variable import Constant, Variable
from neano.scalar.operators import Operators
from neano.tensor.type import Shape, TensorType

if TYPE_CHECKING:  # the methods are made of functions that are made of variables, so they come later
    from neano.tensor.methods import TensorMethods
else:
    TensorMethods = object


class TensorVariable(Operators, Variable, TensorMethods):
    """An array of a graph."""

    type: TensorType
    __array_priority__ = 1000  # NumPy's operators give way to ours
    __array_ufunc__ = None

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def ndim(self) -> int:
        return self.type.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        return self.type.broadcastable

    @property
    def static_shape(self) -> Shape:
        """The lengths that are known when the graph is built, None for the others."""
        return self.type.shape


class TensorConstant(Constant, TensorVariable):
    """An array written in the graph.

    >>> import numpy
    >>> TensorConstant(TensorType("float64", (3,)), numpy.ones(3))
    TensorConstant{(3,) of 1.0}
    """

    data: np.ndarray[Any, Any]

    def signature(self) -> Any:
        return (self.type, self.data.shape, self.data.tobytes())

    def unique_value(self) -> Any:
        """Return the number that all elements equal; None where they differ or there are none."""
        if self.data.size == 0:
            return None
        first = self.data.reshape(-1)[0]
        return first if bool(np.all(self.data == first)) else None

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        first = self.unique_value()
        text = str(self.data) if first is None or self.data.ndim == 0 else f"{self.data.shape} of {first}"
        if len(text) > 20:
            text = f"{text[:10]}..{text[-10:]}"
        return f"TensorConstant{{{text}}}"


TensorType.variable_class = TensorVariable
TensorType.constant_class = TensorConstant
