"""Lengths that only other operands tell are checked where the arrays come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neano.compile.function import function
from neano.compile.mode import Mode
from neano.tensor.convert import constant
from neano.tensor.indexing import set_subtensor
from neano.tensor.join import join
from neano.tensor.specify import specify_shape
from neano.tensor.type import TensorType

V, M = TensorType("float64", (None,))(), TensorType("float64", (None, None))()

PROGRAMS: dict[str, tuple[Any, Any, type[Exception]]] = {
    "sum with a constant": (V, V + np.array([1.0, 2]), ValueError),
    "specified shape": (V, specify_shape(V, (2,)), AssertionError),
    "joined with a constant": (M, join(0, M, np.ones((1, 2))), ValueError),
    "set into a constant": (V, set_subtensor(constant(np.arange(3.0))[:2], V), ValueError),
    "mask": (V, V[np.array([True, False])], IndexError),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("length", [0, 3])
def test_wrong_lengths_are_refused(name: str, length: int) -> None:
    variable, output, error = PROGRAMS[name]
    compiled = function([variable], output, mode=Mode(backend="native"))
    good = np.ones((2,) * variable.ndim)
    compiled(good)
    with pytest.raises(error):
        compiled(np.ones((2,) * (variable.ndim - 1) + (length,)))
    compiled(good)
