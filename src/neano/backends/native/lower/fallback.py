"""What has no native form: the Op's own `perform`, called back inside the compiled function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from neano.backends.native import ir
from neano.backends.native.schedule.plan import Invocation, Stored
from neano.backends.native.schedule.planner import Planner
from neano.backends.reference.errors import annotate
from neano.backends.reference.run_node import run_node
from neano.backends.reference.thunk import has_own_thunk, own_thunk
from neano.graph.destroy import destroyed_inputs
from neano.graph.variable import Apply
from neano.tensor.type import TensorType


def plan_fallback(node: Apply, planner: Planner) -> None:
    """Plan a call of a node's own `perform`."""
    operands = tuple(planner.store(variable) for variable in node.inputs)
    results = []
    for output in node.outputs:
        type_ = output.type
        if isinstance(type_, TensorType):
            name = f"v{len(planner.plan.values)}"
            lengths = tuple(
                planner.x.dim(name, axis) if n is None else planner.x.const(n) for axis, n in enumerate(type_.shape)
            )
            result = Stored(name, type_.dtype, lengths, "view", contiguous=True)
        else:
            result = Stored(f"v{len(planner.plan.values)}", "object", (), "view")
        planner.own(output, result)
        results.append(result)
    planner.plan.objects.append(caller(node))
    attributes = (("object", len(planner.plan.objects) - 1),)
    invocation = Invocation("python", tuple(results), operands, attributes=attributes)
    planner.add(invocation)
    for result in results:
        for length in result.lengths:
            if isinstance(length, ir.Dim):  # it is there once the call has been made
                planner.x.after(length, invocation)
    planner.fallbacks.append(node)


def caller(node: Apply) -> Callable[..., tuple[Any, ...]]:
    """Return a function from the values of a node's inputs to those of its outputs, in the exact form of their types."""
    destroyed = set(destroyed_inputs(node))
    compute = own_thunk(node) if has_own_thunk(node.op) else partial(run_node, node, exact=True)

    def call(*values: Any) -> tuple[Any, ...]:
        try:
            results = compute([np.array(v) if i in destroyed else v for i, v in enumerate(values)])
        except Exception as error:
            annotate(error, node, values)
            raise
        return tuple(_exact(output.type, value, values) for output, value in zip(node.outputs, results, strict=True))

    return call


def _exact(type_: Any, value: Any, inputs: Sequence[Any]) -> Any:
    """Return a result in the exact form of its type, in memory of its own: what reads it may outlive the inputs."""
    if not isinstance(type_, TensorType):
        return value
    array = np.ascontiguousarray(value, dtype=type_.numpy_dtype).reshape(np.shape(value))
    if any(isinstance(source, np.ndarray) and np.may_share_memory(array, source) for source in inputs):
        array = array.copy()
    return type_.filter(array)
