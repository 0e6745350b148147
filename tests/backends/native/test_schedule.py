"""The schedules of the shapes of work that everything else is made of, as texts that a reader can review.

After a deliberate change, `NEANO_UPDATE_GOLDEN=1 pytest tests/backends/native/test_schedule.py` writes the texts anew.
"""

import os
from pathlib import Path

import pytest

import neano.tensor as T
from neano.autodiff import grad
from neano.backends.native.ir import Loop
from neano.backends.native.printing import program_text
from neano.backends.native.schedule.printing import schedule_text
from neano.tensor.ranges import arange

from .running import program_of, schedule_of

GOLDEN = Path(__file__).parent / "golden"


def softmax(x):
    e = T.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy_with_gradient():
    x, labels = T.dmatrix("x"), T.lvector("labels")
    cost = -T.mean(T.log(softmax(x))[arange(x.shape[0]), labels])
    return [x, labels], [cost, grad(cost, x)]


def layer_normalisation(x):
    mean = x.mean(axis=1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    return (x - mean) / T.sqrt(variance + 1e-5)


def layer_normalisation_with_gradient():
    x, g = T.dmatrix("x"), T.dmatrix("g")
    y = layer_normalisation(x)
    return [x, g], [y, grad(None, x, known_grads={y: g})]


def hierarchical_regression():
    a, mean, log_sigma, log_noise = T.dvector("a"), T.dscalar("mean"), T.dscalar("log_sigma"), T.dscalar("log_noise")
    group, floor, y = T.lvector("group"), T.dvector("floor"), T.dvector("y")

    def normal(v, m, s):
        return -0.5 * ((v - m) / s) ** 2 - T.log(s) - 0.9189385332046727

    density = normal(a, mean, T.exp(log_sigma)).sum() + normal(y, a[group] + 0.5 * floor, T.exp(log_noise)).sum()
    wanted = [a, mean, log_sigma, log_noise]
    return [*wanted, group, floor, y], [density, *grad(density, wanted)]


def sums_over_both_axes():
    x = T.dmatrix("x")
    return [x], [x.sum(axis=0), x.max(axis=1)]


CASES = {
    "softmax": lambda: ([x := T.dmatrix("x")], [softmax(x)]),
    "cross_entropy_with_gradient": cross_entropy_with_gradient,
    "layer_normalisation": lambda: ([x := T.dmatrix("x")], [layer_normalisation(x)]),
    "layer_normalisation_with_gradient": layer_normalisation_with_gradient,
    "hierarchical_regression": hierarchical_regression,
    "sums_over_both_axes": sums_over_both_axes,
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name):
    inputs, outputs = CASES[name]()
    text = f"{schedule_text(schedule_of(inputs, outputs))}\n\n{program_text(program_of(inputs, outputs))}\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("NEANO_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def top_level_loops(name):
    return [statement for statement in program_of(*CASES[name]()).body if isinstance(statement, Loop)]


@pytest.mark.parametrize("name", ["softmax", "layer_normalisation", "sums_over_both_axes"])
def test_rows_are_one_pass(name):
    """Reductions of rows and the elementwise work on them share one loop over rows."""
    loops = [loop for loop in top_level_loops(name) if any(isinstance(inner, Loop) for inner in loop.body)]
    assert len(loops) == 1


@pytest.mark.parametrize(("name", "function", "times"), [("softmax", "exp", 1), ("hierarchical_regression", "exp", 2)])
def test_costly_functions_are_computed_once(name, function, times):
    assert program_text(program_of(*CASES[name]())).count(f"{function}<") == times
