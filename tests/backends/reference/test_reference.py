"""The reference backend: errors that say where, memory, state after errors, threads."""

import gc
import threading
import weakref

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neano.backends.reference import Program
from neano.compile import In, Mode, Out, function, shared
from neano.config import config
from neano.graph.op import Op
from neano.graph.variable import Apply
from neano.tensor import TensorType, dmatrix, dscalar, dvector, exp

REFERENCE = Mode("py", None)


class Failure(Op):
    """Raises the exception that it was made with."""

    __props__ = ("name",)

    def __init__(self, name, error):
        self.name = name
        self.error = error

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        raise self.error


class OddError(Exception):
    def __init__(self, number, detail):
        super().__init__(number, detail)
        self.number = number


def test_an_error_inside_a_node_says_where():
    x = dvector("x")
    y = x * 2
    failing = Failure("f", ValueError("my message"))(y)  # the line that is named
    f = function([x], failing + 1, mode=REFERENCE)
    with pytest.raises(ValueError, match=r"^my message\nApply node that caused the error: ") as raised:
        f(np.arange(7.0)[::2])
    text = str(raised.value)
    assert "Inputs types: [TensorType(float64, vector)]" in text
    assert "Inputs shapes: [(4,)]" in text
    assert "Inputs strides: [(8,)]" in text
    assert "Inputs values: [array([ 0.,  4.,  8., 12.])]" in text
    assert "Toposort index: 2" in text
    assert "Backtrace when the node is created" in text
    assert "test_an_error_inside_a_node_says_where" in text
    assert "the line that is named" in text
    assert "HINT" in text
    assert text.count("Apply node that caused the error") == 1


def test_large_values_are_not_shown_unless_asked_for():
    x = dvector("x")
    f = function([x], Failure("f", ValueError("my message"))(x), mode=REFERENCE)
    with pytest.raises(ValueError, match=r"Inputs values: \['not shown'\]"):
        f(np.zeros(6))
    with (
        config.change_flags(exception_verbosity="high"),
        pytest.raises(ValueError, match=r"Inputs values: .*0\., 0\., 0\."),
    ):
        function([x], Failure("g", ValueError("my message"))(x), mode=REFERENCE)(np.zeros(6))


@pytest.mark.parametrize("error", [OddError(3, "detail"), KeyError("key"), StopIteration(), ZeroDivisionError("zero")])
def test_the_class_and_the_attributes_of_an_error_stay(error):
    x = dvector("x")
    with pytest.raises(type(error)) as raised:
        function([x], Failure("f", error)(x), mode=REFERENCE)([1.0])
    assert raised.value is error
    assert "Apply node that caused the error" in str(error.args)
    if isinstance(error, OddError):
        assert error.number == 3


def test_an_error_at_the_second_call_speaks_of_the_second():
    x, y = dvector("x"), dvector("y")
    f = function([x, y], x + y, mode=REFERENCE)
    for lengths in ((2, 3), (4, 5)):
        with pytest.raises(ValueError, match=f"Inputs shapes: \\[\\({lengths[0]},\\), \\({lengths[1]},\\)\\]"):
            f(np.zeros(lengths[0]), np.zeros(lengths[1]))


def test_all_shared_values_stay_after_an_error():
    x = dvector("x")
    a, b = shared(np.zeros(1)), shared(np.zeros(1))
    f = function([x], [], updates=[(a, x), (b, Failure("f", ValueError("late"))(x))], mode=REFERENCE)
    with pytest.raises(ValueError, match="late"):
        f([5.0])
    assert_array_equal(a.get_value(), [0])
    assert_array_equal(b.get_value(), [0])


def test_intermediate_values_are_freed_during_the_call():
    alive = []

    class Watched(np.ndarray):
        pass

    class Make(Op):
        __props__ = ("number",)

        def __init__(self, number):
            self.number = number

        def make_node(self, x):
            return Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            gc.collect()
            alive.append(sum(reference() is not None for reference in made))
            output_storage[0][0] = np.zeros(3)
            made.append(weakref.ref(output_storage[0][0]))

    for allow_gc, most in ((True, 1), (False, 3)):
        made: list = []
        alive.clear()
        x = dvector("x")
        y = x
        for number in range(4):
            y = Make(number)(y)
        mode = REFERENCE.clone(link_kwargs={"allow_gc": allow_gc})
        function([x], y, mode=mode)([1.0])
        assert max(alive) == most


def test_results_keep_nothing_alive_and_share_nothing():
    x = dvector("x")
    f = function([x], [x, x[1:], x + 1], mode=REFERENCE)
    given = np.zeros(3)
    first, second, third = f(given)
    given += 5
    assert_array_equal(first, [0, 0, 0])
    assert_array_equal(second, [0, 0])
    reference = weakref.ref(third)
    del third
    gc.collect()
    assert reference() is None


def test_views_are_given_where_both_sides_borrow():
    x = dmatrix("x")
    given = np.zeros((2, 3))
    f = function([In(x, borrow=True)], Out(x.T, borrow=True), mode=REFERENCE)
    assert np.shares_memory(f(given), given)


def test_constants_cannot_be_changed_by_those_who_get_them():
    x = dscalar("x")
    constant = TensorType("float64", (2,)).make_constant(np.ones(2))
    f = function([x], [Out(constant, borrow=True), x], mode=REFERENCE)
    f(1)[0][:] = 7
    assert_array_equal(f(1)[0], [1, 1])


def test_threads_call_one_function():
    x = dvector("x")
    f = function([x], exp(x) * 2 + x, mode=REFERENCE)
    wrong = []

    def work(number):
        given = np.full(100, float(number) / 10)
        expected = np.exp(given) * 2 + given
        wrong.extend(number for _ in range(50) if not np.array_equal(f(given), expected))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_function_may_call_itself():
    x = dscalar("x")

    class Recurse(Op):
        __props__ = ()

        def make_node(self, v):
            return Apply(self, [v], [v.type()])

        def perform(self, node, inputs, output_storage):
            (value,) = inputs
            output_storage[0][0] = value if value <= 0 else f(value - 1) + value

    f = function([x], Recurse()(x * 1), mode=REFERENCE)
    assert f(4) == 10


def test_programs_are_of_the_graph_alone():
    x = dvector("x")
    f = function([x], x * 2 + 1, mode=REFERENCE)
    program = Program(f.spec)
    (result,) = program([np.ones(2)])
    assert_array_equal(result, [3, 3])
    assert [step.node for step in program.steps] == f.maker.fgraph.toposort()


def test_functions_without_nodes():
    x = dvector("x")
    assert_array_equal(function([x], x, mode=REFERENCE)([1.0]), [1])
    assert function([], [], mode=REFERENCE)() == []
