"""`DebugMode`: each call is computed three times (as written, rewritten, natively), each node checked against its Op.

The calls run node by node on the reference backend. Each node's outputs must be values of their types, inputs must stay
as they were where the Op does not say that it overwrites them, and outputs must not share memory that the Op does not
speak of. The results are compared with those of the graph before rewriting and with those of the backend of the flags.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.compile.linkers import FunctionSpec, backend, is_registered, register_backend
from neano.compile.mode import Mode, mode_factories, predefined_linkers
from neano.compile.twin import make_run
from neano.config import config
from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.printing import graph_text
from neano.graph.type import Type
from neano.graph.variable import Apply, Variable
from neano.tensor.type import TensorType


class DebugModeError(Exception):
    """What DebugMode found."""


class BadThunkOutput(DebugModeError):
    """Two backends give different results."""


class BadOptimization(DebugModeError):
    """Rewriting changed the results."""


class BadDestroyMap(DebugModeError):
    """An Op overwrites an input and does not say so in its `destroy_map`."""


class BadViewMap(DebugModeError):
    """An Op gives an output that shares memory with an input and does not say so in its `view_map`."""


class StochasticOrder(DebugModeError):
    """Rewriting the same graph twice gives different graphs."""


class InvalidValueError(DebugModeError):
    """A value is not one of its variable's type, or not finite."""


class _Original(Feature):
    """Keeps the graph as it was before rewriting."""

    def __init__(self, graph: FunctionGraph) -> None:
        self.graph = graph

    def clone(self) -> _Original:
        return self


class DebugMode(Mode):
    """Checks everything and is slow.

    Args:
        optimizer: see `Mode`.
        check_c_code: compare with the backend of the flags; by default as the flag `DebugMode.check_c` says.
        check_isfinite: refuse values that are not finite; by default as `DebugMode.check_finite` says.
        stability_patience, check_py_code, check_preallocated_output, require_matching_strides, linker: taken for
            compatibility.
    """

    def __init__(
        self,
        optimizer: Any = "default",
        stability_patience: int | None = None,
        check_c_code: bool | None = None,
        check_py_code: bool | None = None,
        check_isfinite: bool | None = None,
        check_preallocated_output: str | None = None,
        require_matching_strides: int | None = None,
        linker: Any = None,
    ) -> None:
        super().__init__("py", optimizer)
        flags = config.DebugMode
        self.check_native = flags.check_c if check_c_code is None else check_c_code
        self.check_isfinite = flags.check_finite if check_isfinite is None else check_isfinite
        self.linker = predefined_linkers["py"].clone(
            backend="debug", watch=self._watch, exact_outputs=True, check_native=self.check_native
        )

    def rewrite(self, fgraph: FunctionGraph) -> None:
        """Rewrite a graph, keeping what it was."""
        original = fgraph.clone_get_equiv(attach_features=False)[0]
        super().rewrite(fgraph)
        fgraph.attach_feature(_Original(original))

    def _watch(self, i: int, node: Apply, fn: Any) -> None:
        before = [copy.deepcopy(cell[0]) for cell in fn.inputs]
        fn()
        _check_inputs_unchanged(node, before, [cell[0] for cell in fn.inputs])
        _check_views(node, [cell[0] for cell in fn.inputs], [cell[0] for cell in fn.outputs])
        for variable, cell in zip(node.outputs, fn.outputs, strict=True):
            self._check_value(variable, cell[0])

    def _check_value(self, variable: Variable, value: Any) -> None:
        if not variable.type.is_valid_value(value, strict=True):
            raise InvalidValueError(_value_text(variable, value, f"{variable.type} does not take this value"))
        is_float = isinstance(value, np.ndarray) and value.dtype.kind in "fc"
        if self.check_isfinite and is_float and not np.isfinite(value).all():
            raise InvalidValueError(_value_text(variable, value, "non-finite elements not allowed"))


def _value_text(variable: Variable, value: Any, hint: str) -> str:
    return (
        f"{hint}\n  variable       = {variable}\n  type(variable) = {variable.type}\n  type(value)    = {type(value)}\n"
        f"  dtype(value)   = {getattr(value, 'dtype', None)}\n  shape(value)   = {getattr(value, 'shape', None)}\n"
        f"  value          = {value!s:.300}\n  context        = {graph_text(variable)}"
    )


def _check_inputs_unchanged(node: Apply, before: Sequence[Any], after: Sequence[Any]) -> None:
    destroyed = {i for inputs in node.op.destroy_map.values() for i in inputs}
    for i, (variable, old, new) in enumerate(zip(node.inputs, before, after, strict=True)):
        if i not in destroyed and isinstance(variable.type, TensorType) and not variable.type.values_eq(old, new):
            raise BadDestroyMap(
                f"{node} changed its input {i} ({variable}) although its destroy_map {node.op.destroy_map} does not "
                f"say so:\nold value: {old!r}\nnew value: {new!r}"
            )


def _check_views(node: Apply, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
    for o, output in enumerate(outputs):
        declared = {*node.op.view_map.get(o, ()), *node.op.destroy_map.get(o, ())}
        for i, (variable, value) in enumerate(zip(node.inputs, inputs, strict=True)):
            if i in declared or not variable.type.may_share_memory(output, value):
                continue
            if isinstance(output, np.ndarray) and not np.shares_memory(output, value):
                continue
            raise BadViewMap(
                f"output {o} of {node} shares memory with input {i} although its view_map {node.op.view_map} does not "
                "say so"
            )


class _Checked:
    """Runs a function's graph in all its forms and compares."""

    def __init__(self, spec: FunctionSpec, run: Any) -> None:
        self._run = run
        self._types = [v.type for v in spec.fgraph.outputs]
        original = next((f.graph for f in spec.fgraph._features if isinstance(f, _Original)), None)
        self._original = None if original is None else make_run(backend("reference"), spec, original)
        self._native: Any = None
        if spec.linker.check_native and config.backend != "reference" and is_registered(config.backend):
            self._native = make_run(backend(config.backend), spec)

    def __call__(self, values: list[Any]) -> list[Any]:
        kept = copy.deepcopy(values)
        results: list[Any] = self._run(values)
        if self._native is not None:
            self._compare(self._native(copy.deepcopy(kept)), results, BadThunkOutput, "the native backend", False)
        if self._original is not None:
            self._compare(self._original(kept), results, BadOptimization, "the graph before rewriting", True)
        return results

    def _compare(
        self, others: list[Any], results: list[Any], error: type[DebugModeError], who: str, may_remove: bool
    ) -> None:
        for i, (type_, other, result) in enumerate(zip(self._types, others, results, strict=True)):
            if not _approximately_equal(type_, other, result, may_remove):
                raise error(
                    f"output {i} differs: {who} gives\n{other!r}\nand the rewritten graph on the reference\n{result!r}"
                )


def _approximately_equal(type_: Type, a: Any, b: Any, may_remove: bool) -> bool:
    """Compare two values; rewriting may give numbers where the graph as written gives NaN or infinity."""
    if isinstance(type_, TensorType):
        return type_.values_eq_approx(a, b, allow_remove_inf=may_remove, allow_remove_nan=may_remove)
    return type_.values_eq_approx(a, b)


def _link(spec: FunctionSpec) -> Any:
    function = backend("reference")(spec)
    function._run = _Checked(spec, function._run)
    return function


register_backend("debug", _link)
mode_factories["DebugMode"] = mode_factories["DEBUG_MODE"] = DebugMode
