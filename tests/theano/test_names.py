"""Theano's names: each that the table calls there is there, with Theano's parameters, and the table tells the truth.

After a change: `PYTHONPATH=src python tests/theano/theano_names.py` brings the table up to date.
"""

from __future__ import annotations

from typing import Any

import pytest

from neano.config import config

from .theano_names import Name, differences, examples, read_table, resolve

TABLE = read_table()

MODULES = sorted({entry.module for entry in TABLE})

CALLABLE = ("function", "class", "method", "op-instance")

OBJECTS = {"theano.compile.optdb", "theano.tensor.mgrid", "theano.tensor.ogrid", "theano.tensor.opt.constant_folding"}
"""Instances that are no Ops; they are used without a call."""

REWRITING = "theano.compile.optdb ["
"""Rules come and go; the table may know fewer of them than there are."""


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    with config.change_flags(backend="reference"):
        return examples()


def lines(module: str, *statuses: str) -> list[Name]:
    return [entry for entry in TABLE if entry.module == module and entry.status in statuses]


def test_every_line_of_the_table_is_of_a_known_status() -> None:
    assert {entry.status for entry in TABLE} <= {"yes", "partly", "later", "never"}
    assert len({entry.path for entry in TABLE}) == len(TABLE) > 2700


@pytest.mark.parametrize("module", [m for m in MODULES if lines(m, "yes", "partly")])
def test_names_that_are_there(module: str, objects: dict[str, Any]) -> None:
    problems = []
    for entry in lines(module, "yes", "partly"):
        try:
            found = resolve(entry, objects)
        except (AttributeError, ImportError, KeyError) as error:
            problems.append(f"{entry.path}: {error!r}")
            continue
        if entry.kind in CALLABLE and entry.path not in OBJECTS and not callable(found):
            problems.append(f"{entry.path} is not callable")
        if entry.status == "yes" and entry.kind in ("function", "class", "method"):
            unlike = differences(found, entry.signature, entry.kind == "method")
            problems.extend(f"{entry.path}({entry.signature}) {difference}" for difference in unlike)
    assert not problems, "\n".join(problems)


def test_names_that_are_not_there(objects: dict[str, Any]) -> None:
    found = []
    for entry in TABLE:
        if entry.status in ("later", "never") and not entry.module.startswith(REWRITING):
            try:
                resolve(entry, objects)
            except (AttributeError, ImportError, KeyError):
                continue
            found.append(entry.path)
    assert not found, f"these are there by now; bring the table up to date (see the head of this file): {found}"


def test_what_every_program_uses_is_there() -> None:
    """All of the first tier but loops, lazy branches, convolution and pooling."""
    missing = {entry.path for entry in TABLE if entry.tier == 1 and entry.status not in ("yes", "partly")}
    later = {"theano.scan", "theano.ifelse.ifelse", "theano.tensor.nnet.conv2d", "theano.tensor.signal.pool.pool_2d"}
    assert missing <= later
