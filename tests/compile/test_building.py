"""What `function` takes and refuses: inputs, outputs, updates, default updates, givens."""

import warnings
from collections import OrderedDict

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.compile import In, Out, clone, function, orig_function, rebuild_collect_shared, shared
from neano.config import config
from neano.graph.errors import InconsistencyError, MissingInputError, UnusedInputError
from neano.graph.null_type import NullType
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor import TensorType, constant, dmatrix, dscalar, dscalars, dvector, fscalar, fvector, iscalar, scalar

# Inputs


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda x, y, s: function(x, x), TypeError, "contained in a list"),
        (lambda x, y, s: function([constant(3)], x), TypeError, "Constants not allowed"),
        (lambda x, y, s: function([s], s), TypeError, "Cannot use a shared variable .s. as explicit input"),
        (lambda x, y, s: function([3], x), TypeError, "Unknown parameter type"),
        (lambda x, y, s: function([x, x], x), UnusedInputError, "used twice .* at indices 0 and 1"),
        (lambda x, y, s: function([x, y], x), UnusedInputError, "input variable at index 1 is not part .*: y"),
        (lambda x, y, s: function([x, y], x, on_unused_input="zz"), ValueError, "on_unused_input .* 'zz'"),
        (lambda x, y, s: function([x], x + y), MissingInputError, "y"),
        (
            lambda x, y, s: function([x], [x, 3]),
            TypeError,
            "Outputs must be theano Variable or Out instances. Received 3",
        ),
        (lambda x, y, s: function([x], 3), TypeError, "Outputs must be"),
        (lambda x, y, s: function([x], {1: x}), AssertionError, "must be strings"),
        (lambda x, y, s: function([x], [], updates=[(x, x + 1)]), TypeError, "update target must be a SharedVariable"),
        (lambda x, y, s: function([], [], updates=[(s, s + 1), (s, s + 2)]), ValueError, "already has an update"),
        (lambda x, y, s: function([], [], updates=[(s, dvector())]), TypeError, "An update must have the same type"),
        (lambda x, y, s: function([], [], updates=[(s, fscalar())]), TypeError, "An update must have the same type"),
        (lambda x, y, s: function([], [], updates=[(s,)]), ValueError, "unpack"),
        (lambda x, y, s: function([], [], updates=3), TypeError, "not iterable"),
        (
            lambda x, y, s: function([x], x + y, givens=[(x, y)]),
            RuntimeError,
            "replace variable 'x' through the `givens`",
        ),
        (lambda x, y, s: function([x], x + y, givens={3: y}), TypeError, "given keys must be Variable"),
        (lambda x, y, s: function([x], x + y, givens={y: dvector()}), TypeError, "TensorType"),
        (lambda x, y, s: function([x], x + y, givens={y: np.float32(2)}), TypeError, "float32"),
        (lambda x, y, s: function([x], x + y, givens={y: "a"}), TypeError, "Generic"),
        (
            lambda x, y, s: function([x], s, givens=[(s, y), (y, x)]),
            AssertionError,
            "can not have a new_v variable depend",
        ),
        (lambda x, y, s: function([], s, no_default_updates=3), TypeError, "either a bool or a list"),
        (lambda x, y, s: function([(x, 3)], x + s, updates=[(s, s + 1)]), NotImplementedError, "old semantics"),
        (lambda x, y, s: function([(x, 3)], x + y, givens={y: s}), NotImplementedError, "old semantics"),
        (lambda x, y, s: function([(x, 3, 4, 5)], x), TypeError, "tuple"),
        (lambda x, y, s: function([x], x, mode="no such mode"), ValueError, "No predefined mode exist"),
        (lambda x, y, s: function([x], x + 1, givens={s: NullType("for this reason")()}), TypeError, "NullType"),
    ],
)
def test_what_is_refused(make, error, text):
    x, y = dscalars("x", "y")
    with pytest.raises(error, match=text):
        make(x, y, shared(1.0, "s"))


def test_gradients_that_cannot_be_had_are_refused():
    x = dvector("x")
    with pytest.raises(TypeError, match=r"gradient that cannot be had\. for this reason"):
        function([x], [x, PassOn()(x, NullType("for this reason")())])


class PassOn(Op):
    """Gives its first input on."""

    __props__ = ()
    view_map = {0: [0]}  # noqa: RUF012

    def make_node(self, x, y):
        return Apply(self, [x, y], [x.type()])


def test_unused_inputs_can_be_allowed():
    x, y = dscalars("x", "y")
    with pytest.warns(UserWarning, match="not part of the computational graph"):
        f = function([x, y], x, on_unused_input="warn")
    assert f(1, 2) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert function([x, y], x, on_unused_input="ignore")(1, 2) == 1
    with config.change_flags(on_unused_input="ignore"):
        assert function([x, y], x)(1, 2) == 1


def test_inputs_as_tuples():
    x, y = dscalars("x", "y")
    assert function([(x, 3)], x)() == 3
    counter = function([((x, x + 1), 3)], x)
    assert [float(counter()) for _ in range(3)] == [3, 4, 5]
    assert function([("name", x, 3)], x)(name=5) == 5
    assert function([("name", x), y], x + y)(y=5, name=2) == 7
    assert orig_function([In(x), (y, 2)], x + y)(1) == 3


def test_an_input_may_be_computed_from_others():
    x, y = dscalars("x", "y")
    middle = x * 2
    f = function([middle], middle + 1)
    assert f(5) == 6
    assert function([x, middle], middle + x)(1, 10) == 11
    assert middle.owner is not None
    assert y.owner is None


def test_the_users_graph_stays_as_it_is():
    x = dvector("x")
    y = x + 1
    before = (y.owner, y.owner.op, list(y.owner.inputs))
    f = function([x], [y, y * 2])
    assert (y.owner, y.owner.op, list(y.owner.inputs)) == before
    assert y.owner not in f.maker.fgraph.apply_nodes
    assert f.maker.inputs[0].variable is x
    assert len(f.maker.fgraph.outputs) == 2


def test_a_given_input_object_can_be_used_again():
    x, s = dscalar("x"), shared(1.0)
    given, out = In(x, update=x * s, value=2.0), Out(x)
    first, second = function([given], out), function([given], out, givens={s: constant(10.0, dtype="float64")})
    assert [float(first()) for _ in range(3)] == [2, 2, 2]
    assert [float(second()) for _ in range(3)] == [2, 20, 200]


# Updates


def test_updates_see_old_values_and_happen_together():
    state, inc = shared(0), iscalar("inc")
    accumulator = function([inc], state, updates=[(state, state + inc)])
    assert accumulator(1) == 0
    assert state.get_value() == 1
    assert accumulator(300) == 1
    assert state.get_value() == 301
    state.set_value(-1)
    assert accumulator(3) == -1
    decrementor = function([inc], state, updates=[(state, state - inc)])
    assert decrementor(2) == 2
    assert state.get_value() == 0


def test_values_change_places():
    a, b = shared(np.array([1.0, 2.0])), shared(np.array([3.0, 4.0]))
    swap = function([], [a, b], updates=[(a, b), (b, a)])
    assert_array_equal(swap(), [[1, 2], [3, 4]])
    assert_array_equal(a.get_value(), [3, 4])
    assert_array_equal(b.get_value(), [1, 2])
    assert not np.shares_memory(a.get_value(borrow=True), b.get_value(borrow=True))
    swap()
    assert_array_equal(a.get_value(), [1, 2])


def test_a_result_is_not_the_new_value():
    s = shared(np.zeros(2))
    f = function([], s + 1, updates=[(s, s + 1)])
    result = f()
    result[:] = 9
    assert_array_equal(s.get_value(), [1, 1])


def test_two_targets_may_get_one_value():
    a, b, x = shared(np.zeros(2)), shared(np.zeros(2)), dvector("x")
    y = x * 2
    function([x], y, updates=[(a, y), (b, y)])(np.ones(2))
    a.get_value(borrow=True)[0] = 7
    assert_array_equal(b.get_value(), [2, 2])


@pytest.mark.parametrize("form", [list, tuple, OrderedDict, dict])
def test_forms_of_updates(form):
    s, x = shared(1.0), dscalar("x")
    f = function([x], [], updates=form([(s, s + x)]))
    assert f(2) == []
    assert s.get_value() == 3


def test_a_dict_of_several_updates_warns():
    a, b = shared(1.0), shared(2.0)
    with pytest.warns(UserWarning, match="OrderedDict"):
        function([], [], updates={a: a + 1, b: b + 1})()
    assert (a.get_value(), b.get_value()) == (2, 3)


def test_plain_values_are_converted_to_the_targets_type():
    s, v, g = shared(1.0), shared(np.zeros(2)), shared([1])
    function([], [], updates=[(s, 5), (v, np.ones(3, dtype="float32")), (g, [2])])()
    assert s.get_value() == 5
    assert s.get_value().dtype == np.float64
    assert_array_equal(v.get_value(), [1, 1, 1])
    assert g.get_value() == [2]


def test_broadcast_patterns_of_updates_must_agree():
    s = shared(np.zeros((1, 3)))
    row = TensorType("float64", (True, False))("row")
    with pytest.raises(TypeError, match="unbroadcast"):
        function([row], [], updates=[(s, row)])


# Default updates


def with_default_update():
    s = shared(0, "s")
    s.default_update = s + 1
    return s


def test_default_updates_apply_where_a_function_reads_the_variable():
    s, x = with_default_update(), dscalar("x")
    f = function([x], x + s)
    assert [float(f(1)) for _ in range(3)] == [1, 2, 3]
    function([x], x)(1)
    assert s.get_value() == 3


def test_default_updates_can_be_left_out():
    s, t = with_default_update(), with_default_update()
    function([], s + t, no_default_updates=True)()
    assert (s.get_value(), t.get_value()) == (0, 0)
    function([], s + t, no_default_updates=[s])()
    assert (s.get_value(), t.get_value()) == (0, 1)
    function([], s + t, no_default_updates=False)()
    assert (s.get_value(), t.get_value()) == (1, 2)


def test_explicit_updates_win():
    s = with_default_update()
    function([], s, updates=[(s, s + 10)])()
    assert s.get_value() == 10


def test_default_updates_are_found_in_updates_in_givens_and_in_each_other():
    s, t, x = with_default_update(), shared(0), scalar("x", dtype="int64")
    function([], [], updates=[(t, s * 1)])()
    assert s.get_value() == 1
    function([], x, givens=[(x, s * 1)])()
    assert s.get_value() == 2
    outer = shared(5)
    outer.default_update = outer + s
    function([], outer)()
    assert (outer.get_value(), s.get_value()) == (7, 3)


def test_a_given_value_may_not_read_what_is_updated_by_default_and_explicitly():
    s, x = with_default_update(), scalar("x", dtype="int64")
    with pytest.raises(ValueError, match="default update"):
        function([], x + s, givens=[(x, s * 1)], updates=[(s, s + 2)])


def test_a_default_update_of_another_type_is_refused():
    s = shared(0)
    s.default_update = dscalar()
    with pytest.raises(TypeError, match="An update must have the same type"):
        function([], s)


# Givens


def test_givens_replace_any_variable():
    state, inc = shared(5), iscalar("inc")
    foo = scalar(dtype=state.dtype)
    f = function([inc, foo], state * 2 + inc, givens=[(state, foo)])
    assert f(1, 3) == 7
    assert state.get_value() == 5
    x, y = dscalars("x", "y")
    middle = x + 1
    assert function([y], middle * 2, givens={middle: y})(5) == 10
    assert function([y], x * 2, givens={x: y + 1})(5) == 12


def test_given_values_are_shared_variables():
    x, y = dvector("x"), dscalar("y")
    f = function([], x * y, givens=[(x, np.array([1.0, 2.0])), (y, 2.0)])
    assert_array_equal(f(), [2, 4])
    assert len(f.get_shared()) == 2


def test_givens_reach_updates():
    s, x = shared(1.0), dscalar("x")
    function([], [], updates=[(s, s + x)], givens={x: np.float64(4)})()
    assert s.get_value() == 5


def test_a_variable_may_be_replaced_by_a_function_of_itself():
    x = dscalar("x")
    copied = clone(x * 10 + (x + 1), replace={x: x + 1})
    assert function([x], copied)(1) == 23


def test_givens_of_another_type_rebuild_the_graph():
    x, v = dscalar("x"), fvector("v")
    assert function([v], x * 2, givens={x: v}, rebuild_strict=False)([1, 2]).dtype == np.float32
    with pytest.raises(TypeError):
        function([v], x * 2, givens={x: v})


def test_clone_and_rebuild():
    x, y = dscalars("x", "y")
    s = shared(3.0)
    z = x + s
    assert function([y], clone(z, replace={x: y}))(1) == 4
    alone = clone([z, z * 2], share_inputs=False)
    assert len(alone) == 2
    assert alone[0].owner.inputs[0] is not x
    inputs, outputs, (copies, updates, values, shared_found) = rebuild_collect_shared(
        [Out(z, borrow=True)], inputs=[x], updates=[(s, s + 1)]
    )
    assert inputs == [x]
    assert outputs[0].borrow
    assert copies[z] is outputs[0].variable
    assert list(updates) == [s]
    assert len(values) == 1
    assert shared_found == [s]


# Ops that overwrite


class AddOneInPlace(Op):
    """Adds one to its input, in the input's own memory."""

    __props__ = ()
    destroy_map = {0: [0]}  # noqa: RUF012

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        inputs[0] += 1
        output_storage[0][0] = inputs[0]


def test_ops_that_overwrite_must_be_asked_for():
    x = dvector("x")
    with pytest.raises(TypeError, match="Graph must not contain inplace operations"):
        function([x], AddOneInPlace()(x * 2))
    assert_array_equal(function([x], AddOneInPlace()(x * 2), accept_inplace=True)([1, 2]), [3, 5])


def test_inputs_are_not_overwritten_unless_they_are_mutable():
    x = dvector("x")
    with pytest.raises(InconsistencyError, match="not declared mutable"):
        function([x], AddOneInPlace()(x), accept_inplace=True)
    given = np.zeros(2)
    f = function([In(x, mutable=True)], AddOneInPlace()(x), accept_inplace=True)
    assert_array_equal(f(given), [1, 1])


def test_readers_come_before_the_node_that_overwrites():
    x = dvector("x")
    y = x * 2
    overwritten = AddOneInPlace()(y)
    f = function([x], [overwritten, y, y.sum() + overwritten.sum()], accept_inplace=True)
    first, second, total = f(np.ones(3))
    assert_array_equal(first, [3, 3, 3])
    assert_array_equal(second, [2, 2, 2])
    assert total == 15


def test_an_overwritten_shared_value_is_restored_after_an_error(backend):
    s, m = shared(np.zeros(2)), dmatrix("m")
    f = function([m], m + m.T, updates=[(s, AddOneInPlace()(s))], accept_inplace=True)
    f(np.zeros((2, 2)))
    assert_array_equal(s.get_value(), [1, 1])
    if backend == "reference":
        with pytest.raises(ValueError):
            f(np.zeros((2, 3)))
        assert_array_equal(s.get_value(), [1, 1])


def test_arguments_that_share_memory_with_one_that_is_overwritten_are_separate():
    x, y = dvector("x"), dvector("y")
    f = function([In(x, mutable=True), y], [AddOneInPlace()(x), y * 1], accept_inplace=True)
    given = np.zeros(3)
    first, second = f(given, given)
    assert_array_equal(first, [1, 1, 1])
    assert_array_equal(second, [0, 0, 0])
