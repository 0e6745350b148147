"""The garbage collector during imports: paused, and as it was afterwards."""

import gc
import traceback
import weakref

import pytest

import neano
import neano.tensor as T
from neano.collector import paused, undisturbed


class Node:
    """Something that can stand in a cycle."""


def test_what_was_made_is_collected_later_like_anything_else():
    with paused():
        assert not gc.isenabled()
        node = Node()
        node.itself = node
        seen = weakref.ref(node)
        del node
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert seen() is not None
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize("without", [paused, undisturbed])
def test_errors_leave_it_enabled(without):
    with pytest.raises(ZeroDivisionError), without():
        1 / 0  # noqa: B018
    assert gc.isenabled()


@pytest.mark.parametrize("without", [paused, undisturbed])
def test_what_others_have_set_is_left(without):
    gc.disable()
    try:
        with without():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_no_collection_while_a_function_is_compiled():
    x = T.dvector("x")
    value = x
    for k in range(300):
        value = T.sin(value * x + k)
    seen = []
    gc.collect()

    def watch(phase, info):
        seen.append("_link" in [frame.name for frame in traceback.extract_stack()])

    gc.callbacks.append(watch)
    try:
        neano.function([x], value, mode=neano.Mode(backend="reference"))
    finally:
        gc.callbacks.remove(watch)
    assert gc.isenabled()
    assert seen
    assert not any(seen)


def test_what_others_have_frozen_stays_frozen():
    gc.freeze()
    try:
        with paused():
            assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
