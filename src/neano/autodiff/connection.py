"""Which part of a graph a derivative passes through: nodes between the variables wanted and what is differentiated."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Variable


class Connection:
    """The nodes through which some outputs are differentiable functions of some variables.

    Args:
        outputs: what is differentiated.
        wanted: with respect to what.
        constants: variables behind which nobody looks; a derivative ends there (it may be one of those wanted).

    Attributes:
        varying: the variables wanted, and all that are differentiable functions of them.
        nodes: the nodes that compute varying variables from varying ones, in topological order.
        patterns: for each of these the Op's connection pattern: input -> output -> whether it is connected.
    """

    def __init__(
        self, outputs: Sequence[Variable], wanted: Collection[Variable], constants: Collection[Variable] = ()
    ) -> None:
        self.varying: set[Variable] = set(wanted)
        self.nodes: list[Apply] = []
        self.patterns: dict[Apply, list[list[bool]]] = {}
        for node in toposort(outputs, constants):
            if not any(v in self.varying for v in node.inputs):
                continue
            pattern = _pattern(node)
            connected = False
            for i, variable in enumerate(node.inputs):
                if variable not in self.varying:
                    continue
                for output, passes in zip(node.outputs, pattern[i], strict=True):
                    if passes:
                        connected = True
                        if output not in constants:
                            self.varying.add(output)
            if connected:
                self.nodes.append(node)
                self.patterns[node] = pattern


def _pattern(node: Apply) -> list[list[bool]]:
    """Return the connection pattern of a node, after checking its form.

    Raises:
        ValueError: it is not one row an input and one column an output.
    """
    pattern = node.op.connection_pattern(node)
    if len(pattern) != len(node.inputs) or any(len(row) != len(node.outputs) for row in pattern):
        raise ValueError(
            f"{node.op}.connection_pattern must give a list for each of {len(node.inputs)} inputs, with a bool for "
            f"each of {len(node.outputs)} outputs, not {pattern!r}"
        )
    return pattern
