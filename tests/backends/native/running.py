"""Running a graph by its Ops' own `perform` and through the loop IR's interpreter, to compare the two."""

from __future__ import annotations

import numpy as np

from neano.backends.native.interpreter import interpret
from neano.backends.native.ir import Program
from neano.backends.native.lower import program as lower_program
from neano.backends.native.schedule.fuse import Schedule, fuse
from neano.backends.native.schedule.planner import Planner
from neano.backends.native.schedule.spec import check_schedule
from neano.backends.native.spec import check_program
from neano.graph.fgraph import FunctionGraph
from neano.graph.traverse import toposort
from neano.graph.variable import Constant


def schedule_of(inputs, outputs) -> Schedule:
    """Return the schedule of a graph as it is, after checking it."""
    schedule = fuse(Planner(FunctionGraph(inputs, outputs)).run())
    check_schedule(schedule)
    return schedule


def program_of(inputs, outputs) -> Program:
    """Return the loop IR of a graph as it is, after checking it."""
    program = lower_program.lower_schedule(schedule_of(inputs, outputs))
    check_program(program)
    return program


def performed(inputs, outputs, values):
    """Return what the Ops' own `perform` gives for each output."""
    known = dict(zip(inputs, values, strict=True))
    for node in toposort(outputs, inputs):
        storage = [[None] for _ in node.outputs]
        node.op.perform(node, [v.data if isinstance(v, Constant) else known[v] for v in node.inputs], storage)
        known.update((output, box[0]) for output, box in zip(node.outputs, storage, strict=True))
    return [v.data if isinstance(v, Constant) else known[v] for v in outputs]


def assert_same(inputs, outputs, values, rtol=1e-12):
    """Check that the interpreted program gives what `perform` gives."""
    found = interpret(program_of(inputs, outputs), values)
    for result, expected in zip(found, performed(inputs, outputs, values), strict=True):
        assert result.dtype == expected.dtype
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=rtol, atol=1e-14)
