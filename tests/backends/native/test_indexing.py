"""Indices of every form in compiled functions, read and written, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neano.compile.function import function
from neano.compile.mode import Mode
from neano.tensor.indexing import inc_subtensor, set_subtensor
from tensor.op_checks import variable_of
from tensor.test_indexing import ADVANCED, BASIC, CUBE, index_id

NATIVE = Mode(backend="native")


@pytest.mark.parametrize("index", BASIC + ADVANCED, ids=index_id)
def test_reading_and_writing(index: Any) -> None:
    x = variable_of(CUBE)
    part = x[index]
    wanted = np.asarray(CUBE[index])
    value = np.random.default_rng(0).normal(size=wanted.shape)
    y = variable_of(value)
    outputs, expected = [part], [wanted]
    if not (type(part.owner.op).__name__ == "DimShuffle" and part.owner.inputs[0] is x):
        for update in (set_subtensor, inc_subtensor):
            changed = CUBE.copy()
            if update is set_subtensor:
                changed[index] = value
            else:
                np.add.at(changed, index, value)
            outputs.append(update(part, y))
            expected.append(changed)
    compiled = function([x, y], outputs, on_unused_input="ignore", mode=NATIVE)
    for got, want in zip(compiled(CUBE, value), expected, strict=True):
        np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-14)


@pytest.mark.parametrize(
    "index", [5, [5], (slice(None), [9]), ([0, 1], [[0], [1], [7]]), np.ones(2, dtype=bool)], ids=str
)
def test_out_of_range(index: Any) -> None:
    x = variable_of(CUBE[0])
    array = CUBE[0, :3]
    for output in (x[index], set_subtensor(x[index], 0)):
        compiled = function([x], output, mode=NATIVE)
        with pytest.raises(IndexError):
            compiled(array)
