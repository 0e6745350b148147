"""`RandomFunction`: a draw from a generator. It gives the generator's next state and the numbers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.graph.errors import ShapeError
from neano.graph.null_type import undefined_gradient
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.random.state import RandomStateType
from neano.scalar.dtypes import is_discrete
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.shape import entry_variables
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType

TRAILING_LENGTHS: dict[Any, Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]]] = {}
"""For functions that add dimensions behind those of the size: their lengths, from the parameters and their shapes."""


class RandomFunction(Op):
    """A draw: `RandomFunction(fn, outtype)(state, size, *parameters)` gives the new state and the numbers.

    Args:
        fn: the name of a method of `numpy.random.RandomState`, or a function `(generator, *parameters, size)`.
        outtype: the type of the numbers, to which they are converted after the draw.
        inplace: advance the generator itself rather than a copy.
        ndim_added: how many dimensions the numbers have behind those of the size.

    Raises:
        TypeError: `state` is not a generator, or `size` not an integer vector.
        ValueError: the size's length is not the rank of the numbers less `ndim_added`.
    """

    __props__ = ("fn", "outtype", "inplace", "ndim_added")
    default_output = None
    nout = 2

    def __init__(self, fn: Any, outtype: TensorType, inplace: bool = False, ndim_added: int = 0) -> None:
        self.fn = fn
        self.outtype = outtype
        self.inplace = inplace
        self.ndim_added = ndim_added
        if inplace:
            self.destroy_map = {0: [0]}

    @property
    def name(self) -> str:
        """The distribution's name: that of the method or function that draws."""
        return self.fn if isinstance(self.fn, str) else str(self.fn.__name__)

    def make_node(self, *inputs: Any) -> Apply:
        state, size, *parameters = inputs
        if not isinstance(getattr(state, "type", None), RandomStateType):
            raise TypeError(f"a draw needs a variable of RandomStateType, not {state!r}")
        vector = as_tensor_variable(size)
        if vector.type.shape == (0,):
            vector = constant(np.zeros(0, dtype="int64"))
        if vector.ndim != 1 or not is_discrete(vector.dtype) or vector.dtype == "bool":
            raise TypeError(f"the size of a draw must be an integer vector, not {vector} of type {vector.type}")
        if vector.dtype != "int64":
            vector = vector.astype("int64")
        entries = static.static_entries(vector)
        if entries is not None and len(entries) + self.ndim_added != self.outtype.ndim:
            raise ValueError(
                f"Shape mismatch: the draw has {self.outtype.ndim} dimensions, its size {len(entries)}, "
                f"and {self.ndim_added} are added"
            )
        return Apply(self, [state, vector, *map(as_tensor_variable, parameters)], [state.type(), self.outtype()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        state, size, *parameters = inputs
        if len(size) + self.ndim_added != self.outtype.ndim:
            raise ValueError(
                f"Shape mismatch: self.outtype.ndim ({self.outtype.ndim}) != len(shape) ({len(size)}) "
                f"+ self.ndim_added ({self.ndim_added})"
            )
        generator = state if self.inplace else copy.deepcopy(state)
        draw = getattr(generator, self.fn) if isinstance(self.fn, str) else lambda *args: self.fn(generator, *args)
        numbers = np.asarray(draw(*parameters, tuple(int(n) for n in size)))
        output_storage[0][0] = generator
        output_storage[1][0] = numbers.astype(self.outtype.dtype, copy=False)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        vector, parameters = node.inputs[1], node.inputs[2:]
        rank = self.outtype.ndim - self.ndim_added
        lengths = entry_variables(vector, static.static_entries(vector) or [None] * rank)
        if self.ndim_added:
            rule = TRAILING_LENGTHS.get(self.fn)
            if rule is None:
                raise ShapeError(f"{self} does not say how long the dimensions are that it adds")
            lengths += rule(parameters, input_shapes[2:])
        return [None, tuple(int64_scalar(n) for n in lengths)]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [undefined_gradient(self, i, x, "no gradient through random numbers") for i, x in enumerate(inputs)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        for i, (x, point) in enumerate(zip(inputs, eval_points, strict=True)):
            if point is not None:
                return [None, undefined_gradient(self, i, x, "no gradient through random numbers")]
        return [None, None]

    def do_constant_folding(self, node: Apply) -> bool:
        return False

    def __str__(self) -> str:
        return f"RandomFunction{{{self.name}}}"
