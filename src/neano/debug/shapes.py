"""`shape_of_variables`: the shape of every variable of a graph, from those of its inputs, without computing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neano.compile.function import function
from neano.graph.fgraph import FunctionGraph
from neano.graph.traverse import clone_replace
from neano.graph.variable import Variable
from neano.rewrites.shape_feature import feature_of
from neano.tensor.convert import constant


def shape_of_variables(
    fgraph: FunctionGraph, input_shapes: Mapping[Variable, Sequence[int]]
) -> dict[Variable, tuple[int, ...]]:
    """Return the shape of each variable that has one.

    Args:
        fgraph: the graph.
        input_shapes: input -> its shape.

    Raises:
        MissingInputError: a shape depends on an input's value, or on the shape of one that is not given.

    >>> import neano.tensor as T
    >>> x = T.matrix("x")
    >>> y = x[512:]
    >>> shape_of_variables(FunctionGraph([x], [y], clone=False), {x: (1024, 1024)})[y]
    (512, 1024)
    """
    feature = feature_of(fgraph)
    known = {
        length: constant(np.int64(value))
        for variable, shape in input_shapes.items()
        for length, value in zip(feature.shape_of(variable) or (), shape, strict=True)
        if length.owner is not None
    }
    shapes = {variable: feature.shape_of(variable) for variable in fgraph.variables}
    lengths = [length for shape in shapes.values() if shape is not None for length in shape]
    values = iter(function([], clone_replace(lengths, known), mode="FAST_COMPILE")())
    return {
        variable: tuple(int(next(values)) for _ in shape) for variable, shape in shapes.items() if shape is not None
    }
