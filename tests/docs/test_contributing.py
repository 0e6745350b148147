"""CONTRIBUTING.md, followed literally: in a copy of the repository, each step is taken and each command and example run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```(\w*)\n", re.MULTILINE)
APPEND = re.compile(r"At the end of `([^`]+)`, add:\s*$")
INSERT = re.compile(r"In `([^`]+)`, below `([^`]+)`, add:\s*$")
CREATE = re.compile(r"Make `([^`]+)`:\s*$")


@dataclass(frozen=True)
class Step:
    """A block of code, and the text that says what to do with it."""

    text: str
    kind: str
    code: str


def steps() -> list[Step]:
    """Return the blocks of the document, each with the text before it."""
    text, *parts = FENCE.split((ROOT / "CONTRIBUTING.md").read_text())
    found = []
    for kind, part in zip(parts[::2], parts[1::2], strict=True):
        if kind:
            found.append(Step(text.rstrip(), kind, part))
        else:  # what closes a block begins the next text
            text = part
    return found


def follow(step: Step, copy: Path) -> None:
    """Take a step in the copy; `CalledProcessError` where a command or an example of it fails."""
    if step.kind == "sh":
        for line in step.code.splitlines():
            run(["sh", "-c", line.replace("python", sys.executable)], copy)
    elif step.code.startswith(">>>"):
        example = copy / "example.md"
        example.write_text(step.code)
        run([sys.executable, "-m", "pytest", "-q", "--doctest-glob=*.md", "example.md"], copy)
    elif found := APPEND.search(step.text):
        with (copy / found[1]).open("a") as file:
            file.write(step.code)
    elif found := INSERT.search(step.text):
        lines = (copy / found[1]).read_text().split("\n")
        assert lines.count(found[2]) == 1, f"{found[1]} has {lines.count(found[2])} lines {found[2]!r}"
        lines.insert(lines.index(found[2]) + 1, step.code.rstrip("\n"))
        (copy / found[1]).write_text("\n".join(lines))
    elif found := CREATE.search(step.text):
        assert not (copy / found[1]).exists()
        (copy / found[1]).write_text(step.code)
    else:
        pytest.fail(f"no step says what to do with:\n{step.code}")


def run(command: list[str], copy: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"


def test_every_step_is_followed(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("src", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    found = steps()
    assert len(found) >= 14
    for step in found:
        follow(step, tmp_path)
