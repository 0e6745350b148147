"""The dtype rules of all rows over all combinations of operand dtypes, against a table made with Theano 1.0.5."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from neano.config import config
from neano.scalar.dtype_rules import ComplexError
from neano.scalar.dtypes import ALL_DTYPES, is_complex
from neano.scalar.op import TableOp
from neano.scalar.rows import ROWS
from neano.scalar.table import CASTS, floor_div
from neano.scalar.type import get_scalar_type

TABLE = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "result_dtypes.tsv").read_text().splitlines()
    if not line.startswith("#")
]

NO_COMPLEX = set(
    "int_div floor_div mod arctan2 tri_gamma gammainc gammaincc gammau gammal ultra_fast_scalar_sigmoid".split()
)
"""Rows that Theano builds for complex numbers, on which nothing can compute them: here they are refused at once."""

BITS = {"and_", "or_", "xor"}
"""Rows that Theano gives floats for a signed operand and a uint64, and then cannot compute: refused at once."""

REAL_FIRST = {"jv", "iv"}
"""Rows whose first operand (an order) must be real here."""


def result_dtype(row: TableOp, dtypes: tuple[str, ...]) -> str:
    try:
        (name,) = row.output_dtypes(*dtypes)
    except (TypeError, ComplexError):
        return "-"
    return np.dtype(name).char.replace("q", "l").replace("Q", "L")


@pytest.mark.parametrize(("name", "arity", "codes", "class_name"), TABLE, ids=[line[0] for line in TABLE])
def test_dtype_rule_and_class_name(name: str, arity: str, codes: str, class_name: str) -> None:
    row = floor_div if name == "floor_div" else ROWS[name]
    assert type(row).__name__ == class_name
    for dtypes, expected in zip(itertools.product(ALL_DTYPES, repeat=int(arity)), codes, strict=True):
        if (name in NO_COMPLEX and any(map(is_complex, dtypes))) or (name in REAL_FIRST and is_complex(dtypes[0])):
            expected = "-"
        elif name.startswith("in") and name.endswith("range"):
            expected = "?"  # Theano's int8 is an oversight
        elif name in BITS and expected == "d":
            expected = "-"
        assert result_dtype(row, dtypes) == expected, dtypes


def test_every_row_but_ours_is_in_the_table() -> None:
    assert set(ROWS) - {line[0] for line in TABLE} == {"polygamma"}


def test_quotient_of_integers_follows_floatx() -> None:
    with config.change_flags(floatX="float32"):
        assert ROWS["true_div"].output_dtypes("int64", "int64") == ("float32",)
        assert ROWS["true_div"].output_dtypes("int64", "float32") == ("float64",)


@pytest.mark.parametrize(
    ("name", "dtypes", "word"),
    [
        ("neg", ["bool"], "neg is not defined on bool"),
        ("sub", ["bool", "bool"], "sub is not defined on bool"),
        ("and_", ["bool", "int8"], "and_ is only defined on integers"),
        ("floor", ["complex64"], "floor is not defined on complex"),
        ("round_half_to_even", ["int8"], "only defined on floating-point numbers"),
    ],
)
def test_refusals_name_the_function(name: str, dtypes: list[str], word: str) -> None:
    with pytest.raises(TypeError, match=word):
        ROWS[name](*[get_scalar_type(d)() for d in dtypes])


def test_one_cast_for_each_dtype() -> None:
    assert list(CASTS) == list(ALL_DTYPES)
