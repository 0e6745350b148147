"""The type of what a user writes: a table of expressions with the type, value or class of error that Theano gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neano.tensor as T

TABLE = [
    line.split("\t")
    for line in (Path(__file__).parent / "tables" / "types_of_expressions.tsv").read_text().splitlines()
]


def outcome(expression: str) -> str:
    """Return the type of an expression, the types of several, a constant's value, or the class of the error."""
    names = {"T": T, "np": np, "x": T.dmatrix("x"), "t": T.dtensor3("t")}
    try:
        with np.errstate(all="ignore"):
            value = eval(expression, names)
    except Exception as error:
        return type(error).__name__
    if isinstance(value, (list, tuple)):
        return " ".join(str(getattr(v, "type", v)) for v in value)
    return str(getattr(value, "type", value))


@pytest.mark.parametrize("part", range(0, len(TABLE), 100), ids=lambda part: f"from line {part + 1}")
@pytest.mark.filterwarnings("ignore")
def test_types_are_those_of_theano(part: int) -> None:
    wrong = [(e, outcome(e), wanted) for e, wanted in TABLE[part : part + 100] if outcome(e) != wanted]
    assert not wrong
