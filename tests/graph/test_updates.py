"""Updates as a dict that notices contradictions."""

import pytest

from neano.graph.generic import generic
from neano.graph.shared import shared
from neano.graph.updates import OrderedUpdates


def test_keys_are_shared_variables():
    s = shared([])
    updates = OrderedUpdates([(s, 1)])
    assert updates[s] == 1
    with pytest.raises(TypeError, match="must inherit from SharedVariable"):
        updates[generic("x")] = 1
    with pytest.raises(TypeError, match="not by name"):
        updates.update(s=1)


def test_sums():
    a, b = shared([]), shared([])
    pairs = [(b, 2)]
    total = OrderedUpdates({a: 1}) + pairs
    assert list(total.items()) == [(a, 1), (b, 2)]
    assert list(({b: 2} + OrderedUpdates({a: 1})).items()) == [(b, 2), (a, 1)]
    total.update({a: 1}, None)
    assert len(total) == 2
    with pytest.raises(KeyError, match="Collision"):
        total.update({a: 3})
    with pytest.raises(KeyError, match="Collision"):
        OrderedUpdates({a: 1}) + OrderedUpdates({a: 2})
