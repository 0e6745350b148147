"""Profiles of functions."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from neano.compile import Mode, function, shared
from neano.compile.profiling import ProfileStats, as_profile, print_global_stats
from neano.config import config
from neano.tensor import dvector, exp


def test_calls_are_counted_and_nothing_else_changes():
    x, s = dvector("x"), shared(np.zeros(2))
    f = function([x], [exp(x), s], updates=[(s, s + x)], profile=ProfileStats(atexit_print=False, message="title"))
    for k in range(3):
        first, old = f([0.0, 1.0])
        assert_allclose(first, np.exp([0.0, 1.0]))
        assert_array_equal(old, [0, k])
    assert f.profile.fct_callcount == 3
    assert f.profile.fct_call_time > 0
    assert f.profile.compile_time >= f.profile.linker_time > 0
    assert f.profile.nb_nodes >= 2
    text = io.StringIO()
    f.profile.summary(text)
    assert "Message: title" in text.getvalue()
    assert "Time in 3 calls" in text.getvalue()
    f.profile.reset()
    assert f.profile.fct_callcount == 0


def test_nodes_are_measured_on_the_reference():
    x = dvector("x")
    mode = Mode("py", None)
    f = function([x], exp(exp(x)), profile=ProfileStats(atexit_print=False), mode=mode)
    f([1.0])
    assert list(f.profile.apply_callcount.values()) == [1, 1]
    assert len(f.profile.op_time()) == 1
    text = io.StringIO()
    f.profile.summary(text, n_apply_to_print=1)
    assert sum("Elemwise{exp,no_inplace}" in line for line in text.getvalue().splitlines()) == 2


def test_what_asks_for_a_profile():
    assert as_profile(None, "name") is None
    assert as_profile(False, "name") is None
    given = ProfileStats(atexit_print=False)
    assert as_profile(given, "name") is given
    with pytest.raises(TypeError, match="profile is"):
        as_profile(3, "name")
    with pytest.raises(TypeError, match="no attribute"):
        ProfileStats(atexit_print=False, nothing=3)
    x = dvector("x")
    assert function([x], x).profile is None
    text = io.StringIO()
    print_global_stats(text)
    assert "Global stats" in text.getvalue()
    with config.change_flags(profile=False):
        assert function([x], x).profile is None
