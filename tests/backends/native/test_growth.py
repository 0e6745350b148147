"""The work of compiling grows as the graph does: lines of Python that run up to machine code, for graphs of n and 2 n nodes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from benchmarks.build import Build, chain, mixed, tree
from neano.backends.native import linker
from neano.config import config


class _EnoughError(Exception):
    """Raised where LLVM would begin."""


def _stop(*given: Any, **named: Any) -> None:
    raise _EnoughError


def lines_of(build: Build) -> int:
    """Return how many lines run until a graph is LLVM IR."""
    count = 0

    def local(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return local

    before = sys.gettrace()
    sys.settrace(local)
    try:
        build()
    except _EnoughError:
        return count
    finally:
        sys.settrace(before)
    raise AssertionError("it was never linked")


@pytest.mark.parametrize(("graph", "nodes"), [(chain, 100), (tree, 120), (mixed, 150)], ids=["chain", "tree", "mixed"])
def test_lines_grow_as_nodes_do(graph: Callable[[int], Build], nodes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linker, "link_function", _stop)
    with config.change_flags(cache_functions=False):  # an earlier process may have made the same graph
        lines_of(graph(30))  # what is done once in a process
        once, twice = (lines_of(graph(n)) for n in (nodes, 2 * nodes))
    assert twice <= 2.1 * once, f"{once} lines for {nodes} nodes, {twice} for twice as many"
