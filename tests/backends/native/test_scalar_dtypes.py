"""Every row of the table of scalar functions on operands of every pair of dtypes, through compiled functions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import neano.backends.native.linker
import neano.tensor.methods  # noqa: F401 - gives variables their methods
from neano.backends.native.schedule.planner import Planner
from neano.compile.function import function
from neano.compile.mode import Mode
from neano.graph.fgraph import FunctionGraph
from neano.scalar.dtype_rules import ComplexError
from neano.scalar.op import TableOp
from neano.scalar.rows import ROWS
from neano.tensor.type import TensorType

DTYPES = ("bool", *[f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64)])
DTYPES += ("float16", "float32", "float64", "complex64", "complex128")
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.5]
COUNT = 24
TOLERANCE = {"float16": 2e-3, "float32": 2e-6, "complex64": 1e-5}
ROW_NAMES = sorted(name for name, row in ROWS.items() if isinstance(row, TableOp))


def samples(dtype: str, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return small numbers, the bounds of the dtype, special values."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.random(COUNT) < 0.5
    if kind in "iu":
        info = np.iinfo(dtype)
        values = rng.integers(-5 if kind == "i" else 0, 9, COUNT).astype(dtype)
        values[:4] = [info.min, info.max, 0, 1]
        return values
    reals, others = rng.normal(size=COUNT) * 2, rng.normal(size=COUNT) * 2
    if kind == "c":
        return (reals + 1j * others).astype(dtype)
    reals[: len(SPECIAL)] = SPECIAL
    return reals.astype(dtype)


def combinations(row: TableOp) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each combination of dtypes that a row accepts, and in which dtypes it computes."""
    for dtypes in product(DTYPES, repeat=row.nin if row.nin > 0 else 2):
        try:
            (result,) = row.output_dtypes(*dtypes)
            yield dtypes, (tuple(row.operand_dtypes(list(dtypes), result)), result)
        except (TypeError, ComplexError):
            continue


def operands(name: str, dtypes: tuple[str, ...], rng: np.random.Generator) -> list[np.ndarray[Any, Any]]:
    """Return operands at which NumPy and SciPy are of one mind."""
    values = [samples(dtype, rng) for dtype in dtypes]
    if name == "pow" and values[1].dtype.kind == "i":
        values[1] = np.abs(values[1] // 4)
    if name == "polygamma":
        values = [rng.integers(0, 4, COUNT).astype(dtypes[0]), (np.abs(values[1]) + 1).astype(dtypes[1])]
    return values


@pytest.mark.parametrize("name", ROW_NAMES)
def test_no_combination_runs_in_python(name: str) -> None:
    row = ROWS[name]
    for dtypes, _ in combinations(row):
        inputs = [TensorType(dtype, (None,))() for dtype in dtypes]
        planner = Planner(FunctionGraph(inputs, [row(*inputs)]))
        planner.run()
        assert not planner.fallbacks, dtypes


@pytest.mark.filterwarnings("ignore")  # the references of some rows cast complex numbers
@pytest.mark.parametrize("name", [name for name in ROW_NAMES if ROWS[name].nin != 1])
def test_mixed_dtypes(name: str) -> None:
    row, rng = ROWS[name], np.random.default_rng(0)
    ways = {way: dtypes for dtypes, way in combinations(row) if len(set(dtypes)) > 1}
    inputs, values, outputs = [], [], []
    for dtypes in ways.values():
        given = [TensorType(dtype, (None,))() for dtype in dtypes]
        inputs += given
        values += operands(name, dtypes, rng)
        outputs.append(row(*given))
    with np.errstate(all="ignore"):
        native, reference = (
            function(inputs, outputs, mode=Mode(backend=backend), on_unused_input="ignore")(*values)
            for backend in ("native", "reference")
        )
    for found, wanted, dtypes in zip(native, reference, ways.values(), strict=True):
        assert found.dtype == wanted.dtype
        tolerance = TOLERANCE.get(found.dtype.name, 1e-12)
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, err_msg=str(dtypes))
