"""`FunctionGraph`: who reads what, and changes that keep that right."""

import pytest

from neano.graph.errors import InconsistencyError, MissingInputError
from neano.graph.fgraph import AlreadyThere, Feature, FunctionGraph

from .numbers import Twin, add, number


class Watch(Feature):
    """Writes down what happens."""

    def __init__(self):
        self.events = []

    def on_import(self, fgraph, node, reason):
        self.events.append(("import", node))

    def on_prune(self, fgraph, node, reason):
        self.events.append(("prune", node))

    def on_change_input(self, fgraph, node, i, old, new, reason):
        self.events.append(("change", node, i, old, new))


class Refuse(Feature):
    """Finds no graph consistent in which a number is read."""

    def __init__(self, unwanted):
        self.unwanted = unwanted

    def validate(self, fgraph):
        if self.unwanted in fgraph:
            raise InconsistencyError("unwanted")


@pytest.fixture
def graph():
    x, y = number("x"), number("y")
    inner = add(x, y)
    outer = add(inner, x)
    return FunctionGraph([x, y], [outer], clone=False), x, y, inner, outer


def test_clients(graph):
    fgraph, x, _, inner, outer = graph
    assert set(fgraph.clients(x)) == {(inner.owner, 0), (outer.owner, 1)}
    assert fgraph.clients(outer) == [("output", 0)]
    assert fgraph.toposort() == [inner.owner, outer.owner]
    assert inner in fgraph
    assert inner.owner in fgraph
    fgraph.check_integrity()


def test_missing_input_is_named():
    x, y = number("x"), number("forgotten")
    with pytest.raises(MissingInputError, match="forgotten"):
        FunctionGraph([x], [add(x, y)])


def test_original_is_not_changed():
    x, y = number("x"), number("y")
    z = add(x, y)
    fgraph = FunctionGraph([x, y], [z])
    fgraph.replace(fgraph.outputs[0], fgraph.inputs[0])
    assert z.owner.inputs == [x, y]
    assert not fgraph.apply_nodes


def test_replacement_prunes_what_nobody_reads(graph):
    fgraph, x, y, inner, outer = graph
    watch = Watch()
    fgraph.attach_feature(watch)
    new = add(y, y)
    fgraph.replace(inner, new)
    fgraph.check_integrity()
    assert inner not in fgraph
    assert outer.owner.inputs == [new, x]
    assert ("import", new.owner) in watch.events
    assert ("prune", inner.owner) in watch.events
    assert ("change", outer.owner, 0, inner, new) in watch.events


def test_replacement_may_read_what_it_replaces(graph):
    fgraph, _, _, inner, outer = graph
    fgraph.replace(inner, add(inner, 1))
    fgraph.check_integrity()
    assert len(fgraph.apply_nodes) == 3
    assert outer.owner.inputs[0].owner.inputs[0] is inner


def test_refused_replacement_is_undone(graph):
    fgraph, x, y, inner, outer = graph
    unwanted = number.make_constant(7)
    fgraph.attach_feature(Refuse(unwanted))
    with pytest.raises(InconsistencyError, match="unwanted"):
        fgraph.replace_all_validate([(inner, add(y, unwanted)), (x, y)])
    fgraph.check_integrity()
    assert outer.owner.inputs == [inner, x]
    fgraph.replace_validate(x, y)
    assert inner.owner.inputs == [y, y]


def test_output_that_is_replaced(graph):
    fgraph, x, *_ = graph
    fgraph.replace(fgraph.outputs[0], x)
    assert fgraph.outputs == [x]
    assert not fgraph.apply_nodes
    fgraph.check_integrity()


def test_several_outputs_keep_a_node_while_one_is_read():
    x = number("x")
    first, second = Twin("a")(x).owner.outputs
    fgraph = FunctionGraph([x], [add(first, second)], clone=False)
    fgraph.replace(second, x)
    assert first.owner in fgraph
    fgraph.replace(first, x)
    assert first.owner not in fgraph
    fgraph.check_integrity()


def test_copies_are_apart(graph):
    fgraph, _, _, inner, _ = graph
    copied, equivalent = fgraph.clone_get_equiv()
    copied.replace(equivalent[inner], copied.inputs[0])
    assert len(copied.apply_nodes) == 1
    assert len(fgraph.apply_nodes) == 2


def test_feature_may_refuse_to_be_there_twice():
    class Single(Feature):
        def on_attach(self, fgraph):
            if any(isinstance(feature, Single) for feature in fgraph._features):
                raise AlreadyThere

    x = number("x")
    fgraph = FunctionGraph([x], [add(x)])
    fgraph.attach_feature(Single())
    fgraph.attach_feature(Single())
    assert len(fgraph._features) == 1


def test_broken_clients_are_noticed(graph):
    fgraph, x, *_ = graph
    fgraph._clients[x].clear()
    with pytest.raises(InconsistencyError, match="clients"):
        fgraph.check_integrity()


def test_replacing_a_constant_many_times_is_linear():
    """Two thousand readers of one variable, replaced one after the other."""
    x, y = number("x"), number("y")
    total = add(*[add(x, i) for i in range(2000)])
    fgraph = FunctionGraph([x, y], [total])
    for node, i in fgraph.clients(fgraph.inputs[0]):
        fgraph.change_input(node, i, fgraph.inputs[1])
    assert not fgraph.clients(fgraph.inputs[0])
    fgraph.check_integrity()
