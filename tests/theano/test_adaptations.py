"""What is more than an alias in the package: walks, linkers, flags, products by Theano's names."""

import numpy as np
import pytest

import theano
import theano.tensor as T
from neano.config import config
from theano import configparser
from theano.gof import graph, link, vm


@pytest.fixture(autouse=True)
def _reference():
    with config.change_flags(backend="reference"):
        yield


def test_walks():
    x, y = T.dvectors("x", "y")
    product = x * y
    z = T.exp(product) + 1
    assert graph.inputs([z]) == [x, y, *graph.orphans([x, y], [z])]
    assert set(graph.ancestors([z], [product])) == set(graph.ancestors([z])) - {x, y}
    nodes = graph.io_toposort([x, y], [z])
    assert nodes[0].op == T.mul
    assert nodes[-1] is z.owner
    assert graph.list_of_nodes([x, y], [z]) == nodes
    assert graph.ops([product], [z]) == set(nodes) - {product.owner}
    everything, orphans = graph.variables_and_orphans([x, y], [z])
    assert set(graph.variables([x, y], [z])) == set(everything) >= {x, y, z, *orphans}
    assert graph.is_in_ancestors(z.owner, product.owner)
    assert not graph.is_in_ancestors(product.owner, z.owner)
    assert graph.view_roots(x.dimshuffle(0, "x")) == [x]
    (x2, y2), (z2,) = graph.clone([x, y], [z])
    assert graph.is_same_graph(z, z2, givens={x: x2, y: y2})
    assert not graph.is_same_graph(z, z2)
    kept, _ = graph.clone([x, y], [z], copy_inputs=False)
    assert kept == [x, y]


def test_nodes_are_ordered_as_asked():
    x = T.dvector("x")
    a, b = T.exp(x), T.log(x)
    assert graph.io_toposort([x], [a, b], orderings={a.owner: [b.owner]}) == [b.owner, a.owner]


@pytest.mark.parametrize(
    "linker", [link.PerformLinker(), link.CLinker(), link.OpWiseCLinker(), vm.VM_Linker(use_cloop=True)]
)
def test_linkers(linker):
    x = T.dscalar("x")
    assert theano.function([x], x + 1, mode=theano.Mode(linker, "fast_run"))(1) == 2


def test_linkers_that_keep_intermediates():
    assert vm.VM_Linker(allow_gc=False).allow_gc is False
    assert link.PerformLinker(allow_gc=False).allow_gc is False


def test_flags_of_ones_own():
    declare = configparser.AddConfigVar
    declare("mine.level", "How far.", configparser.IntParam(3, lambda value: value > 0))
    declare("mine.kind", "Which.", configparser.EnumStr("a", "b", "c"))
    declare("mine.name", "What.", configparser.StrParam("x", allow_override=False))
    declare("mine.share", "How much.", configparser.FloatParam(0.5))
    declare("mine.on", "Whether.", configparser.BoolParam(True))
    declare("mine.size", "How long.", configparser.TypedParam(2, int))
    declare("mine.text", "Longer.", configparser.ConfigParam("t", filter=str.upper))
    mine = theano.config.mine
    assert (mine.level, mine.kind, mine.name, mine.share, mine.on, mine.size) == (3, "a", "x", 0.5, True, 2)
    mine.text = "changed"
    assert mine.text == "CHANGED"
    with theano.change_flags(**{"mine.level": 5, "mine.kind": "c"}):
        assert (mine.level, mine.kind) == (5, "c")
    for path, value in (("mine.level", -1), ("mine.kind", "z"), ("mine.on", "maybe"), ("mine.size", "many")):
        with pytest.raises(ValueError):
            theano.config.set(path, value)
    with pytest.raises(Exception, match="name"):
        mine.name = "y"


def test_products():
    x, y = T.dmatrices("x", "y")
    a, b = np.arange(4.0).reshape(2, 2), np.ones((2, 2))
    assert np.array_equal(T.dot(a=x, b=y).eval({x: a, y: b}), a @ b)
    assert np.array_equal(theano.dot(l=x, r=y).eval({x: a, y: b}), a @ b)


def test_scalars_by_letters():
    x, y = theano.scalar.floats("xy")
    assert (x.name, y.dtype, theano.scalar.ints("n").dtype) == ("x", "float64", "int64")
    assert theano.scalar.complexs("ab")[1].dtype == "complex128"


def test_arrays_of_floatx():
    with theano.change_flags(floatX="float32"):
        assert theano._asarray([1, 2], dtype="floatX").dtype == np.float32
    assert theano._asarray([1, 2], dtype="int8", order="F").dtype == np.int8


def test_tensor_type_takes_patterns_as_theano_does():
    import theano.tensor as T

    assert T.TensorType("float64", (0, 1)).broadcastable == (False, True)
    assert T.TensorType("float64", [0] * 4)("x").ndim == 4
    assert T.TensorType("float64", (False, True)) == T.TensorType("float64", broadcastable=(0, 1)) == T.dcol().type
    assert T.TensorType("float32", (None, 3)).shape == (None, 3)
    assert T.tensor("int32", (1, 0), name="row").type.broadcastable == (True, False)
    assert isinstance(T.dmatrix().type, T.TensorType)
    assert not isinstance(T.dmatrix(), T.TensorType)
    assert T.TensorType("float64", ())().type == T.dscalar().type
