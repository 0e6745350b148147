"""`OpFromGraph`: an Op made of a graph, used like any other; derivatives follow from the graph or are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neano.autodiff.connection import Connection
from neano.autodiff.gradient import grad, is_disconnected
from neano.autodiff.products import Rop
from neano.compile.function import function
from neano.compile.mode import get_mode
from neano.compile.ops import view_op
from neano.compile.rebuild import rebuild
from neano.graph.errors import MissingInputError
from neano.graph.fgraph import FunctionGraph
from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.rewriting.rewriters import GraphRewriter
from neano.graph.shared import SharedVariable
from neano.graph.traverse import clone_replace, roots
from neano.graph.variable import Apply, Constant, Variable
from neano.rewrites import optdb
from neano.tensor.type import TensorType

_NOT_KEPT = ("_fn", "_finished_graph")
"""Attributes that are made again when they are needed."""


class OpFromGraph(Op):
    """An Op that computes what a graph computes.

    Args:
        inputs: the graph's inputs; shared variables in it become further inputs by themselves.
        outputs: its outputs.
        inline: put the graph itself in the place of the node when a function is compiled.
        lop_overrides: the derivative: 'default' (from the graph); a function of (inputs, outputs, output gradients)
            that gives the list of input gradients; an `OpFromGraph` of all these; or a list with, for each input, one
            of these forms
            (the function giving one gradient), a variable, or None where there is none.
        grad_overrides: the same with functions of (inputs, output gradients).
        rop_overrides: the forward derivative: 'default'; a function of (inputs, eval points) that gives a tangent for
            each output; or a list of such, one for each output.
        connection_pattern: for each input, which outputs depend on it; by default as the graph says.
        name: how it is printed.
        kwargs: for `function`, where the node is run by itself.

    Raises:
        TypeError: inputs or outputs are no list of variables, or updates or givens are given.
        MissingInputError: the graph has a root that is not given.
    """

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        inline: bool = False,
        lop_overrides: Any = "default",
        grad_overrides: Any = "default",
        rop_overrides: Any = "default",
        connection_pattern: list[list[bool]] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(inputs, (list, tuple)) or not isinstance(outputs, (list, tuple)):
            raise TypeError("OpFromGraph takes a list of inputs and a list of outputs")
        for variable in [*inputs, *outputs]:
            if not isinstance(variable, Variable):
                raise TypeError(f"Inputs and outputs must be Variable instances, not {variable!r}")
        if "updates" in kwargs or "givens" in kwargs:
            raise TypeError("updates and givens are not allowed here")
        if lop_overrides != "default" and grad_overrides != "default":
            raise ValueError("give lop_overrides or grad_overrides, not both")
        self.is_inline = inline
        self.name = name
        self.kwargs = kwargs
        self.lop_overrides = lop_overrides
        self.grad_overrides = grad_overrides
        self.rop_overrides = rop_overrides
        self._connection_pattern = connection_pattern
        self._take_graph(list(inputs), list(outputs))

    def _take_graph(self, inputs: list[Variable], outputs: list[Variable]) -> None:
        self.shared_inputs = [v for v in roots(outputs, inputs) if isinstance(v, SharedVariable) and v not in inputs]
        outer = [*inputs, *self.shared_inputs]
        self.inner_inputs = [v.type(v.name) for v in outer]
        copied, _ = rebuild(
            outputs, self.inner_inputs, dict(zip(outer, self.inner_inputs, strict=True)), None, True, True
        )
        self.inner_outputs = copied
        for root in roots(copied):
            if root not in self.inner_inputs and not isinstance(root, Constant):
                raise MissingInputError(f"{self}: the graph depends on {root}, which is not among the inputs")
        self.input_types = [v.type for v in inputs]
        self.output_types = [v.type for v in copied]

    @property
    def inputs(self) -> list[Variable]:
        """The inner inputs, those of shared variables included."""
        return self.inner_inputs

    @property
    def outputs(self) -> list[Variable]:
        """The inner outputs."""
        return self.inner_outputs

    @property
    def fn(self) -> Any:
        """The compiled graph, for running a node by itself."""
        compiled = self.__dict__.get("_fn")
        if compiled is None:
            options = {"on_unused_input": "ignore", **self.kwargs}
            compiled = self.__dict__["_fn"] = function(self.inner_inputs, self.inner_outputs, name=str(self), **options)
        return compiled

    @property
    def finished_graph(self) -> FunctionGraph:
        """The graph, rewritten, with those of other such Ops put into it."""
        graph: FunctionGraph | None = self.__dict__.get("_finished_graph")
        if graph is None:
            graph = FunctionGraph(self.inner_inputs, self.inner_outputs)
            mode = get_mode(self.kwargs.get("mode"))
            mode.rewrite(graph)
            for node in graph.toposort():
                if isinstance(node.op, OpFromGraph):
                    graph.replace_all(zip(node.outputs, node.op.decompose(*node.inputs), strict=True), "decompose")
            self.__dict__["_finished_graph"] = graph
        return graph

    def make_node(self, *inputs: Any) -> Apply:
        wanted = len(self.input_types)
        if len(inputs) not in (wanted, len(self.inner_inputs)):
            raise ValueError(f"Expected {wanted} inputs, got {len(inputs)}")
        given = [*inputs, *self.shared_inputs][: len(self.inner_inputs)]
        converted = [inner.type.filter_variable(v) for inner, v in zip(self.inner_inputs, given, strict=True)]
        return Apply(self, converted, [type_() for type_ in self.output_types])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        for storage, value in zip(output_storage, self.fn(*inputs), strict=True):
            storage[0] = value

    def expand(self, inputs: Sequence[Variable]) -> list[Variable]:
        """Return the graph's outputs, applied to outer inputs."""
        return clone_replace(self.inner_outputs, dict(zip(self.inner_inputs, inputs, strict=True)))

    def decompose(self, *inputs: Variable) -> list[Variable]:
        """Return the rewritten graph's outputs, applied to outer inputs: what a backend that fuses compiles."""
        graph = self.finished_graph
        return clone_replace(graph.outputs, dict(zip(graph.inputs, inputs, strict=True)))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        found: list[Any] = []
        for output in self.expand(node.inputs):
            if isinstance(output.type, TensorType):
                shape: Any = output.shape  # type: ignore[attr-defined]
                found.append(tuple(shape[axis] for axis in range(output.type.ndim)))
            else:
                found.append(None)
        return found

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        if self._connection_pattern is None:
            reached = [Connection(self.inner_outputs, [x]).varying for x in self.inner_inputs]
            self._connection_pattern = [[y in varying for y in self.inner_outputs] for varying in reached]
        return self._connection_pattern

    # Derivatives

    def L_op(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], output_grads: Sequence[Variable]
    ) -> Sequence[Variable]:
        def by_lop(rule: Callable[..., Any]) -> Any:
            return rule(list(inputs), list(outputs), list(output_grads))

        def by_grad(rule: Callable[..., Any]) -> Any:
            return rule(list(inputs), list(output_grads))

        overrides, call = self.lop_overrides, by_lop
        if self.grad_overrides != "default":
            overrides, call = self.grad_overrides, by_grad
        if isinstance(overrides, str) and overrides == "default":
            return self._default_gradients(inputs, outputs, output_grads)
        if isinstance(overrides, OpFromGraph):
            return self._padded(_as_list(overrides(*inputs, *outputs, *output_grads)))
        if not isinstance(overrides, (list, tuple)):
            return self._padded(_as_list(call(overrides)))
        defaults: Sequence[Variable] = ()
        if any(isinstance(rule, str) for rule in overrides):
            defaults = self._default_gradients(inputs, outputs, output_grads)
        found: list[Any] = []
        for i, rule in enumerate(overrides):
            if isinstance(rule, str) and rule == "default":
                found.append(defaults[i])
            elif rule is None:
                found.append(DisconnectedType()())
            elif isinstance(rule, OpFromGraph):
                found.append(_as_list(rule(*inputs, *outputs, *output_grads))[0])
            else:
                found.append(rule if isinstance(rule, Variable) else call(rule))
        return self._padded(found)

    def _padded(self, gradients: list[Any]) -> list[Any]:
        """Return gradients with that of each shared variable, which rules do not speak of."""
        return gradients + [DisconnectedType()() for _ in range(len(self.inner_inputs) - len(gradients))]

    def _default_gradients(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], output_grads: Sequence[Variable]
    ) -> list[Variable]:
        ends: list[Any] = [view_op(y) for y in self.inner_outputs]  # no output is computed from another's end
        known = {end: g for end, g in zip(ends, output_grads, strict=True) if not is_disconnected(g)}
        gradients = grad(
            None,
            list(self.inner_inputs),
            known_grads=known,
            disconnected_inputs="ignore",
            return_disconnected="Disconnected",
            null_gradients="return",
        )
        outer = dict(zip(self.inner_outputs, outputs, strict=True))
        outer.update(zip(self.inner_inputs, inputs, strict=True))
        return clone_replace(gradients, outer)

    def R_op(self, inputs: Sequence[Variable], eval_points: Sequence[Variable | None]) -> Sequence[Variable | None]:
        overrides = self.rop_overrides
        if not (isinstance(overrides, str) and overrides == "default"):
            if not isinstance(overrides, (list, tuple)):
                return _as_list(overrides(list(inputs), list(eval_points)))
            defaults: Sequence[Variable | None] = ()
            if any(isinstance(rule, str) for rule in overrides):
                defaults = self._default_tangents(inputs, eval_points)
            return [
                defaults[i]
                if isinstance(rule, str)
                else rule(list(inputs), list(eval_points))
                if callable(rule)
                else rule
                for i, rule in enumerate(overrides)
            ]
        return self._default_tangents(inputs, eval_points)

    def _default_tangents(
        self, inputs: Sequence[Variable], eval_points: Sequence[Variable | None]
    ) -> list[Variable | None]:
        moving = [(x, point) for x, point in zip(self.inner_inputs, eval_points, strict=True) if point is not None]
        if not moving:
            return [None] * len(self.inner_outputs)
        tangents = Rop(
            list(self.inner_outputs),
            [x for x, _ in moving],
            [point for _, point in moving],
            disconnected_outputs="ignore",
            return_disconnected="None",
        )
        outer = dict(zip(self.inner_inputs, inputs, strict=True))
        present = iter(clone_replace([t for t in tangents if t is not None], outer))
        return [None if t is None else next(present) for t in tangents]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _NOT_KEPT}

    def __str__(self) -> str:
        return f"{self.name or type(self).__name__}{{inline={self.is_inline}}}"


def _as_list(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


class InlineGraphs(GraphRewriter):
    """Puts the graphs of nodes made with `inline=True` in their places."""

    name = "inline_ofg_expansion"

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        while pending := [node for node in fgraph.apply_nodes if _is_inline(node)]:
            for node in pending:
                if node in fgraph.apply_nodes:
                    op: Any = node.op
                    fgraph.replace_all(zip(node.outputs, op.expand(node.inputs), strict=True), self.name)


def _is_inline(node: Apply) -> bool:
    return isinstance(node.op, OpFromGraph) and node.op.is_inline


optdb.register("inline_ofg_expansion", InlineGraphs(), -0.01, "fast_run", "fast_compile")
