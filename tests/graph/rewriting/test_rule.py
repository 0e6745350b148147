"""Equations as rules: repeated holes, commutative operands, what is left over in sums, conditions, exclusiveness."""

import pytest

from graph.rewriting.tiny import add, evaluate, holes, inverse, language, mul, neg, number, sub
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.rule import Rule

(x, y, z), table = holes("x y z")


def rule(pattern, replacement, **options):
    return Rule("rule", [pattern], replacement, table, language, **options)


def rewritten(out, *rules):
    inputs = [a, b, c]
    graph = FunctionGraph(inputs, [out], clone=False)
    values = [2.0, 3.0, 5.0]
    before = evaluate([out], inputs, values)
    Equilibrium(rules).rewrite(graph)
    graph.check_integrity()
    assert evaluate(graph.outputs, graph.inputs, values) == pytest.approx(before)
    return graph.outputs[0]


a, b, c = number("a"), number("b"), number("c")
DIFFERENCE = rule(sub(x, x), language_zero := number.make_constant(0.0))
DISTRIBUTE = rule(add(mul(x, y), mul(x, z)), mul(x, add(y, z)))
MINUS = rule(add(x, neg(y)), sub(x, y))


def test_a_repeated_hole_stands_for_one_variable():
    assert rewritten(sub(neg(a), neg(a)), DIFFERENCE) is language_zero
    assert rewritten(sub(neg(a), neg(b)), DIFFERENCE).owner.op == sub


@pytest.mark.parametrize(
    "out",
    [
        add(mul(a, b), mul(a, c)),
        add(mul(b, a), mul(a, c)),
        add(mul(a, b), mul(c, a)),
        add(mul(b, a), mul(c, a)),
    ],
)
def test_operands_of_commutative_functions_match_in_any_order(out):
    assert rewritten(out, DISTRIBUTE).owner.op == mul


def test_what_is_left_over_at_the_root_stays():
    out = rewritten(add(mul(a, b), c, mul(a, c)), DISTRIBUTE)
    assert out.owner.op == add
    assert {str(v.owner.op) if v.owner else str(v) for v in out.owner.inputs} == {"mul", "c"}


def test_a_hole_inside_takes_what_is_left_over():
    found = rewritten(inverse(add(a, neg(b), c)), rule(inverse(add(x, neg(y))), inverse(sub(x, y))))
    assert found.owner.inputs[0].owner.op == sub


def test_constants_match_by_value():
    assert rewritten(mul(a, 1.0), rule(mul(x, 1.0), x)) is a
    assert rewritten(mul(a, 1.5), rule(mul(x, 1.0), x)) is not a


def test_a_condition_sees_the_holes_that_it_names():
    only_a = rule(neg(neg(x)), x, when=lambda x: x.name == "a")
    assert rewritten(neg(neg(a)), only_a) is a
    assert rewritten(neg(neg(b)), only_a) is not b


def test_an_exclusive_rule_adds_no_work():
    exclusive = rule(inverse(neg(x)), neg(inverse(x)), exclusive=True)
    assert rewritten(inverse(neg(a)), exclusive).owner.op == neg
    inner = neg(a)
    assert rewritten(add(inverse(inner), inner), exclusive).owner.inputs[0].owner.op == inverse


def test_a_pattern_is_an_application():
    with pytest.raises(ValueError):
        rule(x, y)
    with pytest.raises(ValueError):
        rule(neg(number("stray")), x)
