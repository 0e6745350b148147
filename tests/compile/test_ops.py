"""Ops that users make: of graphs, of Python functions, by classes of their own."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from neano.autodiff import Rop, grad
from neano.compile import Mode, OpFromGraph, as_op, function, shared
from neano.graph.errors import MethodNotDefined, MissingInputError, NullTypeGradError
from neano.graph.op import Op
from neano.graph.traverse import toposort
from neano.graph.variable import Apply
from neano.tensor import TensorType, dmatrices, dmatrix, dscalar, dvector, fmatrix, tanh

ONES = np.ones((2, 2))


def test_an_op_computes_what_its_graph_does():
    x, y, z = dmatrices("x", "y", "z")
    op = OpFromGraph([x, y, z], [x + y * z])
    e = op(x, y, z)
    assert str(e) == "OpFromGraph{inline=False}.0"
    f = function([x, y, z], e)
    assert_array_equal(f(ONES, ONES * 3, ONES * 5), ONES * 16)
    assert [node.op for node in f.maker.fgraph.toposort()] == [op]
    assert op.connection_pattern(e.owner) == [[True], [True], [True]]
    assert_array_equal(function([x, y, z], e - op(x, y, z), mode=Mode(optimizer=None))(ONES, ONES, ONES), ONES * 0)


def test_it_can_be_applied_more_than_once_and_to_anything():
    x, y, z = dmatrices("x", "y", "z")
    op = OpFromGraph([x, y, z], [x + y * z])
    f = function([x, y, z], op(x, y, z) - op(y, z, x).T * 2)
    a, b, c = np.arange(4.0).reshape(2, 2), np.arange(4, 8.0).reshape(2, 2), np.arange(8, 12.0).reshape(2, 2)
    assert_allclose(f(a, b, c), (a + b * c) - (b + c * a).T * 2)


def test_derivatives_follow_from_the_graph():
    x, y, z = dmatrices("x", "y", "z")
    e = OpFromGraph([x, y, z], [x + y * z])(x, y, z)
    assert_array_equal(
        function([x, y, z], grad(e.sum(), y), on_unused_input="ignore")(ONES, ONES * 3, ONES * 5), ONES * 5
    )
    tangent = Rop(e, [y], [x])
    assert_array_equal(function([x, z], tangent, on_unused_input="ignore", givens={y: x})(ONES, ONES * 5), ONES * 5)


def test_outputs_that_depend_on_each_other():
    x = dmatrix("x")
    double = x * 2
    a, b = OpFromGraph([x], [double, tanh(double)])(x)
    direct = grad((double * 3 + tanh(double)).sum(), x)
    through = grad((a * 3 + b).sum(), x)
    values = np.array([[0.1, 0.2], [-0.3, 0.4]])
    assert_allclose(function([x], through)(values), function([x], direct)(values))


def test_shared_variables_become_inputs():
    x, s = dmatrix("x"), shared(ONES, "s")
    op = OpFromGraph([x], [x * s, x * s + s])
    a, b = op(x)
    assert op.shared_inputs == [s]
    f = function([x], [a, b, *grad((a * b).sum(), [x, s])])
    first, second, by_x, by_s = f(ONES * 2)
    assert_array_equal(first, ONES * 2)
    assert_array_equal(second, ONES * 3)
    assert_array_equal(by_x, ONES * 5)
    assert_array_equal(by_s, ONES * 12)
    s.set_value(ONES * 3)
    assert_array_equal(f(ONES)[0], ONES * 3)


@pytest.mark.parametrize("optimizer", ["fast_run", "fast_compile"])
def test_graphs_are_put_in_where_asked_for(optimizer):
    x, y = dmatrices("x", "y")
    inner = OpFromGraph([x, y], [x * y], inline=True)
    outer = OpFromGraph([x, y], [inner(x, y) + y], inline=True)
    f = function([x, y], outer(x, y), mode=Mode(optimizer=optimizer))
    assert not any(isinstance(node.op, OpFromGraph) for node in f.maker.fgraph.toposort())
    assert_array_equal(f(ONES * 2, ONES * 3), ONES * 9)


def test_ops_of_graphs_inside_each_other_come_apart():
    x, y = dmatrices("x", "y")
    inner = OpFromGraph([x, y], [x * y])
    outer = OpFromGraph([x, y], [inner(x, y) + y])
    (expression,) = outer.decompose(x, y)
    nodes = toposort([expression])
    assert nodes
    assert not any(isinstance(node.op, OpFromGraph) for node in nodes)
    assert_array_equal(function([x, y], outer(x, y))(ONES * 2, ONES * 3), ONES * 9)


def test_derivatives_can_be_given():
    x, y = dmatrices("x", "y")
    by_one = OpFromGraph([x, y], [x * y], lop_overrides=[lambda i, o, g: g[0] * 100, "default"])
    first, second = function([x, y], grad(by_one(x, y).sum(), [x, y]), on_unused_input="ignore")(ONES, ONES * 3)
    assert_array_equal(first, ONES * 100)
    assert_array_equal(second, ONES)
    by_all = OpFromGraph([x, y], [x * y], grad_overrides=lambda i, g: [g[0] * 7, g[0] * i[0]])
    first, second = function([x, y], grad(by_all(x, y).sum(), [x, y]), on_unused_input="ignore")(ONES * 2, ONES)
    assert_array_equal(first, ONES * 7)
    assert_array_equal(second, ONES * 2)
    g = dmatrix("g")
    as_graph = OpFromGraph([x, y, dmatrix("o"), g], [g * 5, g * 6])
    by_op = OpFromGraph([x, y], [x * y], lop_overrides=as_graph)
    first, second = function([x, y], grad(by_op(x, y).sum(), [x, y]), on_unused_input="ignore")(ONES, ONES)
    assert_array_equal(first, ONES * 5)
    assert_array_equal(second, ONES * 6)
    forward = OpFromGraph([x, y], [x * y], rop_overrides=[lambda i, points: points[0] * 9])
    assert_array_equal(
        function([x, y], Rop(forward(x, y), [x, y], [x, y]), on_unused_input="ignore")(ONES, ONES), ONES * 9
    )


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda x, y: OpFromGraph(x, [x]), TypeError),
        (lambda x, y: OpFromGraph([3], [x]), TypeError),
        (lambda x, y: OpFromGraph([x], [x], updates=[]), TypeError),
        (lambda x, y: OpFromGraph([x], [x + y]), MissingInputError),
        (lambda x, y: OpFromGraph([x, y], [x + y])(x), ValueError),
        (lambda x, y: OpFromGraph([x, y], [x + y])(x, fmatrix("f")), TypeError),
        (lambda x, y: OpFromGraph([x], [x], lop_overrides=[], grad_overrides=[]), ValueError),
    ],
)
def test_what_no_op_can_be_made_of(make, error):
    with pytest.raises(error):
        make(*dmatrices("x", "y"))


def test_shapes_are_inferred():
    x, y = dmatrices("x", "y")
    e = OpFromGraph([x, y], [x.dot(y)])(x, y)
    assert_array_equal(function([x, y], e.shape)(np.ones((2, 3)), np.ones((3, 4))), [2, 4])


# as_op


def test_python_functions_as_ops():
    @as_op(itypes=[dmatrix, dvector], otypes=[dvector])
    def multiply(a, b):
        return a.dot(b)

    x, v = dmatrix("x"), dvector("v")
    assert str(multiply(x, v)) == "FromFunctionOp{multiply}.0"
    assert_array_equal(function([x, v], multiply(x, v) + 1)(np.ones((2, 3)), [1, 2, 3]), [7, 7])
    with pytest.raises(TypeError):
        multiply(v, v)
    with pytest.raises((NullTypeGradError, MethodNotDefined, NotImplementedError)):
        grad(multiply(x, v).sum(), x)


def test_python_functions_with_several_results_and_shapes():
    @as_op(dvector, [dvector, dscalar], infer_shape=lambda node, shapes: [shapes[0], ()])
    def both(a):
        return a * 2, a.sum()

    x = dvector("x")
    first, second = function([x], list(both(x)))([1, 2])
    assert_array_equal(first, [2, 4])
    assert second == 3
    assert function([x], both(x)[0].shape[0])([1, 2, 3]) == 3


def test_python_functions_that_do_not_keep_their_word():
    @as_op([dvector], [dvector, dvector])
    def one(a):
        return a * 2

    x = dvector("x")
    with pytest.raises(ValueError, match="gave 1 results where 2 are declared"):
        function([x], list(one(x)))([1])
    with pytest.raises(TypeError, match="Type instances"):
        as_op(3, dvector)


def test_results_that_are_the_argument_are_copied():
    @as_op([dvector], [dvector])
    def same(a):
        return a

    x, s = dvector("x"), shared(np.zeros(2))
    given = np.ones(2)
    result = function([x], same(x), updates=[(s, same(x))])(given)
    given[:] = 7
    assert_array_equal(result, [1, 1])
    assert_array_equal(s.get_value(), [1, 1])


# Classes


class Scale(Op):
    """Multiplies by a number; written as Theano's documentation shows it."""

    __props__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        (z,) = output_storage
        z[0] = x * self.factor

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def grad(self, inputs, output_grads):
        return [output_grads[0] * self.factor]

    def R_op(self, inputs, eval_points):
        return [None] if eval_points[0] is None else [self(eval_points[0])]


class Declared(Op):
    """Declares its types instead of `make_node`."""

    __props__ = ()
    itypes = [TensorType("float64", (False,))]  # noqa: RUF012
    otypes = [TensorType("float64", ())]  # noqa: RUF012

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0].sum()  # a NumPy scalar, as many programs give


class WithThunk(Op):
    """Brings code of its own."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def make_thunk(self, node, storage_map, compute_map, no_recycling):
        given, made = storage_map[node.inputs[0]], storage_map[node.outputs[0]]

        def thunk():
            made[0] = given[0] + 100
            compute_map[node.outputs[0]][0] = True

        return thunk


def test_ops_by_classes():
    x = dvector("x")
    assert Scale(2) == Scale(2)
    assert Scale(2) != Scale(3)
    assert_array_equal(function([x], Scale(2)(x))([1, 2]), [2, 4])
    assert_array_equal(function([x], grad(Scale(3)(x).sum(), x), on_unused_input="ignore")([1, 2]), [3, 3])
    assert_array_equal(function([x], Rop(Scale(3)(x), x, x))([1, 2]), [3, 6])
    merged = function([x], [Scale(2)(x), Scale(2)(x)])
    assert sum(isinstance(node.op, Scale) for node in merged.maker.fgraph.toposort()) == 1


def test_results_are_brought_into_form():
    x = dvector("x")
    result = function([x], Declared()(x))([1, 2])
    assert type(result) is np.ndarray
    assert result == 3
    with pytest.raises(ValueError, match="takes 1 inputs, 2 were given"):
        Declared()(x, x)


class Fails(Scale):
    """Cannot be computed."""

    def perform(self, node, inputs, output_storage):
        raise LookupError("my message")


def test_errors_of_ops_say_where():
    x, s = dvector("x"), shared(np.zeros(2))
    f = function([x], Fails(2)(x), updates=[(s, s + x)])
    with pytest.raises(LookupError, match=r"^my message\nApply node that caused the error: Fails.*\n") as raised:
        f([1.0, 2.0])
    for part in ("Inputs shapes: [(2,)]", "Inputs values: [array([1., 2.])]", "Backtrace when the node is created"):
        assert part in str(raised.value)
    assert_array_equal(s.get_value(), [0, 0])


def test_ops_with_thunks():
    x = dvector("x")
    f = function([x], WithThunk()(x) * 2)
    assert_array_equal(f([1, 2]), [202, 204])
    assert_array_equal(f([1, 2]), [202, 204])
