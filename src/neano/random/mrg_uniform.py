"""`mrg_uniform`: uniform numbers from a matrix of MRG31k3p streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.graph.null_type import undefined_gradient
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.random import mrg_recurrence
from neano.scalar.dtypes import is_discrete, is_float
from neano.tensor import static
from neano.tensor.convert import as_tensor_variable
from neano.tensor.shape import entry_variables
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType

MOST_NUMBERS = 2**31 - 1


class mrg_uniform(Op):
    """Uniform numbers between 0 and 1: `mrg_uniform(output_type)(states, size)` gives the next states and the numbers.

    `states` is an int32 matrix with a stream in each row. Number i, in C order, comes from stream i modulo the number
    of streams, and is what one step of its recurrence gives (`neano.random.mrg_recurrence.step` and `as_uniform`).

    Args:
        output_type: the type of the numbers.
        inplace: advance the states where they are.

    Raises:
        TypeError: the states are no int32 matrix, the size no integer vector, or the numbers no floats.
        ValueError: (at run time) the size's length is not the numbers' rank, or there are too many numbers.
    """

    __props__ = ("output_type", "inplace")
    nout = 2

    def __init__(self, output_type: TensorType, inplace: bool = False) -> None:
        if not is_float(output_type.dtype):
            raise TypeError(f"uniform numbers are floats, not {output_type.dtype}")
        self.output_type = output_type
        self.inplace = inplace
        if inplace:
            self.destroy_map = {0: [0]}

    @classmethod
    def new(cls, rstate: Any, ndim: int | None, dtype: Any, size: Any) -> Any:
        """Return the next states and numbers of a size: a vector of which `ndim` or its type tells the length."""
        vector = as_tensor_variable(size)
        entries = static.static_entries(vector)
        if entries is None:
            if ndim is None:
                raise ValueError(f"the length of the size {size} is not known: give the rank of the draw, ndim=")
            entries = [None] * ndim
        return cls(TensorType(dtype, static.lengths_match_broadcast(entries)))(rstate, vector)

    def make_node(self, *inputs: Any) -> Apply:
        states, size = map(as_tensor_variable, inputs)
        if states.dtype != "int32" or states.ndim != 2:
            raise TypeError(f"the states are an int32 matrix, not {states.type}")
        if size.ndim != 1 or not (is_discrete(size.dtype) or size.type.shape == (0,)):
            raise TypeError(f"the size is an integer vector, not {size.type}")
        size = size if size.dtype == "int64" else size.astype("int64")
        return Apply(self, [states, size], [states.type(), self.output_type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        states, lengths = inputs[0], tuple(int(n) for n in inputs[1])
        if len(lengths) != self.output_type.ndim:
            raise ValueError(f"size must have length {self.output_type.ndim} (not {len(lengths)})")
        if min(lengths, default=0) < 0:
            raise ValueError(f"negative dimensions are not allowed: {lengths}")
        count = 1
        for n in lengths:
            count *= n
        if count > MOST_NUMBERS:
            raise ValueError(f"a draw has at most {MOST_NUMBERS} numbers, not {count}")
        if count and (len(states) == 0 or states.shape[1] != 6):
            raise ValueError(f"the states have six words each, in at least one row; their shape is {states.shape}")
        moved, numbers = mrg_recurrence.draw(states, count, self.output_type.dtype)
        if self.inplace:
            states[...] = moved
            moved = states
        output_storage[0][0] = moved
        output_storage[1][0] = numbers.reshape(lengths)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        vector = node.inputs[1]
        entries = entry_variables(vector, static.static_entries(vector) or [None] * self.output_type.ndim)
        return [input_shapes[0], tuple(int64_scalar(n) for n in entries)]

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [undefined_gradient(self, i, x, "no gradient through random numbers") for i, x in enumerate(inputs)]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None, None]

    def do_constant_folding(self, node: Apply) -> bool:
        return False

    def __str__(self) -> str:
        return f"mrg_uniform{{{self.output_type},{'inplace' if self.inplace else 'no_inplace'}}}"


mrg_uniform_base = mrg_uniform
