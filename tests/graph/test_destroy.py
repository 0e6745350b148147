"""Ops that overwrite their inputs: the order that they force, and the graphs that cannot run."""

import pytest

from neano.graph.destroy import DestroyHandler, Supervisor, alias_root, destroyed_inputs, has_destroyers, view_root
from neano.graph.errors import InconsistencyError
from neano.graph.fgraph import FunctionGraph
from neano.graph.generic import generic
from neano.graph.op import Op
from neano.graph.variable import Apply


class Node(Op):
    """An Op of any number of generic inputs and outputs with the maps that it is given."""

    __props__ = ("label",)

    def __init__(self, label, outputs=1, view_map=None, destroy_map=None, **options):
        self.label = label
        self.count = outputs
        self.view_map = view_map or {}
        self.destroy_map = destroy_map or {}
        vars(self).update(options)

    def make_node(self, *inputs):
        return Apply(self, list(inputs), [generic() for _ in range(self.count)])


new = Node("new")
view = Node("view", view_map={0: [0]})
destroy = Node("destroy", destroy_map={0: [0]})


def graph(inputs, outputs):
    return FunctionGraph(inputs, outputs, features=[DestroyHandler()], clone=False)


def labels(fgraph):
    return [node.op.label for node in fgraph.toposort()]


def test_roots():
    x = generic("x")
    a = new(x)
    b = view(view(a))
    c = destroy(b)
    assert view_root(b) is a
    assert view_root(c) is c
    assert alias_root(c) is a
    assert alias_root(x) is x
    assert destroyed_inputs(c.owner) == [0]


def test_readers_come_first():
    x = generic("x")
    a = new(x)
    fgraph = graph([x], [destroy(a), Node("reader")(a), Node("reader of a view")(view(a))])
    order = labels(fgraph)
    assert has_destroyers(fgraph)
    assert order.index("destroy") > max(order.index("reader"), order.index("reader of a view"))
    fgraph.validate()


def test_readers_of_the_result_come_later():
    x = generic("x")
    a = new(x)
    d = destroy(a)
    order = labels(graph([x], [Node("late")(d), Node("early")(a)]))
    assert order.index("early") < order.index("destroy") < order.index("late")


@pytest.mark.parametrize("through", [lambda v: v, view])
def test_a_value_cannot_be_overwritten_twice(through):
    x = generic("x")
    a = new(x)
    fgraph = graph([x], [destroy(a), Node("destroy too", destroy_map={0: [0]})(through(a))])
    with pytest.raises(InconsistencyError, match="overwritten twice"):
        fgraph.validate()


def test_the_overwritten_value_can_be_overwritten_again():
    x = generic("x")
    fgraph = graph([x], [destroy(destroy(new(x)))])
    fgraph.validate()
    assert labels(fgraph) == ["new", "destroy", "destroy"]


def test_a_cycle_of_orders():
    x = generic("x")
    a, b = new(x), Node("other")(x)
    first = Node("first", destroy_map={0: [0]})(a, b)  # overwrites a and reads b
    second = Node("second", destroy_map={0: [0]})(b, a)  # overwrites b and reads a
    fgraph = graph([x], [first, second])
    with pytest.raises(InconsistencyError, match="cycle"):
        fgraph.validate()


def test_a_reader_of_both_values():
    x = generic("x")
    a = new(x)
    fgraph = graph([x], [Node("both")(destroy(a), a)])
    with pytest.raises(InconsistencyError):
        fgraph.validate()


def test_constants_stay():
    fgraph = graph([], [destroy(view(generic.make_constant([1])))])
    with pytest.raises(InconsistencyError, match="constant"):
        fgraph.validate()


def test_a_node_may_not_read_what_it_overwrites_unless_it_says_so():
    x = generic("x")
    a = new(x)
    adds = {"view_map": {}, "destroy_map": {0: [0]}}
    for second in (a, view(a)):
        with pytest.raises(InconsistencyError, match="reads the same memory"):
            graph([x], [Node("add", **adds)(a, second)]).validate()
    graph([x], [Node("add", **adds, destroyhandler_tolerate_same=[(0, 1)])(a, a)]).validate()
    graph([x], [Node("add", **adds, destroyhandler_tolerate_aliased=[(0, 1)])(a, view(a))]).validate()
    with pytest.raises(InconsistencyError):
        graph([x], [Node("add", **adds, destroyhandler_tolerate_same=[(0, 1)])(a, view(a))]).validate()


def test_protected_inputs():
    x, y = generic("x"), generic("y")
    fgraph = FunctionGraph([x, y], [destroy(view(x)), destroy(y)], features=[Supervisor([x])], clone=False)
    with pytest.raises(InconsistencyError, match=r"would overwrite .*not declared mutable"):
        fgraph.validate()
    FunctionGraph([x, y], [destroy(view(x))], features=[Supervisor([y])], clone=False).validate()


def test_a_replacement_that_cannot_run_is_undone():
    x = generic("x")
    a = new(x)
    kept = Node("kept")(a)
    fgraph = graph([x], [kept, destroy(a)])
    with pytest.raises(InconsistencyError):
        fgraph.replace_validate(kept, Node("second destroyer", destroy_map={0: [0]})(a))
    assert fgraph.outputs[0] is kept
    fgraph.check_integrity()


def test_one_handler_a_graph():
    x = generic("x")
    fgraph = graph([x], [new(x)])
    fgraph.attach_feature(DestroyHandler())
    assert len(fgraph._features) == 1
    assert not has_destroyers(fgraph)
    assert len(fgraph.clone()._features) == 1
