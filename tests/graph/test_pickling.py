"""Pickles and deep copies of graphs: any depth, identities kept."""

import copy
import pickle
import time

import pytest

from neano.config import config
from neano.graph.fgraph import FunctionGraph
from neano.graph.generic import generic
from neano.graph.op import Op
from neano.graph.shared import shared
from neano.graph.traverse import ancestors, toposort
from neano.graph.variable import Apply

DEPTH = 20_000


class Step(Op):
    """Any number of generic inputs, one or two outputs."""

    __props__ = ("outputs",)

    def __init__(self, outputs=1):
        self.outputs = outputs

    def make_node(self, *inputs):
        return Apply(self, list(inputs), [generic() for _ in range(self.outputs)])


one, two = Step(), Step(2)


def dump_in_c(value):
    return pickle.loads(pickle.dumps(value))


def dump_in_python(value):
    return pickle.loads(pickle._dumps(value))


@pytest.mark.parametrize("duplicate", [dump_in_c, dump_in_python, copy.deepcopy])
def test_chains_of_any_length(duplicate):
    x = generic("x")
    y = x
    for _ in range(DEPTH if duplicate is dump_in_c else DEPTH // 10):
        y = one(y)
    started = time.perf_counter()
    copied = duplicate(y)
    assert time.perf_counter() - started < 10
    found = ancestors([copied])
    assert len(found) == len(ancestors([y]))
    assert found[0].name == "x"
    assert found[0] is not x


@pytest.mark.parametrize("duplicate", [dump_in_c, dump_in_python, copy.deepcopy])
def test_nodes_with_several_outputs(duplicate):
    x = generic("x")
    a = b = x
    for _ in range(300):
        a, b = two(a, b)
    first, second = duplicate([a, b])
    assert first.owner is second.owner
    assert (first.index, second.index) == (0, 1)
    assert first.owner.outputs == [first, second]
    assert len(toposort([first])) == 300


def test_identities_are_kept_between_objects():
    x, y = generic("x"), generic("y")
    a = one(x, y)
    b = one(a, x)
    loaded = dump_in_c({"list": [b, a, x], "node": b.owner, "y": y})
    b2, a2, x2 = loaded["list"]
    assert b2.owner is loaded["node"]
    assert b2.owner.inputs == [a2, x2]
    assert a2.owner.inputs == [x2, loaded["y"]]
    assert b2.owner.op == one


def test_a_node_first():
    x = generic("x")
    y = x
    for _ in range(3000):
        y = one(y)
    node, variable = dump_in_c([y.owner, y])
    assert variable.owner is node


def test_graphs():
    x = generic("x")
    y = x
    for _ in range(3000):
        y = one(y)
    fgraph = FunctionGraph([x], [y, y], update_mapping={1: 0})
    loaded = dump_in_c(fgraph)
    loaded.check_integrity()
    assert len(loaded.apply_nodes) == 3000
    assert loaded.outputs[0] is loaded.outputs[1]
    assert loaded.update_mapping == {1: 0}
    assert len(copy.deepcopy(fgraph).apply_nodes) == 3000


class Holder(Op):
    """An Op that holds a graph, as loops do."""

    __props__ = ()

    def __init__(self, inner):
        self.inner = inner

    def make_node(self, x):
        return Apply(self, [x], [generic()])


def test_graphs_inside_graphs():
    inner = generic("inner")
    deep = inner
    for _ in range(3000):
        deep = one(deep)
    y = generic("x")
    for _ in range(3):
        y = Holder(deep)(one(y))
    loaded = dump_in_c(y)
    assert len(ancestors([loaded.owner.op.inner])) == 3001
    assert loaded.owner.op.inner is loaded.owner.inputs[0].owner.inputs[0].owner.op.inner


def test_tags_traces_and_test_values():
    x = generic("x")
    x.tag.test_value = 3
    x.tag.mine = "kept"
    y = one(x)
    loaded = dump_in_c(y)
    assert loaded.owner.inputs[0].tag.test_value == 3
    frame, line = loaded.owner.trace[0]
    assert frame.co_filename == __file__
    assert (frame.co_name, line) == (y.owner.trace[0][0].co_name, y.owner.trace[0][1])
    assert dump_in_c(loaded).owner.trace == loaded.owner.trace
    with config.change_flags(pickle_test_value=False):
        bare = dump_in_c(y).owner.inputs[0]
    assert not hasattr(bare.tag, "test_value")
    assert bare.tag.mine == "kept"


def test_shared_variables_with_their_values():
    s = shared([1, 2], name="s")
    y = one(s)
    loaded, s2 = dump_in_c([y, s])
    assert loaded.owner.inputs[0] is s2
    assert s2.get_value() == [1, 2]
    s2.set_value([3])
    assert s.get_value() == [1, 2]
    assert s2.tag.trace[0][0].co_filename == __file__


def test_a_shallow_copy_refers_to_the_same_graph():
    x = generic("x")
    y = one(x)
    assert copy.copy(y).owner is y.owner
