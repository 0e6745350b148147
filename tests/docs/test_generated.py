"""Pages that commands write are up to date, and links between pages lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_the_table_of_scalar_functions_is_up_to_date() -> None:
    document = runpy.run_path(str(ROOT / "docs" / "scalar_functions.py"))["document"]
    assert (ROOT / "docs" / "dtypes.md").read_text() == document(), "run python docs/scalar_functions.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
