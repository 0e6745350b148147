"""The command `neano`: `doctor` (what is here, what falls back), `cache` (show, prune, clear), `explain` (stages)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from neano.cli.cache import run_cache
from neano.cli.doctor import run_doctor
from neano.cli.explain import STAGES, run_explain
from neano.cli.target import TargetError
from neano.version import __version__


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="neano", description="Looks at Neano, its cache and its functions.")
    parser.add_argument("--version", action="version", version=f"neano {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    target = "MODULE:FUNCTION or FILE.py:FUNCTION: a compiled function, or a function without arguments that makes one"

    doctor = commands.add_parser("doctor", help="show the environment, and what of a function runs in Python")
    doctor.add_argument("target", nargs="?", metavar="MODULE:FUNCTION", help=target)
    doctor.set_defaults(run=lambda given: run_doctor(given.target))

    cache = commands.add_parser("cache", help="show, prune or clear the compiled code that is kept on disk")
    cache.add_argument("action", choices=["show", "prune", "clear"], nargs="?", default="show")
    cache.set_defaults(run=lambda given: run_cache(given.action))

    explain = commands.add_parser("explain", help="print the forms of a function on its way to machine code")
    explain.add_argument("target", metavar="MODULE:FUNCTION", help=target)
    explain.add_argument("--stage", choices=STAGES, action="append", help="only this stage; may be given several times")
    explain.set_defaults(run=lambda given: run_explain(given.target, given.stage or STAGES))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 where something is amiss, 2 for a wrong command line."""
    given = make_parser().parse_args(arguments)
    try:
        status: int = given.run(given)
    except TargetError as error:
        print(f"neano: {error}", file=sys.stderr)
        return 2
    return status
