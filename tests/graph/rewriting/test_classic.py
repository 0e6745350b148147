"""Theano's ways of writing rewriters."""

import pytest

from graph.rewriting.tiny import add, inverse, mul, neg, number
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.classic import (
    EquilibriumOptimizer,
    LocalOptGroup,
    LocalOptimizer,
    OpKeyOptimizer,
    OpRemove,
    OpSub,
    Optimizer,
    PatternSub,
    SeqOptimizer,
    in2out,
    local_optimizer,
    optimizer,
    out2in,
)


def simplified(out, rewriter, inputs=None):
    graph = FunctionGraph(inputs or [x, y], [out], clone=False)
    rewriter.optimize(graph)
    graph.check_integrity()
    return graph.outputs[0]


x, y = number("x"), number("y")


def test_op_sub_and_remove():
    assert simplified(neg(x), in2out(OpSub(neg, inverse))).owner.op == inverse
    assert simplified(neg(neg(x)), out2in(OpRemove(neg))) is x
    assert simplified(add(neg(x), neg(y)), OpKeyOptimizer(OpSub(neg, inverse))).owner.inputs[1].owner.op == inverse


def test_pattern_sub():
    pattern = PatternSub((add, (neg, "a"), "b"), (neg, (add, "a", (neg, "b"))))
    found = simplified(add(neg(x), y), in2out(pattern, ignore_newtrees=True))
    assert found.owner.op == neg
    same = PatternSub((mul, "a", "a"), (inverse, "a"))
    assert simplified(mul(x, x), in2out(same)).owner.op == inverse
    assert simplified(mul(x, y), in2out(same)).owner.op == mul


def test_pattern_sub_constraints_constants_and_functions():
    constrained = PatternSub((neg, {"pattern": "a", "constraint": lambda v: v.name == "x"}), "a")
    assert simplified(neg(x), in2out(constrained)) is x
    assert simplified(neg(y), in2out(constrained)) is not y
    assert simplified(mul(x, 1.0), in2out(PatternSub((mul, "a", 1.0), "a"))) is x
    computed = PatternSub((neg, (neg, "a")), lambda a: inverse(a))
    assert simplified(neg(neg(x)), in2out(computed)).owner.op == inverse


def test_pattern_sub_minds_other_readers():
    def graph():
        inner = neg(x)
        return add(inverse(inner), inner)

    strict = PatternSub((inverse, (neg, "a")), (neg, (inverse, "a")))
    free = PatternSub((inverse, (neg, "a")), (neg, (inverse, "a")), allow_multiple_clients=True)
    assert simplified(graph(), in2out(strict)).owner.inputs[0].owner.op == inverse
    assert simplified(graph(), in2out(free)).owner.inputs[0].owner.op == neg


def test_local_optimizer_and_equilibrium():
    @local_optimizer([neg])
    def drop(node):
        assert node in node.fgraph.apply_nodes
        return [node.inputs[0]]

    assert simplified(neg(neg(neg(x))), EquilibriumOptimizer([drop], max_use_ratio=10)) is x
    assert simplified(neg(neg(x)), in2out(LocalOptGroup(drop))) is x
    with pytest.raises(ValueError):
        local_optimizer([])


def test_classes_of_ones_own():
    class Drop(LocalOptimizer):
        def tracks(self):
            return [neg]

        def transform(self, node):
            return [node.inputs[0]]

    class Outputs(Optimizer):
        def apply(self, fgraph):
            fgraph.replace(fgraph.outputs[0], inverse(fgraph.outputs[0].owner.inputs[0]))

    @optimizer
    def nothing(fgraph):
        pass

    assert simplified(neg(neg(x)), SeqOptimizer([Outputs(), nothing, in2out(Drop())])).owner.op == inverse
