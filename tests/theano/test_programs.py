"""Small programs in the manner of old Theano code give what they give under Theano 1.0.5, on both backends.

The texts of the programs (`programs_of_*.py`) are the same for both; `expected.json` holds Theano's results. To make it
anew, run `python results.py expected.json` in this folder with Theano 1.0.5.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neano.config import config

HERE = Path(__file__).parent

TOLERANCES = {"float16": 2e-3, "float32": 1e-5}
"""Relative and absolute tolerance by dtype; 1e-9 for the rest."""


@pytest.fixture(scope="module")
def results() -> Any:
    """The module `results`, which imports the programs by plain names as it does under Theano."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        yield importlib.import_module("results")


def compare(found: Any, expected: Any, where: str) -> None:
    """Check a result, in the form that JSON keeps, against the expected one."""
    if isinstance(expected, list):
        assert isinstance(found, list), f"{where}: {found}"
        assert len(found) == len(expected), f"{where}: {found} is not {expected}"
        for i, (one, other) in enumerate(zip(found, expected, strict=True)):
            compare(one, other, f"{where}[{i}]")
    elif isinstance(expected, dict):
        assert isinstance(found, dict), f"{where}: {found}"
        assert (found["dtype"], found["shape"]) == (expected["dtype"], expected["shape"]), where
        tolerance = TOLERANCES.get(expected["dtype"], 1e-9)
        a, b = ([float(element) for element in each["elements"]] for each in (found, expected))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=where)
    else:
        assert found == expected, where


EXPECTED = json.loads((HERE / "expected.json").read_text())


@pytest.mark.parametrize("backend", ["reference", "native"])
@pytest.mark.parametrize("name", EXPECTED)
def test_program(name: str, backend: str, results: Any) -> None:
    with config.change_flags(backend=backend), np.errstate(all="ignore"):
        found = results.encoded(results.programs()[name]())
    compare(json.loads(json.dumps(found)), EXPECTED[name], name)


def test_every_program_has_its_results(results: Any) -> None:
    assert results.programs().keys() == EXPECTED.keys()
