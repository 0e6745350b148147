"""Every equation: both sides agree in high precision, stable ones in floats too, and the rule applies to its own pattern."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import neano.rewrites  # noqa: F401 - registers the rules
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.traverse import clone_replace
from neano.rewrites.phases import RULES
from neano.rewrites.rules import RANGES
from neano.tensor.type import TensorType
from rewrites.high_precision import evaluate, evaluate_exactly

CASES = [
    pytest.param(rule, expression, id=f"{rule.name}-{i}")
    for rule in RULES
    for i, expression in enumerate(rule.expressions)
]


def samples(rule, count=12):
    """Return values for the placeholders of a rule, from the intervals in which it holds."""
    generator = np.random.default_rng(len(rule.name))
    for _ in range(count):
        values = {}
        for variable in rule.holes:
            low, high = RANGES[variable]
            drawn = generator.uniform(low, high)
            whole = variable.type.dtype == "int64"
            values[variable] = float(np.round(drawn)) if whole else drawn
        yield values


def test_there_are_rules_and_their_names_differ():
    names = [rule.name for rule in RULES]
    assert len(names) > 60
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("rule", "expression"), CASES)
def test_both_sides_are_equal(rule, expression):
    for values in samples(rule):
        left, right = evaluate_exactly(expression, values), evaluate_exactly(rule.replacement, values)
        assert mpmath.almosteq(left, right, rel_eps=mpmath.mpf("1e-30"), abs_eps=mpmath.mpf("1e-30")), values


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in RULES if "stable" in rule.tags])
def test_the_right_side_is_precise_in_floats(rule):
    for values in samples(rule):
        exact = float(evaluate_exactly(rule.expressions[0], values))
        (found,) = evaluate([rule.replacement], {v: np.asarray(x, dtype=v.type.dtype) for v, x in values.items()})
        assert found == pytest.approx(exact, rel=1e-11, abs=1e-300), values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize(("rule", "expression"), CASES)
def test_the_rule_applies_to_its_own_pattern(rule, expression, rank, dtype):
    inputs = {
        hole: TensorType("int64" if hole.type.dtype == "int64" else dtype, (None,) * rank)(hole.name)
        for hole in rule.holes
    }
    (out,) = clone_replace([expression], inputs, rebuild_strict=False)
    graph = FunctionGraph(list(inputs.values()), [out], clone=False)
    Equilibrium([rule]).rewrite(graph)
    graph.check_integrity()
    assert graph.outputs[0] is not out
    assert graph.outputs[0].type == out.type
    (values,) = samples(rule, 1)
    arrays = {inputs[h]: np.full((2,) * rank, v, dtype=inputs[h].dtype) for h, v in values.items()}
    exact = float(evaluate_exactly(expression, {h: arrays[inputs[h]].reshape(-1)[0].item() for h in values}))
    (found,) = evaluate(graph.outputs, arrays)
    assert found.shape == (2,) * rank
    np.testing.assert_allclose(found, exact, rtol=1e-5 if dtype == "float32" else 1e-10, atol=1e-30)


def test_a_condition_or_a_shared_part_keeps_a_rule_from_applying():
    conditional = [rule for rule in RULES if rule.when is not None or rule.exclusive]
    assert conditional
    for rule in conditional:
        assert rule.depth >= 2
