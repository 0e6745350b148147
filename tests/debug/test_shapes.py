"""Shapes of all variables of a graph, from those of its inputs."""

import numpy as np
import pytest

import neano.tensor as T
from neano.config import config
from neano.debug.shapes import shape_of_variables
from neano.graph.errors import MissingInputError
from neano.graph.fgraph import FunctionGraph
from neano.tensor.constructors import dmatrix, dvector, lscalar


@pytest.fixture(autouse=True)
def _reference():
    with config.change_flags(backend="reference"):
        yield


def test_each_variable_has_the_shape_of_its_value():
    x, y = dmatrix("x"), dvector("y")
    total = T.dot(x[1:, ::2], y)
    outputs = [total, T.concatenate([total, y]), x.sum()]
    fgraph = FunctionGraph([x, y], outputs, clone=False)
    shapes = shape_of_variables(fgraph, {x: (4, 6), y: (3,)})
    assert (shapes[x], shapes[y], shapes[outputs[2]]) == ((4, 6), (3,), ())
    values = {x: np.ones((4, 6)), y: np.ones(3)}
    for output in outputs[:2]:
        assert shapes[output] == output.eval(values).shape


def test_shapes_that_depend_on_values_are_refused():
    n = lscalar("n")
    fgraph = FunctionGraph([n], [T.zeros((n, 2))], clone=False)
    with pytest.raises(MissingInputError):
        shape_of_variables(fgraph, {n: ()})
