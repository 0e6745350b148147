"""The worklist: to a fixed point, near-linear, merging and folding meanwhile; failures are told and harm nothing."""

import logging
import time

import pytest

from graph.rewriting.tiny import add, evaluate, inverse, mul, neg, number
from neano.config import config
from neano.graph.errors import InconsistencyError
from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.folding import constant_folding
from neano.graph.rewriting.rewriters import graph_rewriter, rewriter
from neano.graph.rewriting.trace import RewriteTrace


@rewriter(neg)
def double_negation(node):
    (x,) = node.inputs
    if x.owner is not None and x.owner.op == neg:
        return [x.owner.inputs[0]]
    return None


@rewriter(mul)
def times_one(fgraph, node):
    a, b = node.inputs
    for this, other in ((a, b), (b, a)):
        if getattr(other, "data", None) == 1.0:
            return [this]
    return None


def rewritten(inputs, outputs, *rewriters, **options):
    graph = FunctionGraph(inputs, outputs)
    Equilibrium(rewriters, **options).rewrite(graph)
    graph.check_integrity()
    return graph


def test_runs_to_a_fixed_point():
    x = number("x")
    out = neg(mul(neg(mul(neg(mul(neg(x), 1.0)), 1.0)), 1.0))
    graph = rewritten([x], [out], double_negation, times_one)
    assert graph.outputs == graph.inputs


def test_constants_fold_and_what_they_bring_is_rewritten():
    x = number("x")
    graph = rewritten([x], [mul(x, mul(add(1.0, 1.0), inverse(2.0)))], constant_folding, times_one)
    assert graph.outputs == graph.inputs


def test_what_fails_to_fold_stays():
    graph = rewritten([], [inverse(add(1.0, -1.0))], constant_folding)
    assert [node.op for node in graph.apply_nodes] == [inverse]


def test_new_nodes_merge_with_old_ones():
    x = number("x")
    out = add(neg(x), mul(neg(neg(neg(x))), 1.0))
    graph = rewritten([x], [out], double_negation, times_one)
    assert len(graph.apply_nodes) == 2


def test_new_nodes_carry_the_trace_and_name_of_what_they_replace():
    @rewriter(mul)
    def as_sum(node):
        return [add(node.inputs[0], node.inputs[0])] if getattr(node.inputs[1], "data", None) == 2.0 else None

    x = number("x")
    out = mul(x, 2.0)
    out.name = "twice"
    graph = rewritten([x], [out], as_sum)
    assert graph.outputs[0].owner.op == add
    assert graph.outputs[0].name == "twice"
    assert graph.outputs[0].owner.trace == out.owner.trace


@pytest.mark.parametrize("action", ["warn", "raise", "ignore"])
def test_a_failing_rewriter(action, caplog):
    @rewriter(neg)
    def broken(node):
        raise KeyError("broken")

    x = number("x")
    with config.change_flags(on_opt_error=action), caplog.at_level(logging.INFO):
        if action == "raise":
            with pytest.raises(KeyError):
                rewritten([x], [neg(neg(x))], broken, double_negation)
            return
        graph = rewritten([x], [neg(neg(x))], broken, double_negation)
    assert graph.outputs == graph.inputs
    assert ("broken" in caplog.text) == (action == "warn")


def test_a_wrong_offer_is_a_failure():
    @rewriter(neg)
    def wrong_length(node):
        return [node.inputs[0], node.inputs[0]]

    x = number("x")
    with config.change_flags(on_opt_error="raise"), pytest.raises(ValueError):
        rewritten([x], [neg(x)], wrong_length)


def test_rewriters_that_undo_each_other_are_stopped(caplog):
    @rewriter(neg)
    def to_product(node):
        return [mul(node.inputs[0], -1.0)]

    @rewriter(mul)
    def from_product(node):
        return [neg(node.inputs[0])]

    x = number("x")
    rewritten([x], [neg(x)], to_product, from_product)
    assert "is stopped" in caplog.text


def test_an_offer_equal_to_the_node_changes_nothing():
    calls = []

    @rewriter(neg)
    def same(node):
        calls.append(node)
        return [neg(node.inputs[0])]

    x = number("x")
    rewritten([x], [neg(x)], same)
    assert len(calls) == 1


def test_a_feature_may_forbid_a_replacement():
    class NoBareInput(Feature):
        def validate(self, fgraph):
            if any(v in fgraph.inputs for v in fgraph.outputs):
                raise InconsistencyError("an output would be an input")

    x = number("x")
    graph = FunctionGraph([x], [neg(neg(x))], features=[NoBareInput()])
    Equilibrium([double_negation]).rewrite(graph)
    graph.check_integrity()
    assert len(graph.apply_nodes) == 2


def test_replacements_by_dict():
    @rewriter(add)
    def of_operands(fgraph, node):
        return {v: v.owner.inputs[0] for v in node.inputs if v.owner is not None and v.owner.op == neg}

    x, y = number("x"), number("y")
    graph = rewritten([x, y], [add(neg(x), neg(y))], of_operands)
    assert graph.outputs[0].owner.inputs == graph.inputs


def test_graph_rewriters_take_part():
    @graph_rewriter
    def output_of_inverse(fgraph):
        node = fgraph.outputs[0].owner
        if node is not None and node.op == inverse:
            fgraph.replace(node.outputs[0], neg(node.inputs[0]), "inverse")

    x = number("x")
    assert rewritten([x], [inverse(neg(x))], double_negation, output_of_inverse).outputs[0].owner is None


def test_the_trace_tells_what_was_done(capsys):
    x = number("x")
    graph = FunctionGraph([x], [mul(neg(neg(x)), 1.0)])
    trace = RewriteTrace(prints=True)
    graph.attach_feature(trace)
    trace.on_phase(graph, "simplify")
    Equilibrium([double_negation, times_one]).rewrite(graph)
    assert sorted(trace.rules()) == ["double_negation", "times_one"]
    assert "simplify: double_negation: neg(neg(x)) -> x" in capsys.readouterr().out


@pytest.mark.parametrize("shape", ["chain", "tree", "fan"])
def test_ten_thousand_nodes(shape):
    x = number("x")
    if shape == "chain":
        out = x
        for _ in range(5000):
            out = mul(neg(neg(inverse(out))), 1.0)
    elif shape == "tree":
        level = [neg(neg(mul(x, float(i)))) for i in range(4096)]
        while len(level) > 1:
            level = [add(a, b) for a, b in zip(level[::2], level[1::2], strict=True)]
        (out,) = level
    else:
        shared = neg(neg(inverse(x)))
        out = add(*[mul(neg(neg(mul(shared, float(i)))), 1.0) for i in range(2500)])
    graph = FunctionGraph([x], [out], clone=False)
    expected = evaluate([out], [x], [3.0])
    start = time.perf_counter()
    Equilibrium([double_negation, times_one, constant_folding]).rewrite(graph)
    assert time.perf_counter() - start < 5.0
    graph.check_integrity()
    assert not any(node.op == neg for node in graph.apply_nodes)
    assert evaluate(graph.outputs, graph.inputs, [3.0]) == pytest.approx(expected)


def test_verbose_prints_and_nothing_is_left_on_the_graph(capsys):
    x = number("x")
    graph = FunctionGraph([x], [neg(neg(x))])
    before = set(vars(graph))
    with config.change_flags(optimizer_verbose=True):
        Equilibrium([double_negation]).rewrite(graph)
    assert "double_negation: neg(neg(x)) -> x" in capsys.readouterr().out
    assert set(vars(graph)) == before
    assert not graph._features
