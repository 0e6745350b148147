"""What the commands that compare systems are asked: which systems, each with an interpreter that has it, and which rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.document import write_section
from benchmarks.peers.processors import leave_out_avx512
from benchmarks.peers.systems import TITLES

OWN = "neano"


@dataclass(frozen=True)
class Options:
    """What a command was asked.

    Attributes:
        pythons: system -> its interpreter; Neano's own among them.
        rounds: how often everything is measured.
        parts: what names of rows begin with; none: all rows.
        section, document: where the result is written, if anywhere.
    """

    pythons: dict[str, str]
    rounds: int
    parts: tuple[str, ...]
    section: str
    document: Path | None

    @property
    def systems(self) -> list[str]:
        """The systems in the order of tables."""
        return [system for system in TITLES if system in self.pythons]

    def wants(self, row: str) -> bool:
        """Say whether a row was asked for."""
        return not self.parts or row.startswith(self.parts)

    def show(self, text: str) -> None:
        """Print a result, and write it into the document."""
        print(text)
        if self.document is not None:
            write_section(self.document, self.section, text)


def options(
    command: str, description: str | None, rounds: int, arguments: Sequence[str], always: Sequence[str] = ()
) -> Options:
    """Return what a command was asked.

    Args:
        command: its name, which is also that of its section in documents.
        description: its help text.
        rounds: how many there are by default.
        arguments: what stands behind the command.
        always: systems beside Neano that need no interpreter of their own.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {command}", description=description)
    names = ", ".join(TITLES)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM=PYTHON", help=f"peers and their interpreters: {names}")
    parser.add_argument(
        "--rounds", type=int, default=rounds, help="how often each row is measured in each system, in turn"
    )
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose names begin so")
    parser.add_argument("--avx2", action="store_true", help="let every system do without AVX-512")
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the result into the section of a document")
    given = parser.parse_args(arguments)
    parts = [text.partition("=") for text in given.systems]
    unknown = sorted(name for name, _, python in parts if name not in TITLES or not python)
    if unknown:
        parser.error(f"no SYSTEM=PYTHON with a known system: {', '.join(unknown)}; there are {names}")
    pythons = dict.fromkeys((OWN, *always), sys.executable) | {name: python for name, _, python in parts}
    if given.avx2:
        leave_out_avx512()
    section = f"{command}-avx2" if given.avx2 else command
    return Options(pythons, given.rounds, tuple(given.rows), section, given.write)
