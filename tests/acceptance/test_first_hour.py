"""The programs of a first hour with Theano, as its users type them. Numbers are NumPy's, or stand in notes on Theano."""

import numpy as np
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal

import theano
import theano.tensor as T
from theano import function, shared
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams


class TestExpressions:
    def test_two_scalars(self):
        x, y = T.dscalar("x"), T.dscalar("y")
        z = x + y
        f = function([x, y], z)
        five = f(2, 3)
        assert type(five) is np.ndarray
        assert (five.ndim, five.dtype) == (0, np.dtype("float64"))
        assert five == 5
        assert_allclose(f(16.3, 12.1), 28.4)
        assert theano.pp(z) == "(x + y)"
        assert_allclose(z.eval({x: 16.3, y: 12.1}), 28.4)

    def test_two_matrices(self):
        x, y = T.dmatrix("x"), T.dmatrix("y")
        f = function([x, y], x + y)
        assert_array_equal(f([[1, 2], [3, 4]], [[10, 20], [30, 40]]), [[11, 22], [33, 44]])
        assert_array_equal(f(np.array([[1, 2], [3, 4]]), np.array([[10, 20], [30, 40]])), [[11, 22], [33, 44]])
        with pytest.raises(ValueError, match="mis-match"):
            f(np.ones((2, 3)), np.ones((4, 3)))

    def test_declared_dimensions_broadcast(self):
        row, column, x = T.row("row", dtype="float64"), T.col("column", dtype="float64"), T.dmatrix("x")
        f = function([row, column, x], row + column + x)
        assert_array_equal(f([[1, 2]], [[10], [20]], [[0, 0], [0, 0]]), [[11, 12], [21, 22]])
        scalar, vector = T.dscalar(), T.dvector()
        g = function([x, vector, scalar], x + vector * scalar)
        assert_array_equal(g([[1, 1], [2, 2]], [1, 2], 10), [[11, 21], [12, 22]])

    def test_a_formula_of_two_vectors(self):
        a, b = theano.tensor.vector(), theano.tensor.vector()
        f = theano.function([a, b], a**2 + b**2 + 2 * a * b)
        assert_array_equal(f([0, 1], [1, 2]), [1, 9])

    def test_the_logistic_function_both_ways(self):
        x = T.dmatrix("x")
        logistic = function([x], 1 / (1 + T.exp(-x)))
        by_tanh = function([x], (1 + T.tanh(x / 2)) / 2)
        expected = [[0.5, 0.73105858], [0.26894142, 0.11920292]]
        assert_allclose(logistic([[0, 1], [-1, -2]]), expected, atol=1e-8)
        assert_allclose(by_tanh([[0, 1], [-1, -2]]), expected, atol=1e-8)

    def test_several_outputs(self):
        a, b = T.dmatrices("a", "b")
        difference = a - b
        result = function([a, b], [difference, abs(difference), difference**2])([[1, 1], [1, 1]], [[0, 1], [2, 3]])
        assert type(result) is list
        assert_array_equal(result, [[[1, 0], [-1, -2]], [[1, 0], [1, 2]], [[1, 0], [1, 4]]])


class TestArguments:
    @pytest.fixture(params=["Param", "In"])
    def optional(self, request):
        """What declares an input with a default, under each of its names."""
        if request.param == "In":
            return lambda variable, default, name=None: theano.In(variable, value=default, name=name)

        def param(variable, default, name=None):
            with pytest.warns(DeprecationWarning, match="older name of In"):
                return theano.Param(variable, default=default, name=name)

        return param

    def test_defaults(self, optional):
        x, y = T.dscalars("x", "y")
        f = function([x, optional(y, 1)], x + y)
        assert (f(33), f(33, 2), f(33)) == (34, 35, 34)

    def test_defaults_by_name(self, optional):
        x, y, w = T.dscalars("x", "y", "w")
        f = function([x, optional(y, 1), optional(w, 2, "w_by_name")], (x + y) * w)
        results = (f(33), f(33, 2), f(33, 0, 1), f(33, w_by_name=1), f(33, w_by_name=1, y=0))
        assert results == (68, 70, 33, 34, 33)
        for wrong in ((), (1, 2, 3, 4)):
            with pytest.raises(TypeError):
                f(*wrong)
        with pytest.raises(TypeError):
            f(1, nobody=3)


class TestSharedState:
    def test_an_accumulator_and_its_inverse(self):
        state, inc = shared(0), T.iscalar("inc")
        accumulator = function([inc], state, updates=[(state, state + inc)])
        assert state.get_value() == 0
        assert accumulator(1) == 0
        assert state.get_value() == 1
        assert accumulator(300) == 1
        assert state.get_value() == 301
        state.set_value(-1)
        assert accumulator(3) == -1
        assert state.get_value() == 2
        decrementor = function([inc], state, updates=[(state, state - inc)])
        assert decrementor(2) == 2
        assert state.get_value() == 0

    def test_a_state_replaced_for_one_function(self):
        state, inc = shared(0), T.iscalar("inc")
        stand_in = T.scalar(dtype=state.dtype)
        f = function([inc, stand_in], state * 2 + inc, givens=[(state, stand_in)])
        assert f(1, 3) == 7
        assert state.get_value() == 0

    def test_copies_of_a_function(self):
        state, inc = shared(0), T.iscalar("inc")
        accumulator = function([inc], state, updates=[(state, state + inc)])
        accumulator(10)
        new_state = shared(0)
        on_another = accumulator.copy(swap={state: new_state})
        assert on_another(100) == 0
        assert new_state.get_value() == 100
        assert state.get_value() == 10
        without_updates = accumulator.copy(delete_updates=True)
        assert without_updates(9000) == 10
        assert state.get_value() == 10


def draws(seed, which, count, method="uniform", size=(2, 2)):
    """What stream number `which` of RandomStreams(seed) gives, by NumPy alone."""
    seeds = RandomState(seed)
    state = RandomState([int(seeds.randint(2**30)) for _ in range(which + 1)][which])
    return [getattr(state, method)(size=size) for _ in range(count)]


class TestRandomNumbers:
    @pytest.fixture
    def streams(self):
        """A source of streams, a uniform and a normal draw."""
        source = RandomStreams(seed=234)
        return source, source.uniform((2, 2)), source.normal((2, 2))

    def test_draws_are_numpys(self, streams):
        _, uniform, normal = streams
        f, fixed = function([], uniform), function([], normal, no_default_updates=True)
        first, second = draws(234, 0, 2)
        assert_allclose(f(), first, rtol=1e-12)
        assert_allclose(f(), second, rtol=1e-12)
        (expected,) = draws(234, 1, 1, "normal")
        assert_allclose(fixed(), expected, rtol=1e-12)
        assert_allclose(fixed(), expected, rtol=1e-12)
        assert_allclose(function([], uniform + uniform - 2 * uniform)(), np.zeros((2, 2)), atol=1e-15)

    def test_seeding(self, streams):
        source, uniform, normal = streams
        f, g = function([], uniform), function([], normal)
        state = uniform.rng.get_value(borrow=True)
        state.seed(89234)
        uniform.rng.set_value(state, borrow=True)
        assert_allclose(f(), RandomState(89234).uniform(size=(2, 2)), rtol=1e-12)
        source.seed(902340)
        assert_allclose(f(), draws(902340, 0, 1)[0], rtol=1e-12)
        assert_allclose(g(), draws(902340, 1, 1, "normal")[0], rtol=1e-12)

    def test_functions_share_a_stream(self, streams):
        _, uniform, _ = streams
        f, nearly_zeros = function([], uniform), function([], uniform + uniform - 2 * uniform)
        before = uniform.rng.get_value().get_state()
        nearly_zeros()
        after_other = f()
        state = uniform.rng.get_value(borrow=True)
        state.set_state(before)
        uniform.rng.set_value(state, borrow=True)
        first, second = f(), f()
        assert (first != after_other).all()
        assert_array_equal(second, after_other)

    def test_state_is_copied_between_graphs(self):
        class Graph:
            def __init__(self, kind, seed):
                self.source = kind(seed)
                self.draw = function([], self.source.uniform(size=(1,)))

        def copy_state(origin, target):
            if isinstance(origin.source, MRG_RandomStreams):
                target.source.rstate = origin.source.rstate
            for (old, *_), (new, *_) in zip(origin.source.state_updates, target.source.state_updates, strict=True):
                new.set_value(old.get_value())

        one, other = Graph(RandomStreams, 123), Graph(RandomStreams, 987)
        assert_allclose(one.draw(), [0.72803009], atol=5e-9)
        assert_allclose(other.draw(), [0.55056769], atol=5e-9)
        copy_state(one, other)
        assert_allclose(one.draw(), [0.59044123], atol=5e-9)
        assert_allclose(other.draw(), [0.59044123], atol=5e-9)

        one, other = Graph(MRG_RandomStreams, 123), Graph(MRG_RandomStreams, 987)
        assert one.draw() != other.draw()
        copy_state(one, other)
        assert_array_equal(one.draw(), other.draw())


def test_logistic_regression_separates_random_data():
    """Theano's first model: 400 examples of 784 features, each 0 or 1 by chance; the weights learn them by heart."""
    rng = RandomState(0)
    features, targets = rng.randn(400, 784), rng.randint(0, 2, 400)
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = shared(rng.randn(784), name="w"), shared(0.0, name="b")
    p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
    prediction = p_1 > 0.5
    cross_entropy = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
    cost = cross_entropy.mean() + 0.01 * (w**2).sum()
    gw, gb = T.grad(cost, [w, b])
    train = function([x, y], [prediction, cross_entropy], updates=((w, w - 0.1 * gw), (b, b - 0.1 * gb)))
    predict = function([x], prediction)
    losses = [train(features, targets)[1].mean() for _ in range(500)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.1 * losses[0]
    assert (predict(features) == targets).mean() > 0.99
