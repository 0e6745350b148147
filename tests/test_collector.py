"""The garbage collector during imports: paused, and as it was afterwards."""

import gc
import weakref

import pytest

from neano.collector import paused


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


def test_errors_leave_it_enabled():
    with pytest.raises(ZeroDivisionError), paused():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_what_others_have_set_is_left():
    gc.disable()
    try:
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
    gc.freeze()
    try:
        with paused():
            assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
