"""Merging: equal nodes and constants become one, at any depth, in time linear in the graph."""

import time

from graph.rewriting.tiny import add, evaluate, inverse, mul, neg, number
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.merge import MergeRewriter


def test_equal_nodes_become_one():
    x, y = number("x"), number("y")
    out = add(mul(neg(x), y), mul(neg(x), y))
    graph = FunctionGraph([x, y], [out])
    MergeRewriter().rewrite(graph)
    graph.check_integrity()
    assert len(graph.apply_nodes) == 3
    assert graph.outputs[0].owner.inputs[0] is graph.outputs[0].owner.inputs[1]


def test_equal_constants_become_one():
    x = number("x")
    out = add(mul(x, 2.0), inverse(mul(x, 2.0)), mul(x, 3.0))
    graph = FunctionGraph([x], [out])
    MergeRewriter().rewrite(graph)
    graph.check_integrity()
    assert sum(node.op == mul for node in graph.apply_nodes) == 2


def test_operands_in_another_order_are_another_node():
    x, y = number("x"), number("y")
    graph = FunctionGraph([x, y], [mul(x, y), mul(y, x)])
    MergeRewriter().rewrite(graph)
    assert len(graph.apply_nodes) == 2


def test_outputs_of_the_graph_merge():
    x = number("x")
    graph = FunctionGraph([x], [neg(x), neg(x)])
    MergeRewriter().rewrite(graph)
    graph.check_integrity()
    assert graph.outputs[0] is graph.outputs[1]


def test_two_chains_of_ten_thousand_nodes():
    x = number("x")
    outputs = []
    for _ in range(2):
        out = x
        for _ in range(5000):
            out = neg(add(out, 1.0))
        outputs.append(out)
    graph = FunctionGraph([x], outputs, clone=False)
    start = time.perf_counter()
    MergeRewriter().rewrite(graph)
    assert time.perf_counter() - start < 2.0
    graph.check_integrity()
    assert len(graph.apply_nodes) == 10000
    assert evaluate(graph.outputs, graph.inputs, [3.0]) == [3.0, 3.0]
