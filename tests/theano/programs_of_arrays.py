"""Small programs in the manner of old Theano code: dtypes, arrays, networks, random numbers.

See `programs_of_graphs`.
"""

import numpy as np
from programs_of_graphs import error_of

import theano
import theano.tensor as T
from theano import config, function, shared
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams
from theano.tests import unittest_tools as utt


def kinds_of_numbers():
    kinds = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64", "complex64"]
    variables = {kind: T.TensorType(kind, (False,))("v") for kind in kinds}
    table = []
    for a in kinds:
        for b in kinds:
            table.append((variables[a] + variables[b]).dtype)
            table.append((variables[a] * 1).dtype if a != "bool" else "bool")
            if "complex" not in a + b:
                table.append((variables[a] / variables[b]).dtype)
    unary = [getattr(T, f)(variables[k]).dtype for f in ("exp", "sqr", "floor", "abs_", "isnan") for k in kinds[1:-1]]
    reduced = [getattr(variables[k], f)().dtype for f in ("sum", "mean", "prod", "max", "argmax") for k in kinds[1:-1]]
    constants = [T.constant(c).dtype for c in (1, 200, 70000, 2**40, 1.0, 1.1, True, np.int8(1), [1, 2], [1.5])]
    return [
        table,
        unary,
        reduced,
        constants,
        error_of(T.TensorType, "int7", ()),
        error_of(T.cast, variables["complex64"], "int8"),
    ]


def types_made_and_called():
    row = T.TensorType("float64", (True, False))
    x, y = row("x"), T.TensorType("float32", [False] * 4)("y")
    z = x + T.col("c", dtype="float64")
    return [
        x.broadcastable, y.ndim, y.type.dtype, row == T.TensorType("float64", broadcastable=[1, 0]), row == T.drow,
        z.broadcastable, (x + T.dvector()).broadcastable, x.T.broadcastable, x.dimshuffle(1).broadcastable,
        T.alloc(1.0, 1, 3).broadcastable, x.sum(axis=1, keepdims=True).broadcastable, error_of(x.dimshuffle, 0),
        row.filter([[1, 2]]), row.is_valid_value(np.ones((2, 2))), error_of(row.filter, [[1], [2]]),
        function([x], x * 2)([[1, 2, 3]]), error_of(bool, T.dscalar() < 1),
    ]  # fmt: skip


def parts_that_are_set():
    x, i, y = T.dmatrix("x"), T.lvector("i"), T.dvector("y")
    expressions = [
        T.set_subtensor(x[1], y), T.inc_subtensor(x[:, 0:1], 10.0), T.set_subtensor(x[i], 7),
        T.inc_subtensor(x[i], y), T.inc_subtensor(x[i, i], 1), T.set_subtensor(x[::-1, ::2], 0),
        T.set_subtensor(x[x > 3], -1), x[i[0], 1:], x[:, [2, 0, 2]], x[(x > 2).nonzero()], x[..., None, 0],
        x.take([5, 0]), x.take([1, 1], axis=0), x[-1, -1], T.grad(T.inc_subtensor(x[i], y).sum() ** 2, x),
        T.grad((T.set_subtensor(x[0], y) ** 2).sum(), y), T.grad((x[i] ** 2).sum(), x), x.diagonal(), x.T[1],
    ]  # fmt: skip
    f = function([x, i, y], expressions)
    return f(np.arange(6.0).reshape(2, 3), [1, 1, 0], [1.0, 2.0, 3.0])


def arrays_made_and_joined():
    x, n = T.dmatrix("x"), T.lscalar("n")
    expressions = [
        T.arange(n), T.arange(1, n, 2), T.arange(5.0), T.eye(n, 2), T.tri(3, n, 1), T.tile(x, (1, 2)),
        T.repeat(x, 2, axis=1), T.stack([x, x + 1]), T.stack([x, x], axis=2), T.concatenate([x, x], axis=1),
        *T.split(x, [1, 1], 2, axis=0), T.roll(x, 1, axis=1), T.zeros((n, 2)), T.ones_like(x), T.alloc(3.0, 2, n),
        x.flatten(), x.reshape((3, -1)), T.triu(x), T.shape_padleft(x), T.mgrid[0:2, 0:3][1],
        T.full((2,), 5.0) if hasattr(T, "full") else T.alloc(5.0, 2), T.outer(x[0], x[1]), x.swapaxes(0, 1),
        T.nonzero(x)[1], T.fill_diagonal(x, 9.0), T.extra_ops.to_one_hot(T.arange(3), 4), T.horizontal_stack(x, x),
        x.shape, x.size,
    ]  # fmt: skip
    return function([x, n], expressions)(np.arange(6.0).reshape(2, 3), 4)


def numbers_from_arrays():
    x = T.dmatrix("x")
    expressions = [
        x.sum(), x.sum(axis=0), x.prod(axis=1, keepdims=True), x.mean(axis=[0, 1]), x.var(axis=0), x.std(),
        x.max(axis=1), x.min(), x.argmax(axis=0), T.argmin(x), *T.max_and_argmax(x, axis=1), T.any(x > 3, axis=0),
        T.all(x > -1), x.norm(2), x.ptp(axis=0), T.cumsum(x), T.cumprod(x + 1, axis=1), T.extra_ops.diff(x, axis=1),
        T.sort(x[::-1, ::-1], axis=None), T.argsort(-x, axis=1), T.clip(x, 1, 4), T.maximum(x, 2),
        T.switch(x > 2, x, -x), T.grad(T.maximum(x, 2).sum() + T.clip(x, 1, 4).sum(), x), T.grad(x.max(), x),
        T.grad(T.abs_(x - 2).sum(), x), T.bincount(T.cast(x.flatten(), "int64")), T.ceil(x / 2), T.round(x / 4),
        x // 2, x % 4, -x // 4, T.sgn(x - 1), T.isnan(x / x), T.dot(x, x.T), T.tensordot(x, x, axes=2), x.trace(),
        T.batched_dot(x, x), T.extra_ops.searchsorted(x[0], [0.5, 2.0]), T.allclose(x, x + 1e-9), T.eq(x, 2),
        T.xor(x > 1, x > 2), T.deg2rad(x),
    ]  # fmt: skip
    return function([x], expressions)(np.arange(6.0).reshape(2, 3))


def special_functions():
    x = T.dvector("x")
    names = ["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "arcsin", "arccos"]
    names += [
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "arcsinh",
        "arctanh",
        "erf",
        "erfc",
        "gamma",
        "gammaln",
        "psi",
        "erfinv",
    ]
    names += ["inv", "sqr"]
    values = function([x], [getattr(T, name)(x) for name in names])([0.1, 0.35, 0.9])
    slopes = function([x], [T.grad(getattr(T, name)(x).sum(), x) for name in names])([0.1, 0.35, 0.9])
    return [values, slopes]


def complex_numbers():
    z, x = T.zvector("z"), T.dvector("x")
    f = function([z, x], [abs(z), z.real, T.angle(z), T.conj(z) * z, z**2, T.complex(x, x * 2)])
    return [np.asarray(r).view("float64") if np.iscomplexobj(r) else r for r in f([1 + 2j, -1j], [0.5, 2.0])]


def functions_of_networks():
    x, i = T.dmatrix("x"), T.lvector("i")
    p = T.nnet.softmax(x)
    nll = T.nnet.categorical_crossentropy(p, i).mean()
    target = T.eye(2, 3)
    expressions = [
        p, T.nnet.logsoftmax(x), nll, T.grad(nll, x), T.nnet.categorical_crossentropy(p, target), T.nnet.sigmoid(x),
        T.nnet.softplus(x), T.nnet.relu(x - 2), T.nnet.relu(x - 2, 0.1), T.nnet.elu(x - 2),
        T.nnet.hard_sigmoid(x - 2), T.nnet.softsign(x), T.nnet.binary_crossentropy(T.nnet.sigmoid(x), 0.25),
        T.nnet.sigmoid_binary_crossentropy(x, T.ones_like(x)), T.nnet.selu(x - 2),
        T.grad(T.nnet.binary_crossentropy(T.nnet.sigmoid(x), 1).sum(), x), -T.log(p)[T.arange(2), i],
        T.grad(-T.log(p)[T.arange(2), i].sum(), x), T.nnet.ultra_fast_sigmoid(x),
        T.log(T.nnet.sigmoid(x * 1000 - 3000)), T.log(1 + T.exp(x * 100)), T.nnet.softmax(x[0]),
    ]  # fmt: skip
    return function([x, i], expressions)(np.arange(6.0).reshape(2, 3), [2, 0])


def batch_normalisation():
    x, gamma, beta = T.dmatrix("x"), T.dvector("gamma"), T.dvector("beta")
    mean, variance = (
        shared(np.zeros((1, 3)), broadcastable=(True, False)),
        shared(np.ones((1, 3)), broadcastable=(True, False)),
    )
    out, m, inverse, new_mean, new_variance = T.nnet.bn.batch_normalization_train(
        x, gamma.dimshuffle("x", 0), beta.dimshuffle("x", 0), running_mean=mean, running_var=variance
    )
    test = T.nnet.bn.batch_normalization_test(x, gamma.dimshuffle("x", 0), beta.dimshuffle("x", 0), mean, variance)
    f = function([x, gamma, beta], [out, m, inverse, new_mean, new_variance, test, T.grad((out**2).sum(), gamma)])
    return f([[1.0, 2.0, 3.0], [4.0, 0.0, 1.0], [2.0, 2.0, 8.0]], [1.0, 2.0, 3.0], [0.0, 1.0, 2.0])


def a_classifier_is_trained():
    rng = np.random.RandomState(3)
    features, labels = rng.randn(30, 4), rng.randint(0, 3, 30)
    x, y = T.dmatrix("x"), T.lvector("y")
    hidden = shared(rng.randn(4, 6) * 0.3, name="hidden")
    weights, bias = shared(rng.randn(6, 3) * 0.3, name="weights"), shared(np.zeros(3), name="bias")
    p = T.nnet.softmax(T.dot(T.tanh(T.dot(x, hidden)), weights) + bias)
    cost = T.nnet.categorical_crossentropy(p, y).mean() + 0.001 * (weights**2).sum()
    parameters = [hidden, weights, bias]
    velocities = [shared(np.zeros_like(w.get_value())) for w in parameters]
    updates = []
    for w, v, g in zip(parameters, velocities, T.grad(cost, parameters)):  # noqa: B905 - also for Python 3.8
        step = 0.9 * v - 0.1 * g
        updates += [(v, step), (w, w + step)]
    train = function([x, y], cost, updates=updates)
    costs = [train(features, labels) for _ in range(20)]
    errors = function([x, y], T.neq(T.argmax(p, axis=1), y).mean())
    return [costs, weights.get_value(), bias.get_value(), errors(features, labels)]


def an_unrolled_recurrence():
    x, w = T.dmatrix("x"), shared(np.array([[0.5, -0.2], [0.1, 0.3]]))
    state = T.zeros((2,))
    for t in range(5):
        state = T.tanh(x[t] + T.dot(state, w))
    return function([x], [state, T.grad(state.sum(), w)])(np.linspace(-1, 1, 10).reshape(5, 2))


def a_model_in_single_precision():
    with theano.change_flags(floatX="float32"):
        x, w = T.matrix("x"), shared(np.full((3, 2), 0.5, dtype=config.floatX))
        cost = T.sqr(T.dot(x, w) - 1).mean() * 0.5
        gradient = T.grad(cost, w)
        f = function([x], [cost, gradient], updates=[(w, w - np.float32(0.1) * gradient)], allow_input_downcast=True)
        first = f(np.arange(6.0).reshape(2, 3))
        return [*first, w.get_value(), cost.dtype, gradient.dtype]


def streams_of_random_numbers():
    srng = RandomStreams(seed=42)
    draws = [
        srng.uniform((3,)), srng.normal((2,), avg=1.0, std=2.0), srng.uniform((2, 2), low=-1, high=1),
        srng.binomial((4,), n=1, p=0.3), srng.random_integers((5,), low=0, high=9), srng.permutation((2,), n=4),
        srng.multinomial((2,), n=5, pvals=[0.2, 0.3, 0.5]), srng.choice((3,), a=5), srng.poisson((3,), lam=4.0),
    ]  # fmt: skip
    f = function([], draws)
    first, second = f(), f()
    g = function([], draws[0], no_default_updates=True)
    again = [g(), g()]
    srng.seed(42)
    return [first, second, again, f(), [d.dtype for d in draws], len(srng.updates())]


def streams_of_mrg():
    srng = MRG_RandomStreams(seed=1234)
    draws = [
        srng.uniform((7,)), srng.uniform((2, 3), dtype="float32"), srng.normal((6,)), srng.binomial((8,), p=0.5),
        srng.uniform((4,), nstreams=2), srng.multinomial(pvals=T.constant([[0.1, 0.6, 0.3], [0.5, 0.25, 0.25]])),
        srng.uniform((3,), low=2.0, high=4.0),
        srng.choice(size=2, p=T.constant([[0.1, 0.2, 0.3, 0.4]]), replace=False),
    ]  # fmt: skip
    f = function([], draws)
    first, second = f(), f()
    srng.seed(1234)
    return [first, second, f(), [d.dtype for d in draws]]


def dropout_in_a_network():
    srng = RandomStreams(7)
    x, w = T.dmatrix("x"), shared(np.ones((4, 2)))
    mask = srng.binomial(x.shape, n=1, p=0.5, dtype="float64")
    y = T.dot(x * mask / 0.5, w)
    f = function([x], [y, T.grad(y.sum(), w)])
    return [f(np.ones((3, 4))), f(np.ones((3, 4)))]


def raw_draws():
    state = T.raw_random.random_state_type("state")
    after, numbers = T.raw_random.uniform(state, (3,))
    _, others = T.raw_random.normal(after, (2,))
    f = function([theano.In(state, value=np.random.RandomState(5), update=after, mutable=True)], [numbers, others])
    return [f(), f()]


def names_of_test_helpers():
    return [
        utt.fetch_seed(3),
        utt.fetch_seed(),
        error_of(utt.assert_allclose, np.ones(3), np.ones(3) + 1e-3),
        error_of(utt.assert_allclose, np.ones(3, "float32"), np.ones(3) + 1e-6),
    ]
