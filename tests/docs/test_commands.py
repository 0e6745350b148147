"""The commands that the guides show: what they print is what the guides say."""

from __future__ import annotations

from pathlib import Path

import pytest

from neano.cli import main

ROOT = Path(__file__).parent.parent.parent
TARGET = f"{ROOT / 'examples' / 'rows.py'}:normalise"


def test_the_schedule_is_the_one_of_the_guide(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", TARGET, "--stage", "schedule"]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith("==")]
    assert len(printed) > 10
    assert "\n".join(printed) in (ROOT / "docs" / "native.md").read_text()


@pytest.mark.parametrize("stage", ["graph", "loops", "llvm", "optimized", "assembly"])
def test_every_stage_prints(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", TARGET, "--stage", stage]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 10


def test_the_doctor_finds_nothing_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", TARGET]) == 0
    assert "machine code" in capsys.readouterr().out
