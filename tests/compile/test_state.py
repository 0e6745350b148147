"""What functions keep between calls: defaults, updates of inputs, values read and set from outside."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.compile import In, function, shared
from neano.graph.shared import Container
from neano.tensor import dscalar, dscalars, dvector


def test_an_input_with_an_update_keeps_it():
    x, s, u = dscalars("x", "s", "u")
    increment = function([u, In(x, value=3), In(s, update=s + x * u, value=10.0)], [])
    increment(5)
    assert increment[s] == 25.0
    increment(3, 4)
    assert increment[s] == 37.0
    assert increment[x] == 3
    increment(3, 4, 7)
    assert increment[s] == 19.0
    increment["s"] = 1
    increment(1)
    assert increment["s"] == 4


def test_values_are_read_and_set():
    x, y, w = dscalars("x", "y", "w")
    s = shared(5.0, "s")
    f = function([x, In(y, value=1), In(w, value=2, name="by_name")], (x + y) * w + s)
    assert f["y"] == f[y] == f[1] == f.value["y"] == f.container["y"].value == 1
    assert f["x"] is None
    assert f["s"] == f[s] == 5
    assert isinstance(f.container["x"], Container)
    assert len(f.container) == 4
    assert "x" in f
    assert y in f
    assert 0 in f
    assert "w" not in f
    assert "by_name" in f.value
    with pytest.raises(TypeError, match="Unknown input or state: w"):
        f["w"]
    with pytest.raises(TypeError, match=r"Unknown input or state: zz\. The function has 3 named inputs"):
        f["zz"] = 3
    with pytest.raises(TypeError, match="Wrong number of dimensions"):
        f["y"] = [1, 2]
    with pytest.raises(TypeError, match="Unknown input or state"):
        f[[]]


def test_a_value_that_is_set_holds_for_one_call():
    x, y = dscalars("x", "y")
    f = function([x, In(y, value=1)], x + y)
    f["y"] = 5
    assert f["y"] == 5
    assert f(33) == 38
    assert f["y"] == 1
    assert f(33) == 34


def test_a_required_input_is_not_given_by_setting_it():
    x, y = dscalars("x", "y")
    f = function([x, y], x + y)
    f["x"] = 3
    assert f["x"] == 3
    with pytest.raises(TypeError, match="Missing required input: x"):
        f()


def test_setting_a_shared_value_sets_the_variable():
    x, s = dscalar("x"), shared(3.0, "s")
    f = function([x], x + s)
    f["s"] = 7.0
    assert s.get_value() == 7
    assert f(1) == 8
    with pytest.raises(TypeError):
        f["s"] = [1.0]


def test_names_that_several_inputs_have_are_ambiguous():
    one, other = dscalar("x"), dscalar("x")
    f = function([one, other], one + other)
    assert "x" in f
    with pytest.raises(TypeError, match="Ambiguous name: x"):
        f["x"]
    with pytest.raises(TypeError, match="Ambiguous name: x"):
        f["x"] = 1
    f[one] = 2
    assert f[0] == 2


def test_a_container_as_value_is_shared_between_functions():
    x, state = dscalars("x", "state")
    container = Container(state, [np.array(1.0)])
    add = function([x, In(state, value=container, update=state + x)], state)
    double = function([In(state, value=container, update=state * 2)], state)
    assert add(4) == 1
    assert double() == 5
    assert container.value == 10
    with pytest.raises(TypeError, match="implicit"):
        add(1, 2)


def test_a_default_array_stays_as_it_is():
    v = dvector("v")
    default = np.array([1.0, 2.0])
    f = function([In(v, value=default, mutable=True)], v * 2)
    assert_array_equal(f(), [2, 4])
    assert_array_equal(f(), [2, 4])
    assert_array_equal(default, [1, 2])


@pytest.mark.parametrize("value", ["a", [1, 2]])
def test_a_default_that_does_not_fit_is_refused(value):
    x = dscalar("x")
    with pytest.raises(TypeError):
        function([In(x, value=value)], x)


def test_an_update_of_another_type_is_refused():
    x = dscalar("x")
    with pytest.raises(TypeError, match="an update of type"):
        In(x, update=dvector())
    with pytest.raises(AssertionError, match="mutable=True, borrow=False"):
        In(x, mutable=True, borrow=False)
