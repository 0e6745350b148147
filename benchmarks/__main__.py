"""The command `python -m benchmarks`."""

from __future__ import annotations

import argparse
import importlib
import sys

QUICK = ("calls", "startup", "build")


def main() -> int:
    """Run the measurements that were asked for; return 1 where a figure is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["all", *QUICK, "peers"], default="all", help="all: calls, startup and build"
    )
    given, rest = parser.parse_known_args()
    if given.what == "peers":
        status: int = importlib.import_module("benchmarks.peers.compare").main(rest)
        return status
    parser.parse_args()
    missed = 0
    for name in QUICK if given.what == "all" else (given.what,):
        print(f"== {name}")
        missed |= importlib.import_module(f"benchmarks.{name}").run()
    return missed


if __name__ == "__main__":
    sys.exit(main())
