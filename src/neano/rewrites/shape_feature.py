"""Shapes as expressions: `ShapeFeature` gives the lengths of any variable of a graph in terms of the graph's inputs.

They are worked out when asked for, through `infer_shape` of the Ops, and kept. Where an Op cannot tell, a length is
`Shape_i` of the variable itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.config import config
from neano.graph.errors import MethodNotDefined, ShapeError
from neano.graph.fgraph import AlreadyThere, Feature, FunctionGraph
from neano.graph.rewriting.rewriters import GraphRewriter
from neano.graph.variable import Apply, Variable
from neano.rewrites.phases import optdb
from neano.scalar.type import Scalar
from neano.tensor.convert import constant
from neano.tensor.shape import Shape_i
from neano.tensor.static import int64_scalar
from neano.tensor.type import TensorType

_log = logging.getLogger("neano.rewriting")

Lengths = tuple[Any, ...]


class ShapeFeature(Feature):
    """Knows the lengths of the variables of a graph as 0-d int64 expressions."""

    def __init__(self) -> None:
        self._known: dict[Variable, Lengths] = {}
        self._opaque: dict[Variable, frozenset[Variable]] = {}

    def on_attach(self, fgraph: FunctionGraph) -> None:
        if getattr(fgraph, "shape_feature", None) is not None:
            raise AlreadyThere
        fgraph.shape_feature = self  # type: ignore[attr-defined]
        self.fgraph = fgraph

    def on_detach(self, fgraph: FunctionGraph) -> None:
        del fgraph.shape_feature  # type: ignore[attr-defined]

    def clone(self) -> ShapeFeature:
        """Return a feature for another graph."""
        return ShapeFeature()

    def shape_of(self, variable: Variable) -> Lengths | None:
        """Return the lengths of a variable; None for what has no shape.

        Nothing is computed twice, and no recursion goes down the graph, which may be deep.
        """
        pending = [variable]
        settled: set[Variable] = set()
        while pending:
            current = pending[-1]
            if current in settled or self._is_known(current):
                pending.pop()
                continue
            if current.owner is None or not _needs_inputs(current):
                self._keep(current, None, ())
                settled.add(current)
                continue
            missing = [v for v in current.owner.inputs if v not in settled and not self._is_known(v)]
            if missing:
                pending.extend(missing)
                continue
            self._infer(current.owner)
            settled.update(current.owner.outputs)
        return self._known.get(variable)

    def get_shape(self, variable: Variable, axis: int) -> Any:
        """Return one length of a variable."""
        lengths = self.shape_of(variable)
        return Shape_i(axis)(variable) if lengths is None else lengths[axis]

    def same_shape(self, a: Variable, b: Variable) -> bool:
        """Say whether two variables are known to have the same shape."""
        one, other = self.shape_of(a), self.shape_of(b)
        if one is None or other is None or len(one) != len(other):
            return False
        return all(_same_length(x, y) for x, y in zip(one, other, strict=True))

    def _is_known(self, variable: Variable) -> bool:
        """Say whether lengths are kept that still rest on what is in the graph."""
        if not isinstance(variable.type, TensorType):
            return True
        if variable not in self._known:
            return False
        return all(source in self.fgraph._clients for source in self._opaque.get(variable, ()))

    def _keep(self, variable: Variable, lengths: Sequence[Any] | None, sources: Sequence[Variable]) -> None:
        """Keep the lengths of a variable; those that its type knows are constants, those unknown to all are `Shape_i`."""
        if not isinstance(variable.type, TensorType):
            return
        opaque: set[Variable] = set()
        for source in sources:
            opaque |= self._opaque.get(source, frozenset())
        kept = []
        for axis, static in enumerate(variable.type.shape):
            given = None if lengths is None else lengths[axis]
            if static is not None:
                kept.append(constant(np.int64(static)))
            elif given is None:
                kept.append(Shape_i(axis)(variable))
                if variable.owner is not None:
                    opaque.add(variable)
            else:
                kept.append(int64_scalar(given))
        self._known[variable] = tuple(kept)
        self._opaque[variable] = frozenset(opaque)

    def _infer(self, node: Apply) -> None:
        """Work out the lengths of a node's outputs."""
        given: Sequence[Any] = [None] * len(node.outputs)
        try:
            shapes = [() if isinstance(v.type, Scalar) else self._known.get(v) for v in node.inputs]
            given = node.op.infer_shape(node, shapes)
            if len(given) != len(node.outputs):
                raise ValueError(f"infer_shape of {node.op} gave {len(given)} shapes for {len(node.outputs)} outputs")
            for output, shape in zip(node.outputs, given, strict=True):
                if shape is not None and isinstance(output.type, TensorType) and len(shape) != output.type.ndim:
                    raise ValueError(f"infer_shape of {node.op} gave {len(shape)} lengths for {output.type}")
        except (MethodNotDefined, ShapeError):  # the Op says that its results' shapes depend on values
            given = [None] * len(node.outputs)
        except Exception as error:
            _report(error, node)
            given = [None] * len(node.outputs)
        for output, shape in zip(node.outputs, given, strict=True):
            self._keep(output, shape, node.inputs)


def _report(error: Exception, node: Apply) -> None:
    """Tell of an Op whose infer_shape failed, as `config.on_shape_error` says.

    Raises:
        Exception: the error itself, under "raise".
    """
    if config.on_shape_error == "raise":
        raise error
    _log.warning("infer_shape of %s failed, its shape is taken from its values: %s", node.op, error)


def _needs_inputs(variable: Variable) -> bool:
    """Say whether the lengths of a variable are to be worked out, rather than all known from its type."""
    return None in variable.type.shape  # type: ignore[attr-defined]


def _same_length(a: Any, b: Any) -> bool:
    """Say whether two length expressions are known to be equal."""
    pending = [(a, b)]
    while pending:
        x, y = pending.pop()
        if x is y or (hasattr(x, "data") and x.equals(y)):
            continue
        if x.owner is None or y.owner is None or x.owner.op != y.owner.op or x.index != y.index:
            return False
        if len(x.owner.inputs) != len(y.owner.inputs) or len(pending) > 32:
            return False
        pending.extend(zip(x.owner.inputs, y.owner.inputs, strict=True))
    return True


def feature_of(fgraph: FunctionGraph) -> ShapeFeature:
    """Return the shape feature of a graph; a fresh one that is not attached where it has none."""
    feature = getattr(fgraph, "shape_feature", None)
    if feature is None:
        feature = ShapeFeature()
        feature.fgraph = fgraph
    return feature


def shape_of(fgraph: FunctionGraph, variable: Any) -> Lengths | None:
    """Return the lengths of a variable of a graph as expressions."""
    return feature_of(fgraph).shape_of(variable)


class ShapeOptimizer(GraphRewriter):
    """Attaches a `ShapeFeature`."""

    name = "ShapeOpt"

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        fgraph.attach_feature(ShapeFeature())

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        """The feature does its work when it is asked."""


class UnShapeOptimizer(GraphRewriter):
    """Takes the `ShapeFeature` off the graph."""

    name = "UnShapeOpt"

    def apply(self, fgraph: FunctionGraph, *args: Any, **kwargs: Any) -> None:
        feature = getattr(fgraph, "shape_feature", None)
        if feature is not None:
            fgraph.remove_feature(feature)


optdb.register("ShapeOpt", ShapeOptimizer(), 0.1, "fast_run", "fast_compile")
optdb.register("UnShapeOpt", UnShapeOptimizer(), 10, "fast_run", "fast_compile")
