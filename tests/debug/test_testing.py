"""The helpers of tests: seeds, comparisons, checks of shapes, repeated attempts."""

import numpy as np
import pytest

import neano.tensor as T
from neano.config import config
from neano.debug import testing
from neano.graph.op import Op
from neano.graph.variable import Apply


@pytest.fixture(autouse=True)
def _reference():
    with config.change_flags(backend="reference"):
        yield


def test_seeds_follow_the_flag():
    with config.change_flags({"unittests.rseed": "42"}):
        assert testing.fetch_seed() == testing.seed_rng() == 42
        first = np.random.rand()
        testing.seed_rng()
        assert np.random.rand() == first
        assert testing.fetch_seed(3) == testing.fetch_seed("3") == 3
    with config.change_flags({"unittests.rseed": "random"}):
        assert testing.fetch_seed() is None
    with pytest.warns(UserWarning, match="seed 3"):
        testing.seed_rng(3)


def test_close_values_pass_and_others_are_described():
    testing.assert_allclose([1.0, np.nan], [1.0, np.nan])
    testing.assert_allclose(np.ones(2, "float32"), np.ones(2) + 1e-6)
    with pytest.raises(testing.WrongValue, match=r"Max Abs Diff:  0\.00"):
        testing.assert_allclose(np.ones(2), np.ones(2) + 1e-3)
    with pytest.raises(testing.WrongValue, match=r"\(3,\) float64"):
        testing.assert_allclose(np.ones(2), np.ones(3))
    testing.assert_allclose(np.ones(2), np.ones(2) + 1e-3, rtol=1e-2)
    assert "1 1" in testing.str_diagnostic([np.inf, np.nan], [1, 2], 0, 0)


class Rotated(Op):
    """Reverses a vector; `infer_shape` is what the test says."""

    __props__ = ("lengths",)

    def __init__(self, lengths):
        self.lengths = lengths

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0][::-1].copy()

    def infer_shape(self, node, input_shapes):
        return [(self.lengths(input_shapes[0][0]),)]

    def grad(self, inputs, output_grads):
        return [output_grads[0] * 2]


def same(length):
    return length


def one_more(length):
    return length + 1


def checked(op, **options):
    tester = testing.InferShapeTester()
    tester.setUp()
    x = T.dvector("x")
    tester._compile_and_check([x], [op(x)], [np.arange(3.0)], Rotated, **options)


def test_shapes_are_checked():
    checked(Rotated(same))
    with pytest.raises(AssertionError, match=r"the shape is \(3,\)"):
        checked(Rotated(one_more))


def test_an_operation_that_is_needed_for_its_shape_is_found():
    class Opaque(Rotated):
        infer_shape = Op.infer_shape

    with pytest.raises(AssertionError, match="computed for shapes alone"):
        checked(Opaque(same))
    checked(Opaque(same), check_topo=False)


def test_equal_lengths_are_warned_of():
    tester = testing.InferShapeTester()
    tester.setUp()
    m = T.dmatrix("m")
    with pytest.warns(UserWarning, match="equal lengths"):
        tester._compile_and_check([m], [m.T + 1], [np.ones((2, 2))], T.Elemwise, check_topo=False)


def test_wrong_gradients_are_found():
    testing.verify_grad(T.exp, [np.array([0.5, 1.0])])
    with pytest.raises(testing.verify_grad.E_grad):
        testing.verify_grad(Rotated(same), [np.array([0.5, 1.0])])


def test_attempts_have_seeds_of_their_own_until_enough_of_them_pass():
    seeds = []

    @testing.AttemptManyTimes(n_attempts=4, n_req_successes=2)
    def passes_on_even_seeds():
        seeds.append(testing.fetch_seed())
        assert seeds[-1] % 2 == 0

    with config.change_flags({"unittests.rseed": "1"}):
        passes_on_even_seeds()
        assert seeds == [1, 2, 3, 4]
        assert testing.fetch_seed() == 1

    @testing.AttemptManyTimes(n_attempts=3)
    def never_passes():
        raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        never_passes()
    with pytest.raises(AssertionError):
        testing.AttemptManyTimes(1, 2)
