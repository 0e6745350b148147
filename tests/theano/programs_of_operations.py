"""Small programs in the manner of old Theano code: users' own operations, derivatives.

See `programs_of_graphs`.
"""

import numpy as np
from programs_of_graphs import error_of

import theano
import theano.tensor as T
from theano import function, gof, shared
from theano.compile.ops import as_op
from theano.tests import unittest_tools as utt


class Double(gof.Op):
    """An Op with everything that an Op can say of itself."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * 2

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def grad(self, inputs, output_grads):
        return [output_grads[0] * 2]

    def R_op(self, inputs, eval_points):
        return [None] if eval_points[0] is None else [self(eval_points[0])]


class SumAndDifference(gof.Op):
    """An Op with two outputs, of declared types."""

    __props__ = ("scale",)
    itypes = (T.dvector, T.dvector)
    otypes = (T.dvector, T.dvector)

    def __init__(self, scale=1):
        self.scale = scale

    def perform(self, node, inputs, outputs):
        a, b = inputs
        outputs[0][0] = (a + b) * self.scale
        outputs[1][0] = (a - b) * self.scale

    def grad(self, inputs, gradients):
        total, difference = gradients
        return [(total + difference) * self.scale, (total - difference) * self.scale]


class AddOneInPlace(gof.Op):
    """An Op that overwrites its input."""

    __props__ = ()
    destroy_map = {0: [0]}  # noqa: RUF012 - as users write it

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        inputs[0] += 1
        outputs[0][0] = inputs[0]


class FirstHalf(gof.Op):
    """An Op whose output is a part of its input's memory."""

    __props__ = ()
    view_map = {0: [0]}  # noqa: RUF012 - as users write it

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0][: len(inputs[0]) // 2]


class Scale(gof.Op):
    """An Op with a parameter that two applications may share."""

    __props__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0] * self.factor


@as_op(itypes=[T.dmatrix, T.dvector], otypes=[T.dvector], infer_shape=lambda node, shapes: [(shapes[0][0],)])
def row_products(matrix, vector):
    return matrix.dot(vector)


def ones_own_operation():
    x, v = T.dmatrix("x"), T.dmatrix("v")
    y = Double()(x)
    f = function([x], [y + 1, y.shape, T.grad((y**2).sum(), x)])
    r = function([x, v], T.Rop(y * x, x, v))
    left = function([x, v], T.Lop(y * x, x, v))
    value = np.arange(4.0).reshape(2, 2)
    utt.verify_grad(Double(), [np.random.RandomState(1).rand(3, 2)])
    return [*f(value), r(value, value + 1), left(value, value - 1), str(Double()), Double() == Double()]


def operations_with_two_outputs():
    a, b = T.dvectors("a", "b")
    total, difference = SumAndDifference(2)(a, b)
    f = function(
        [a, b], [total, difference, T.grad((total * difference).sum(), a), T.grad((total * 2 - difference).sum(), b)]
    )
    return [
        *f([1.0, 2.0], [3.0, 5.0]),
        error_of(SumAndDifference(), T.dmatrix(), b),
        SumAndDifference(1) == SumAndDifference(2),
    ]


def operations_that_share_memory():
    x = T.dvector("x")
    value = np.arange(4.0)
    f = function([x], AddOneInPlace()(x * 1.5), accept_inplace=True)
    g = function([x], [FirstHalf()(x), FirstHalf()(x) + 1])
    h = function([theano.In(x, mutable=True)], AddOneInPlace()(x), accept_inplace=True)
    parts = g(value)
    parts[0][:] = -1
    return [f(value), *parts, value, h(value.copy()), error_of(function, [x], AddOneInPlace()(x))]


def equal_operations_are_merged():
    x = T.dvector("x")
    y = Scale(2)(x) + Scale(2)(x) * Scale(3)(x)
    f = function([x], y, mode="FAST_RUN")
    kept = [node for node in f.maker.fgraph.toposort() if isinstance(node.op, Scale)]
    return [len(kept), f([1.0, 2.0])]


def functions_as_operations():
    m, v = T.dmatrix("m"), T.dvector("v")
    f = function([m, v], [row_products(m, v).sum(), row_products(m, v).shape])
    return f(np.arange(6.0).reshape(2, 3), [1.0, 0.0, 2.0])


def operations_from_graphs():
    x, y, z = T.dvectors("x", "y", "z")
    w = shared(np.array([1.0, 2.0]))
    op = theano.OpFromGraph([x, y], [x * y + w, x - y])
    first, second = op(z, z + 1)
    f = function([z], [first, second, T.grad((first * second).sum(), z)])
    inline = theano.OpFromGraph([x, y], [T.tanh(x) * y], inline=True)
    g = function([x, y], [inline(x, y), T.grad(inline(x, y).sum(), x)])
    overridden = theano.OpFromGraph([x], [x**2], grad_overrides=lambda inputs, gradients: [gradients[0] * 100])
    h = function([x], T.grad(overridden(x).sum(), x))
    return [*f([3.0, 4.0]), *g([0.5, 1.0], [1.0, 2.0]), h([1.0, 2.0])]


def verified_gradients():
    rng = np.random.RandomState(42)
    a, b = rng.rand(3, 4), rng.rand(4, 2)
    functions = [
        (T.dot, [a, b]), (lambda x: T.nnet.softmax(x), [a]), (lambda x: x.max(axis=1), [a]), (T.log, [a + 0.5]),
        (lambda x: x[1:, ::2].sum(), [a]), (lambda x, y: T.set_subtensor(x[1], y), [a, b[:, 0]]),
        (lambda x: T.sort(x, axis=0), [a]), (lambda x: T.join(0, x, x * 2).reshape((4, 6)), [a]),
        (lambda x: T.var(x, axis=0), [a]), (lambda x: T.tensordot(x, x, [[1], [1]]), [a]), (T.erf, [a]),
        (lambda x: T.cumsum(x, axis=1).prod(), [a]), (lambda x: x[[0, 2], [1, 1]], [a]),
        (lambda x: T.diag(x[:3, :3]), [a]),
    ]  # fmt: skip
    results = [error_of(theano.gradient.verify_grad, f, pt, rng=rng) for f, pt in functions]

    class Wrong(Double):
        def grad(self, inputs, output_grads):
            return [output_grads[0] * 3]

    return [results, error_of(utt.verify_grad, Wrong(), [a]), utt.verify_grad.E_grad.__name__]


def options_of_gradients():
    x, y = T.dscalar("x"), T.dvector("y")
    z = (x * y**2).sum()
    intermediate = y * 2
    cost = (intermediate**2).sum()
    given = T.grad(None, y, known_grads={intermediate: T.ones_like(y) * 5})
    clipped = T.grad((theano.gradient.grad_clip(y, -1, 1) ** 2).sum(), y)
    constant = T.grad((theano.gradient.disconnected_grad(y) * y).sum(), y)
    scaled = T.grad((theano.gradient.grad_scale(y, 0.5) ** 2).sum(), y)
    zeroed = T.grad((theano.gradient.zero_grad(y) * y).sum(), y)
    considered = T.grad(cost, y, consider_constant=[intermediate], disconnected_inputs="ignore")
    f = function([x, y], [T.grad(z, x), *T.grad(z, [x, y]), given, clipped, constant, scaled, zeroed, considered])
    return [
        *f(2, [1.0, -3.0]), error_of(T.grad, z, T.dscalar()), error_of(T.grad, y, y), error_of(T.grad, z, 3),
        T.grad(z, T.lscalar().astype("float64"), disconnected_inputs="ignore").type.dtype,
        error_of(T.grad, T.lscalar() * 2, x),
    ]  # fmt: skip


def directional_derivatives():
    w, x, v, u = T.dmatrix("w"), T.dvector("x"), T.dmatrix("v"), T.dvector("u")
    y = T.tanh(T.dot(x, w))
    f = function([w, x, v, u], [T.Rop(y, w, v), T.Lop(y, w, u), T.Rop(T.grad(y.sum(), x), x, x)])
    return f(np.array([[0.1, 0.2], [0.3, -0.1]]), [1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
