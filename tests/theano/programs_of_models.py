"""Small programs in the manner of old Theano code: models, optimisers, and what libraries of layers ask of variables.

See `programs_of_graphs`.
"""

from collections import OrderedDict

import numpy as np
from programs_of_graphs import error_of

import theano
import theano.tensor as T
from theano import config, function, shared
from theano.printing import Print, debugprint
from theano.tensor.shared_randomstreams import RandomStreams


class Dense(object):  # noqa: UP004 - as users wrote it
    """A layer of units."""

    def __init__(self, rng, given, n_in, n_out, activation=T.tanh):
        bound = np.sqrt(6.0 / (n_in + n_out))
        values = np.asarray(rng.uniform(low=-bound, high=bound, size=(n_in, n_out)), dtype=config.floatX)
        self.W = theano.shared(value=values, name="W", borrow=True)
        self.b = theano.shared(value=np.zeros((n_out,), dtype=config.floatX), name="b", borrow=True)
        linear = T.dot(given, self.W) + self.b
        self.output = linear if activation is None else activation(linear)
        self.params = [self.W, self.b]


def data(rng, rows=24, columns=5, classes=3):
    return rng.randn(rows, columns).astype(config.floatX), rng.randint(0, classes, rows).astype("int32")


def minibatches_of_a_perceptron():
    rng = np.random.RandomState(11)
    features, labels = data(rng)
    features, labels = shared(features, borrow=True), T.cast(shared(labels.astype(config.floatX)), "int32")
    index, x, y = T.lscalar("index"), T.matrix("x"), T.ivector("y")
    first = Dense(rng, x, 5, 8)
    second = Dense(rng, first.output, 8, 3, activation=T.nnet.softmax)
    cost = -T.mean(T.log(second.output)[T.arange(y.shape[0]), y])
    cost = cost + 0.001 * abs(first.W).sum() + 0.0001 * (second.W**2).sum()
    params = first.params + second.params
    updates = [(p, p - np.asarray(0.1, dtype=config.floatX) * g) for p, g in zip(params, T.grad(cost, params))]  # noqa: B905
    batch = {x: features[index * 6 : (index + 1) * 6], y: labels[index * 6 : (index + 1) * 6]}
    train = theano.function(inputs=[index], outputs=cost, updates=updates, givens=batch)
    wrong = theano.function(inputs=[index], outputs=T.mean(T.neq(T.argmax(second.output, axis=1), y)), givens=batch)
    costs = [train(i % 4) for i in range(12)]
    return [costs, wrong(0), second.W.get_value(borrow=True), str(y.dtype), y.type == T.ivector]


def adam(cost, params, rate=0.01, first=0.9, second=0.999):
    updates, t = OrderedDict(), theano.shared(np.asarray(0.0, dtype=config.floatX))
    step = t + 1
    scale = rate * T.sqrt(1 - second**step) / (1 - first**step)
    for p, g in zip(params, T.grad(cost, params)):  # noqa: B905
        zeros = np.zeros(p.get_value(borrow=True).shape, dtype=p.dtype)
        m, v = shared(zeros, broadcastable=p.broadcastable), shared(zeros, broadcastable=p.broadcastable)
        updates[m] = first * m + (1 - first) * g
        updates[v] = second * v + (1 - second) * g**2
        updates[p] = p - scale * updates[m] / (T.sqrt(updates[v]) + 1e-8)
    updates[t] = step
    return updates


def an_adaptive_optimiser():
    rng = np.random.RandomState(5)
    features, labels = data(rng)
    x, y = T.matrix("x"), T.ivector("y")
    layer = Dense(rng, x, 5, 3, activation=None)
    cost = T.nnet.categorical_crossentropy(T.nnet.softmax(layer.output), y).mean()
    train = function([x, y], cost, updates=adam(cost, layer.params))
    return [[train(features, labels) for _ in range(8)], layer.W.get_value(), layer.b.get_value()]


def gradients_clipped_by_their_norm():
    w = shared(np.arange(6.0).reshape(3, 2), name="w")
    cost = (w**3).sum()
    gradient = T.grad(cost, wrt=w)
    norm = T.sqrt(T.sum(gradient**2))
    gradient = T.switch(T.ge(norm, 5.0), gradient * 5.0 / norm, gradient)
    f = function([], [cost, norm], updates=[(w, T.clip(w - 0.1 * gradient, -1, 4))])
    return [f(), f(), w.get_value()]


def a_denoising_autoencoder():
    rng = np.random.RandomState(123)
    streams = RandomStreams(rng.randint(2**30))
    w = shared(rng.randn(6, 4) * 0.2, name="W")
    b, c = shared(np.zeros(4), name="b"), shared(np.zeros(6), name="c")
    x = T.dmatrix("x")
    corrupted = streams.binomial(size=x.shape, n=1, p=0.7, dtype=config.floatX) * x
    z = T.nnet.sigmoid(T.dot(T.nnet.sigmoid(T.dot(corrupted, w) + b), w.T) + c)
    cost = T.mean(-T.sum(x * T.log(z) + (1 - x) * T.log(1 - z), axis=1))
    train = function([x], cost, updates=[(p, p - 0.5 * g) for p, g in zip([w, b, c], T.grad(cost, [w, b, c]))])  # noqa: B905
    images = (rng.rand(10, 6) > 0.5).astype("float64")
    return [[train(images) for _ in range(6)], w.get_value()]


def a_boltzmann_machine():
    rng = np.random.RandomState(9)
    streams = RandomStreams(31)
    w, vb, hb = shared(rng.randn(5, 3) * 0.1), shared(np.zeros(5)), shared(np.zeros(3))
    v0 = T.dmatrix("v0")
    chain = shared(np.ones((4, 5)))

    def energy(v):
        return -T.dot(v, vb) - T.sum(T.nnet.softplus(T.dot(v, w) + hb), axis=1)

    mean_h = T.nnet.sigmoid(T.dot(chain, w) + hb)
    h = streams.binomial(size=mean_h.shape, n=1, p=mean_h, dtype="float64")
    mean_v = T.nnet.sigmoid(T.dot(h, w.T) + vb)
    v = streams.binomial(size=mean_v.shape, n=1, p=mean_v, dtype="float64")
    cost = T.mean(energy(v0)) - T.mean(energy(v))
    gradients = T.grad(cost, [w, vb, hb], consider_constant=[v])
    updates = [(p, p - 0.1 * g) for p, g in zip([w, vb, hb], gradients)] + [(chain, v)]  # noqa: B905
    bit = shared(value=0, name="bit")
    rounded = T.round(v0)
    flipped = T.set_subtensor(rounded[:, bit], 1 - rounded[:, bit])
    likeness = T.mean(5 * T.log(T.nnet.sigmoid(energy(flipped) - energy(rounded))))
    updates.append((bit, (bit + 1) % 5))
    train = function([v0], [cost, likeness], updates=updates)
    images = (rng.rand(4, 5) > 0.4).astype("float64")
    return [[train(images) for _ in range(3)], w.get_value(), chain.get_value(), bit.get_value()]


def embeddings_of_words():
    rng = np.random.RandomState(2)
    table, words, target = shared(rng.randn(6, 3), name="table"), T.imatrix("words"), T.dscalar("target")
    context = table[words].mean(axis=1)
    rows = table[words.flatten()]
    cost = T.sqr(context.sum() - target)
    whole = T.inc_subtensor(rows, -0.1 * T.grad(cost, rows, disconnected_inputs="ignore"))
    direct = table - 0.1 * T.grad(cost, table)
    f = function([words, target], [context, cost, whole], updates=[(table, direct)])
    return [f([[0, 1, 1], [5, 2, 0]], 2.0), table.get_value()]


def a_gated_recurrence_by_hand():
    rng = np.random.RandomState(4)
    w = shared(rng.randn(3, 12) * 0.3)
    u = shared(rng.randn(3, 12) * 0.3)
    x = T.dtensor3("x")

    def part(z, n):
        return z[:, n * 3 : (n + 1) * 3]

    h = T.alloc(np.float64(0.0), x.shape[1], 3)
    c = T.zeros_like(h)
    for t in range(3):
        z = T.dot(x[t], w) + T.dot(h, u)
        i, f, o, g = (
            T.nnet.sigmoid(part(z, 0)),
            T.nnet.sigmoid(part(z, 1)),
            T.nnet.sigmoid(part(z, 2)),
            T.tanh(part(z, 3)),
        )
        c = f * c + i * g
        h = o * T.tanh(c)
    run = function([x], [h, T.grad(h.sum(), w), T.grad(T.sqr(h).mean(), u)])
    return run(rng.randn(3, 2, 3))


def a_gaussian_process_without_inverses():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    distance = (x**2).sum(1).reshape((x.shape[0], 1)) + (y**2).sum(1).reshape((1, y.shape[0])) - 2 * x.dot(y.T)
    scale = T.dvector("scale")
    kernel = T.exp(-0.5 * distance / scale[0] ** 2) * T.exp(2 * scale[1])
    f = function([x, y, scale], [kernel, T.grad(kernel.sum(), scale), T.grad(kernel.trace(), x)])
    rng = np.random.RandomState(0)
    return f(rng.randn(3, 2), rng.randn(3, 2), [1.5, 0.2])


def layer_normalisation():
    x, gain = T.dmatrix("x"), T.dvector("gain")
    mean = x.mean(axis=-1, keepdims=True)
    y = (x - mean) / T.sqrt(T.var(x, axis=-1, keepdims=True) + 1e-5) * gain
    f = function([x, gain], [y, T.grad((y**3).sum(), x), T.grad((y**3).sum(), gain)])
    return f(np.arange(6.0).reshape(2, 3) ** 1.5, [1.0, 2.0, 0.5])


def attention_of_queries():
    q, k, v = T.dtensor3s("q", "k", "v")
    scores = T.batched_dot(q, k.dimshuffle(0, 2, 1)) / np.sqrt(2.0)
    shape = scores.shape
    weights = T.nnet.softmax(scores.reshape((shape[0] * shape[1], shape[2]))).reshape(shape)
    out = T.batched_dot(weights, v)
    mask = T.tril(T.ones((3, 3)))
    masked = T.exp(scores) * mask.dimshuffle("x", 0, 1)
    masked = masked / masked.sum(axis=2, keepdims=True)
    rng = np.random.RandomState(6)
    return function([q, k, v], [out, masked, T.grad(out.sum(), q)])(*[rng.randn(2, 3, 2) for _ in range(3)])


def what_libraries_ask_of_variables():
    x, s = T.matrix("x"), shared(np.zeros((2, 3), dtype=config.floatX), name="s")
    c, y = T.constant(3), x * 2
    names = ["TensorSharedVariable", "SharedVariable"]
    kinds = [cls.__name__ for cls in type(s).__mro__ if cls.__name__ in names]
    return [
        isinstance(x, T.TensorVariable), isinstance(x, theano.Variable), isinstance(s, theano.compile.SharedVariable),
        isinstance(s, T.sharedvar.TensorSharedVariable), isinstance(c, T.TensorConstant),
        isinstance(c, theano.Constant), isinstance(y.owner, theano.Apply), isinstance(y.owner.op, T.Elemwise),
        isinstance(y.owner.op, theano.Op), kinds, isinstance(x.type, T.TensorType),
        isinstance(y.owner.op.scalar_op, theano.scalar.Mul), c.data, s.ndim, y.ndim,
        isinstance(x, theano.gof.Variable), isinstance(c, theano.gof.Constant), x.type.make_variable().type == x.type,
        hasattr(x, "get_value"), s.container.value.shape, s.name, y.owner.inputs[1].owner.inputs[0].value,
        theano.tensor.basic.as_tensor_variable is T.as_tensor_variable,
        s.get_value(borrow=True).dtype == config.floatX,
    ]  # fmt: skip


def what_programs_ask_of_functions():
    x, n = T.dvector("x"), T.dscalar("n")
    state = shared(2.0, name="state")
    f = function(
        [x, theano.In(n, value=1.5, name="n")], [T.exp(x) * n, x.sum() * state], updates={state: state + 1}, name="f"
    )
    graph = f.maker.fgraph
    f([1.0, 2.0])
    return [
        len(f.maker.inputs), len(f.maker.outputs), [i.name for i in f.maker.inputs][:2], len(f.input_storage), f.name,
        f.input_storage[1].value, len(graph.outputs), [str(v.type) for v in graph.outputs],
        len(graph.clients(graph.inputs[0])) > 0, all(n in graph.apply_nodes for n in graph.toposort()),
        isinstance(f.maker.mode, theano.Mode), f.trust_input, f.unpack_single, f["n"], "state" in f,
        f.get_shared() == [state], graph.outputs[0].owner is not None, state.get_value(),
    ]  # fmt: skip


def printed_values():
    x = T.dvector("x")
    seen = []
    watched = Print(
        "x", attrs=["shape", "min"], global_fn=lambda op, value: seen.append([op.message, float(value.min())])
    )(x)
    f = function([x], (watched * 2).sum())
    g = function([x], T.grad(watched.prod(), x))
    return [f([3.0, 1.0]), g([3.0, 1.0]), seen]


def drawn_trees(tmp=None):
    import io

    x = T.dvector("x")
    f = function([x], T.exp(x).sum(), mode="FAST_COMPILE")
    out = io.StringIO()
    debugprint(f, file=out)
    compiled = out.getvalue()
    out = io.StringIO()
    debugprint([x + 1, T.exp(x + 1)], file=out, print_type=True)
    return [compiled.count("\n"), "x [id" in compiled, "Sum" in compiled, out.getvalue()]


def differences_of_dtypes_in_use():
    i, b, f = T.ivector("i"), T.bvector("b"), T.fvector("f")
    g = function(
        [i, b, f], [i / 2, i // 2, i % 3, i * b, b + 100, f + 1.1, f * 2, i + f, (i > 1) * f, -b, abs(b), i**2, f**0.5]
    )
    results = g([1, -5, 7], [1, -100, 100], [1.0, 4.0, 9.0])
    more = function(
        [i],
        [
            i.sum(dtype="int8"),
            i.mean(),
            i.astype("float32").mean(),
            T.cast(i, "uint8"),
            T.sqrt(i),
            T.exp(i) > 1,
            ~i,
            i & 3,
        ],
    )
    return [results, more([1, -5, 7])]


def grids_and_meshes():
    h, w = T.lscalars("h", "w")
    y, x = T.mgrid[0:4, 0:3]
    ramps = T.arange(h).dimshuffle(0, "x") * T.ones((1, w)) + T.arange(w)
    distance = T.sqrt((y - 1.5) ** 2 + (x - 1) ** 2)
    return function([h, w], [ramps, distance, T.eye(h)[::-1], T.arange(w, 0, -1), T.zeros((h, w))[0]])(3, 4)


def jumps_around_singularities():
    x = T.dvector("x")
    expressions = [
        T.switch(T.eq(x, 0), 0, x / x), T.log(1 + x - 1), T.log1p(x), T.maximum(x, -x), T.sqrt(T.sqr(x)),
        T.exp(T.log(abs(x) + 1e-300)), T.nnet.sigmoid(x * 1e3), T.log(T.nnet.softmax(x * 1e3)),
        T.nnet.softplus(x * 1e3), 1 / (1 + T.exp(-x * 1e3)), T.sgn(x), x / abs(x),
        T.grad(T.log(T.nnet.sigmoid(x * 50)).sum(), x), T.grad(abs(x).sum(), x), T.isinf(x / 0.0), T.isnan(x / x),
        T.grad(T.maximum(x, 0).sum(), x),
    ]  # fmt: skip
    with np.errstate(all="ignore"):
        return function([x], expressions)([-2.0, 0.0, 0.5])


class Length:
    """A class of a user's with operators of its own, on either side."""

    def __radd__(self, other):
        return "added to"

    def __rmul__(self, other):
        return "multiplied with"

    def __sub__(self, other):
        return "less"


def operators_of_other_classes():
    x, array = T.dvector("x"), np.arange(3.0)
    values = function(
        [x], [array + x, array - x, array * x, array / (x + 1), array > x, 2.0 - x, np.float64(2) * x, np.int8(3) + x]
    )
    return [
        x + Length(), x * Length(), Length() - x, error_of(lambda: Length() * x) != "none", error_of(lambda: x - Length()),
        *values(array[::-1].copy()), [str((array + x).type), str((np.float32(1) + T.fvector()).type)],
    ]  # fmt: skip


def errors_while_building():
    x, m, i = T.dvector("x"), T.dmatrix("m"), T.lscalar("i")
    calls = [
        lambda: T.dot(x, "a"), lambda: x[0.5], lambda: x[i, i],
        lambda: T.as_tensor_variable(object()), lambda: T.join(0, x, m), lambda: m.reshape(x), lambda: m.sum(axis=2),
        lambda: m.dimshuffle(0, 0), lambda: T.stack([]), lambda: x.foo, lambda: T.constant(3, ndim=-1),
        lambda: T.max(m, axis="a"), lambda: len(x), lambda: bool(x > 1), lambda: T.set_subtensor(x, 1),
        lambda: T.set_subtensor(x[0], x), lambda: T.nnet.softmax(T.dtensor3()), lambda: T.arange(),
        lambda: theano.shared(x), lambda: T.nnet.categorical_crossentropy(x, m), lambda: T.invert(x),
        lambda: x % T.zvector(), lambda: T.dvector("a", "b", "c"), lambda: T.round(i),
    ]  # fmt: skip
    return [error_of(call) for call in calls]
