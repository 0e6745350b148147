"""A function's graph as a plain function of all its inputs: what profiles and cross-checks run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from neano.compile.linkers import FunctionSpec, Link
from neano.graph.fgraph import FunctionGraph
from neano.graph.shared import Container

Run = Callable[[list[Any]], list[Any]]
"""From a value for each of `fgraph.inputs` to a value for each of `fgraph.outputs`."""


def make_run(link: Link, spec: FunctionSpec, fgraph: FunctionGraph | None = None) -> Run:
    """Return what a backend makes of a function's graph, without the function's state.

    Args:
        link: the backend.
        spec: the function.
        fgraph: another graph of the same inputs and outputs to run instead.
    """
    inputs = tuple(
        dataclasses.replace(
            each,
            name=None,
            container=Container(each.variable, [None]),
            storage=None,
            implicit=False,
            update=None,
            required=True,
            mutable=False,
        )
        for each in spec.inputs
    )
    graph = spec.fgraph if fgraph is None else fgraph
    returned = len(graph.outputs)
    plain = FunctionSpec(
        graph,
        inputs,
        returned,
        "list",
        borrow=(False,) * returned,
        allow_gc=spec.allow_gc,
        name=spec.name,
        linker=spec.linker if fgraph is None else None,
    )
    function = link(plain)
    function.__dict__.update(spec=plain, defaults=[None] * len(inputs), finder={}, trust_input=False, name=spec.name)

    def run(values: list[Any]) -> list[Any]:
        result: list[Any] = function(*values)
        return result

    return run
