"""The command `python -m benchmarks`: measurements of calls, starting, building; the others have options."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import sys
from pathlib import Path

from benchmarks.document import write_section

FIGURES = ("calls", "startup", "build")
WITH_OPTIONS = {
    "peers": "benchmarks.peers.compare",
    "scaling": "benchmarks.scaling",
    "memory": "benchmarks.memory",
    "limit": "benchmarks.limit.compare",
    "products": "benchmarks.products.compare",
    "accuracy": "benchmarks.accuracy.report",
}


class Tee(io.StringIO):
    """Keeps what is printed, and prints it."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text)  # type: ignore[union-attr]
        return super().write(text)


def main(arguments: list[str]) -> int:
    """Run the measurements that were asked for; return 1 where a figure is missed."""
    if arguments and arguments[0] in WITH_OPTIONS:
        status: int = importlib.import_module(WITH_OPTIONS[arguments[0]]).main(arguments[1:])
        return status
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    choices = ["all", *FIGURES, *WITH_OPTIONS]
    parser.add_argument("what", nargs="?", choices=choices, default="all", help=f"all: {', '.join(FIGURES)}")
    parser.add_argument("systems", nargs="*", metavar="SYSTEM=PYTHON", help="build: measure these systems, too")
    parser.add_argument("--write", metavar="FILE", help="write what is printed into the section of a document")
    given = parser.parse_args(arguments)
    missed, printed = 0, Tee()
    with contextlib.redirect_stdout(printed):
        for name in FIGURES if given.what == "all" else (given.what,):
            print(f"== {name}")
            run = importlib.import_module(f"benchmarks.{name}").run
            missed |= run(given.systems) if name == "build" else run()
    if given.write:
        write_section(Path(given.write), "figures", f"```\n{printed.getvalue().strip()}\n```")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
