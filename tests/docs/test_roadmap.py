"""Every line of ROADMAP.md is true: there is a program for each, and it does what the line says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from docs.roadmap_programs import IN_PYTHON, MISSING, WORKS

ROADMAP = (Path(__file__).parent.parent.parent / "ROADMAP.md").read_text()
ABSENT = (AttributeError, ModuleNotFoundError, NotImplementedError, ValueError, ImportError)


def titles(heading: str) -> list[str]:
    """Return the titles of the lines under a heading of the second level."""
    section = ROADMAP.split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]
    return re.findall(r"^- \*\*(.+?)\*\*:", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "programs"),
    [("Works", WORKS), ("Runs, but not yet in machine code", IN_PYTHON), ("Not yet", MISSING)],
)
def test_every_line_has_its_program(heading: str, programs: dict[str, Any]) -> None:
    assert sorted(titles(heading)) == sorted(programs)


@pytest.mark.parametrize("title", WORKS)
def test_what_works(title: str) -> None:
    assert WORKS[title]()


@pytest.mark.parametrize("title", IN_PYTHON)
def test_what_runs_in_python(title: str) -> None:
    assert IN_PYTHON[title]().stages.fallbacks, "all of it is machine code now: move the line up"


@pytest.mark.parametrize("title", MISSING)
def test_what_is_missing(title: str) -> None:
    with pytest.raises(ABSENT):
        MISSING[title]()
