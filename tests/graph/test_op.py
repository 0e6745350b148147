"""`Op` and `Apply`: equality by `__props__`, calling, defaults, errors."""

import pytest

from neano.graph.errors import MethodNotDefined
from neano.graph.op import Op, has_method
from neano.graph.variable import Apply

from .numbers import Add, Twin, add, number


def test_equality_by_props():
    assert Twin("a") == Twin("a")
    assert Twin("a") != Twin("b")
    assert hash(Twin("a")) == hash(Twin("a"))
    assert str(Twin("a")) == "Twin{label='a'}"
    assert str(Add()) == "Add"
    assert Add() != Twin("a")


def test_own_equality_is_kept():
    class Loner(Op):
        __props__ = ()

        def __eq__(self, other):
            return self is other

        __hash__ = Op.__hash__

    assert Loner() != Loner()


def test_call_gives_the_default_output():
    x = number("x")
    result = Twin("a")(x)
    assert result.index == 1
    assert Twin("a")(x, return_list=True)[0].index == 1
    assert add(x, name="sum").name == "sum"
    assert add(x, return_list=True)[0].owner.op is add


def test_types_of_inputs_and_outputs():
    class Next(Op):
        itypes = (number,)
        otypes = (number,)
        __props__ = ()

    result = Next()(5)
    assert result.owner.inputs[0].data == 5
    with pytest.raises(ValueError, match="takes 1 inputs"):
        Next()(1, 2)
    with pytest.raises(TypeError, match="expected an int"):
        Next()("no")


def test_missing_methods_say_so():
    class Empty(Op):
        __props__ = ()

    with pytest.raises(MethodNotDefined, match="make_node"):
        Empty()(1)
    for name in ("perform", "grad", "R_op", "infer_shape"):
        assert not has_method(Empty(), name)
    assert has_method(add, "perform")


def test_outputs_belong_to_one_node():
    x = number("x")
    out = add(x)
    with pytest.raises(ValueError, match="belongs to another node"):
        Apply(add, [x], [out])
    with pytest.raises(TypeError, match="must be variables"):
        Apply(add, [3], [number()])


def test_trace_names_the_line():
    frames = [(code.co_filename, code.co_name) for code, _ in add(number("x")).owner.trace]
    assert (__file__, "test_trace_names_the_line") in frames
    assert not any("neano" in filename and "src" in filename for filename, _ in frames)


def test_clone_with_new_inputs():
    x, y = number("x"), number("y")
    node = add(x, 1).owner
    node.outputs[0].name = "sum"
    copied = node.clone_with_new_inputs([y, y])
    assert copied.inputs == [y, y]
    assert copied.outputs[0].name == "sum"
    assert copied.outputs[0] is not node.outputs[0]
    with pytest.raises(ValueError, match="takes 2 inputs"):
        node.clone_with_new_inputs([y])
