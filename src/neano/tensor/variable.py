"""`TensorVariable`: what users hold. Operators are rows of the scalar table; methods stand in `neano.tensor.methods`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.graph.variable import Constant, Variable
from neano.scalar.operators import Operators
from neano.tensor.type import Shape, TensorType


class TensorVariable(Operators, Variable):
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


class TensorConstant(Constant, TensorVariable):  # type: ignore[misc]
    """An array written in the graph."""

    data: np.ndarray[Any, Any]

    def signature(self) -> Any:
        return (self.type, self.data.shape, self.data.tobytes())


TensorType.variable_class = TensorVariable
TensorType.constant_class = TensorConstant
