"""The derivative of what is written where an index names an element more than once: only the last value is there."""

import numpy as np
import pytest

import neano
import neano.tensor as T
from neano.graph.traverse import ancestors
from neano.tensor.repeated_index import names_once

X, V, ROWS, COLUMNS = T.dmatrix("x"), T.dvector("v"), T.lvector("rows"), T.lvector("columns")
CASES = {
    "rows": lambda v: T.set_subtensor(X[ROWS], v.dimshuffle(0, "x")),
    "rows of constants": lambda v: T.set_subtensor(X[[0, 2, 0, -1]], v.dimshuffle(0, "x")),
    "elements": lambda v: T.set_subtensor(X[ROWS, COLUMNS], v),
    "columns": lambda v: T.set_subtensor(X[1:, ROWS], v),
    "increments": lambda v: T.inc_subtensor(X[ROWS, COLUMNS], v),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", ["FAST_RUN", neano.Mode("py", None)])
def test_gradients_are_slopes(name, mode):
    cost = (CASES[name](V) ** 2 * (1 + T.arange(15).reshape((3, 5)))).sum()
    function = neano.function(
        [X, V, ROWS, COLUMNS], [cost, *neano.grad(cost, [X, V])], mode=mode, on_unused_input="ignore"
    )
    rng = np.random.default_rng(0)
    x, v, rows, columns = rng.normal(size=(3, 5)), rng.normal(size=4), [0, 1, 0, 2], [1, 4, 1, 0]
    _, gx, gv = function(x, v, rows, columns)
    for gradient, base, at in ((gx, x, 0), (gv, v, 1)):
        for place in np.ndindex(base.shape):
            step = np.zeros(base.shape)
            step[place] = 1e-4
            ends = [
                function(*[b + s * step if k == at else b for k, b in enumerate((x, v))], rows, columns)[0]
                for s in (1, -1)
            ]
            np.testing.assert_allclose(gradient[place], (ends[0] - ends[1]) / 2e-4, rtol=1e-6, atol=1e-8)


def test_indices_that_name_each_element_once():
    mask = T.bmatrix("mask")
    assert names_once([T.constant(np.array([2, 0, 1]))])
    assert names_once([T.arange(X.shape[0])])
    assert names_once(mask.nonzero())
    assert not names_once([T.constant(np.array([2, -1]))])  # the same row of three
    assert not names_once([ROWS])
    assert not names_once([mask.nonzero()[0]])
    assert not names_once([T.arange(3), T.arange(3)[::-1]])


def test_no_work_for_them():
    gradient = neano.grad((T.set_subtensor(X[(X > 0).nonzero()], V) ** 2).sum(), V)
    assert not any("eq" in str(v.owner.op) for v in ancestors([gradient]) if v.owner)
