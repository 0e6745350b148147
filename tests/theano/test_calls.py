"""Thousands of calls of the language give the types, values and errors that they give under Theano 1.0.5.

`calls.tsv` has what Theano gives, made by `python calls.py calls.tsv` with Theano 1.0.5 and NumPy 1.19. Where a third column
stands, Neano gives that instead: on purpose, see "What is deliberately different" in docs/coming-from-theano.md, or since
NumPy and SciPy have changed.
"""

from __future__ import annotations

import importlib
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neano.config import config

HERE = Path(__file__).parent
TABLE = {line[0]: line[-1] for line in (row.split("\t") for row in (HERE / "calls.tsv").read_text().splitlines())}
PARTS = 8
QUICK = 12
"""Of so many calls one is run by the quick tests, on either backend; all of them are by the long ones."""

DIGITS = {"float16": 1, "float32": 3, "complex64": 3}
"""How many digits of a dtype must agree; of the others 7."""


@pytest.fixture(scope="module")
def calls() -> Any:
    """The module `calls`, which imports by plain names as it does under Theano."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        yield importlib.import_module("calls")


def numbers(text: str) -> list[float]:
    """Return the numbers after the types, complex ones in two parts."""
    return [float(part) for part in re.split("[ j]", text)]


def agree(found: str, expected: str) -> bool:
    """Say whether two results are the same but for the last digits."""
    if found == expected:
        return True
    mine, theirs = re.split(r"[|;] ", found), re.split(r"[|;] ", expected)
    if len(mine) != len(theirs) or mine[0] != theirs[0]:
        return False
    for one, other in zip(mine[1:], theirs[1:], strict=True):
        kind, _, elements = one.partition(": ")
        if kind != other.partition(": ")[0] or kind == "running":
            return False
        tolerance = 10.0 ** -DIGITS.get(kind.partition("(")[0], 7)
        a, b = (numbers(text) if text else [] for text in (elements, other.partition(": ")[2]))
        if len(a) != len(b) or not np.allclose(a, b, rtol=tolerance, atol=tolerance / 10, equal_nan=True):
            return False
    return True


def check(calls: Any, chosen: list[str], backend: str) -> None:
    """Run calls and compare them with the table."""
    named, values = calls.variables()
    with config.change_flags(backend=backend, cache_size=0), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        wrong = [
            f"{call}\n    gives    {found}\n    expected {TABLE[call]}"
            for call in chosen
            if not agree(found := calls.outcome(call, named, values), TABLE[call])
        ]
    assert not wrong, f"{len(wrong)} of {len(chosen)} calls:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("backend", ["reference", "native"])
def test_some_calls(backend: str, calls: Any) -> None:
    check(calls, list(TABLE)[int(backend == "native") :: QUICK], backend)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("backend", ["reference", "native"])
def test_all_calls(backend: str, part: int, calls: Any) -> None:
    check(calls, list(TABLE)[part::PARTS], backend)


def test_types(calls: Any) -> None:
    """What is known while the graph is built, of all calls."""
    named, _ = calls.variables()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call, expected in TABLE.items():
            found = calls.built(call, named)
            if isinstance(found, str):
                assert agree(found, expected), (call, found, expected)
            else:
                assert calls.text_of_types(found) == expected.partition(" | ")[0], call


def test_every_call_has_its_result(calls: Any) -> None:
    assert set(calls.calls()) == set(TABLE)
