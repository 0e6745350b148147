"""Shared variables that hold numbers and arrays: `shared(3.0)`, `shared(numpy.zeros(5))`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.graph.shared import SharedVariable, shared_constructor
from neano.tensor.type import TensorType
from neano.tensor.variable import TensorVariable


class TensorSharedVariable(TensorVariable, SharedVariable):
    """An array that lasts between calls, with all operators and methods of a tensor."""

    def zero(self, borrow: bool = False) -> None:
        """Make all elements zero, inside the present array where `borrow`."""
        if borrow:
            self.container.value[...] = 0
        else:
            self.container.value = np.zeros_like(self.container.value)


class ScalarSharedVariable(TensorSharedVariable):
    """A number that lasts between calls: a 0-d array."""


@shared_constructor
def tensor_constructor(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Any = None,
    target: str = "cpu",
) -> TensorSharedVariable:
    """Return a shared variable for an array.

    Args:
        value: an array of a dtype of the language; its dtype stays, whatever floatX is.
        borrow: keep the array itself instead of a copy.
        broadcastable: which dimensions are declared to have length 1; by default none, whatever their length is now.
        target: the device; there is one.

    Raises:
        TypeError: the value is not such an array.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"not an array: {value!r}")
    type_ = TensorType(value.dtype, (False,) * value.ndim if broadcastable is None else broadcastable)
    array = np.asarray(value) if borrow else np.array(value, copy=True)
    return TensorSharedVariable(name, type_, array, strict, allow_downcast)


@shared_constructor
def scalar_constructor(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    target: str = "cpu",
) -> ScalarSharedVariable:
    """Return a shared variable for a Python or NumPy number, as a 0-d array of NumPy's dtype for it.

    Raises:
        TypeError: the value is not a number.
    """
    if not isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        raise TypeError(f"not a number but a value of {type(value)}")  # its text would cost more than all else
    array = np.asarray(value)
    return ScalarSharedVariable(name, TensorType(array.dtype, ()), array, strict, allow_downcast)
