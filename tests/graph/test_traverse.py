"""Walks over graphs and copies of them."""

import pytest

from neano.graph.errors import InconsistencyError
from neano.graph.traverse import (
    ancestors,
    clone,
    clone_replace,
    depends_on,
    equal_computations,
    explicit_inputs,
    roots,
    toposort,
    variables_between,
)

from .numbers import add, number

DEPTH = 20_000


def test_order_and_ancestors():
    x, y = number("x"), number("y")
    inner = add(x, y)
    outer = add(inner, x, 3)
    assert toposort([outer]) == [inner.owner, outer.owner]
    assert toposort([outer], [inner]) == [outer.owner]
    found = ancestors([outer])
    assert found.index(x) < found.index(inner) < found.index(outer)
    assert len(found) == len(set(found)) == 5
    assert set(explicit_inputs([outer])) == {x, y}
    assert inner in roots([outer], blockers=[inner])
    assert set(variables_between([x, y], [outer])) >= {x, y, inner, outer}


def test_dependence():
    x, y = number("x"), number("y")
    z = add(x, 1)
    assert depends_on([z], [x])
    assert not depends_on([z], [y])


def test_depth_is_no_limit():
    x = number("x")
    y = x
    for _ in range(DEPTH):
        y = add(y, 1)
    assert len(toposort([y])) == DEPTH
    assert len(ancestors([y])) == 2 * DEPTH + 1
    (x2,), (y2,) = clone([x], [y])
    assert len(toposort([y2])) == DEPTH
    assert equal_computations([y], [y2], [x], [x2])


def test_cycle_is_found():
    """A node that was made to depend on its own result, in one step or in several, is an error and no endless walk."""
    x = number("x")
    y = add(x)
    z = add(add(y))
    y.owner.inputs = [z]
    for variable in (y, z):
        with pytest.raises(InconsistencyError, match="cycle"):
            toposort([variable])


def test_clone_shares_nothing_that_changes():
    x = number("x")
    y = add(x, 2)
    y.tag.note = "kept"
    (x2,), (y2,) = clone([x], [y])
    assert x2 is not x
    assert y2.owner is not y.owner
    assert y2.tag.note == "kept"
    (same,), (y3,) = clone([x], [y], copy_inputs=False)
    assert same is x
    assert y3.owner.inputs[0] is x


def test_replacement_keeps_what_does_not_change():
    x, y, new = number("x"), number("y"), number("new")
    untouched, touched = add(y, 1), add(x, 1)
    (result,) = clone_replace([add(touched, untouched)], {x: new})
    assert result.owner.inputs[0].owner.inputs[0] is new
    assert result.owner.inputs[1] is untouched


def test_equal_computations():
    x, y = number("x"), number("y")
    assert equal_computations([add(x, 1)], [add(x, 1)])
    assert not equal_computations([add(x, 1)], [add(x, 2)])
    assert not equal_computations([add(x, 1)], [add(y, 1)])
    assert equal_computations([add(x, 1)], [add(y, 1)], [x], [y])
