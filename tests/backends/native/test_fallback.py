"""Users' own Ops inside compiled functions."""

import numpy as np

import neano
import neano.tensor as T
from neano.graph.op import Op
from neano.graph.variable import Apply


class FirstRows(Op):
    """A view of the first rows, as its `perform` returns it."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0][:2]


def test_result_does_not_share_memory_with_an_argument():
    x = T.dmatrix("x")
    f = neano.function([x], FirstRows()(x))
    value = np.arange(12.0).reshape(4, 3)
    result = f(value)
    assert not np.may_share_memory(result, value)
    value[:] = -1
    np.testing.assert_array_equal(result, [[0, 1, 2], [3, 4, 5]])


def test_length_of_a_result_is_known_to_what_reads_it():
    x = T.dmatrix("x")
    y = FirstRows()(x)
    f = neano.function([x], [y.sum(axis=0), (y + 1).shape, T.exp(y).mean()])
    value = np.arange(12.0).reshape(4, 3)
    total, shape, mean = f(value)
    np.testing.assert_array_equal(total, [3, 5, 7])
    np.testing.assert_array_equal(shape, [2, 3])
    np.testing.assert_allclose(mean, np.exp(value[:2]).mean())
