"""Random streams: the documented numbers, seeds and states, sizes and types, refusals, gradients."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neano.config import config
from neano.graph.null_type import NullType
from neano.graph.shared import shared
from neano.random import MRG_RandomStreams, RandomFunction, RandomStreams, mrg_uniform, random_state_type, raw_random
from neano.random.from_uniform import ChoiceFromUniform, MultinomialFromUniform
from neano.random.mrg_recurrence import JUMP_72, M1, draw, jumped, substreams
from neano.random.mrg_seed import guess_n_streams
from neano.tensor.convert import constant
from neano.tensor.type import TensorType
from tensor.op_checks import check_shapes, evaluate

COUNT, V, M, SIZE = (
    TensorType(d, [None] * n)() for d, n in (("int64", 0), ("float64", 1), ("float64", 2), ("int64", 1))
)


def value(variable: Any, given_values: dict[Any, Any] | None = None) -> Any:
    return evaluate([variable], given_values or {})[0]


# NumPy's generator


def test_documented_numbers() -> None:
    streams = RandomStreams(seed=234)
    first, second = streams.uniform((2, 2)), streams.normal((2, 2))
    np.testing.assert_allclose(value(first), [[0.12672381, 0.97091597], [0.13989098, 0.88754825]], atol=5e-9)
    seeds = np.random.RandomState(234)
    assert [int(seeds.randint(2**30)) for _ in range(2)] == [133003720, 999614367]
    np.testing.assert_array_equal(value(second), np.random.RandomState(999614367).normal(size=(2, 2)))
    for seed, wanted in ((123, [0.72803009, 0.59044123]), (987, [0.55056769])):
        draw_ = RandomStreams(seed).uniform(size=(1,))
        for number in wanted:
            np.testing.assert_allclose(value(draw_), [number], atol=5e-9)
            draw_.rng.set_value(evaluate([draw_.update[1]], {})[0])


def test_what_a_draw_carries() -> None:
    streams = RandomStreams(3)
    numbers = streams.uniform((2,))
    assert numbers.rng.type == random_state_type
    assert numbers.update == streams.state_updates[0] == streams.updates()[0]
    assert numbers.rng.default_update is numbers.update[1]
    assert str(numbers.owner.op) == "RandomFunction{uniform}"
    before = streams[numbers.rng].get_state()[1].copy()
    value(numbers)
    np.testing.assert_array_equal(streams[numbers.rng].get_state()[1], before)  # a draw works on a copy
    fresh = np.random.RandomState(7)
    streams[numbers.rng] = fresh
    np.testing.assert_array_equal(value(numbers), np.random.RandomState(7).uniform(size=2))
    with pytest.raises(KeyError):
        streams[numbers]
    with pytest.raises(KeyError):
        streams[numbers] = fresh


def test_seeding_again() -> None:
    streams = RandomStreams(5)
    draws = [streams.uniform((3,)), streams.uniform((3,))]
    first = [value(d) for d in draws]
    for d in draws:
        d.rng.set_value(evaluate([d.update[1]], {})[0])
    assert not np.array_equal(value(draws[0]), first[0])
    streams.seed()
    np.testing.assert_array_equal([value(d) for d in draws], first)
    streams.seed(6)
    np.testing.assert_array_equal(value(draws[1]), value(_second_of(RandomStreams(6))))
    late = streams.uniform((3,))  # the seeds' own generator was not touched
    other = RandomStreams(5)
    _second_of(other)
    np.testing.assert_array_equal(value(late), value(other.uniform((3,))))


def _second_of(streams: RandomStreams) -> Any:
    streams.uniform((3,))
    return streams.uniform((3,))


def test_shuffling_is_numpys() -> None:
    rows = np.arange(12).reshape(3, 4)
    streams = RandomStreams(8)
    shuffled = value(streams.shuffle_row_elements(constant(rows)))
    generator = np.random.RandomState(int(np.random.RandomState(8).randint(2**30)))
    expected = rows.copy()
    for row in expected:
        generator.shuffle(row)
    np.testing.assert_array_equal(shuffled, expected)
    assert len(streams.state_updates) == 1


@pytest.mark.parametrize(
    ("arguments", "shape", "broadcastable"),
    [
        ({"size": (2, 2)}, (2, 2), (False, False)),
        ({"size": ()}, (), ()),
        ({}, (), ()),
        ({"size": [3, 1]}, (3, 1), (False, True)),
        ({"size": np.array([2, 3])}, (2, 3), (False, False)),
        ({"size": (np.int64(2), COUNT)}, (2, 5), (False, False)),
        ({"low": V}, (4,), (False,)),
        ({"low": V, "high": M}, (2, 4), (False, False)),
        ({"size": (-1,), "low": V}, (4,), (False,)),
        ({"size": (2, -1), "low": V, "high": M}, (2, 4), (False, False)),
        ({"size": SIZE, "ndim": 3}, (2, 0, 3), (False,) * 3),
        ({"size": M.shape}, (2, 4), (False, False)),
    ],
    ids=str,
)
def test_sizes(arguments: dict[str, Any], shape: tuple[int, ...], broadcastable: tuple[bool, ...]) -> None:
    numbers = RandomStreams(1).uniform(**arguments)
    assert numbers.broadcastable == broadcastable
    values = {COUNT: np.asarray(5), V: np.zeros(4), M: np.ones((2, 4)), SIZE: np.array([2, 0, 3])}
    assert value(numbers, values).shape == shape
    check_shapes(numbers.owner, values)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda s: s.uniform(3), TypeError),
        (lambda s: s.uniform((2,), low=M), ValueError),
        (lambda s: s.uniform((2,), ndim=2), ValueError),
        (lambda s: s.uniform((-1, 2)), ValueError),
        (lambda s: s.uniform((-2,)), ValueError),
        (lambda s: s.uniform(SIZE), ValueError),
        (lambda s: s.uniform((2.5,)), TypeError),
        (lambda s: s.uniform((True,)), TypeError),
        (lambda s: s.uniform(V), TypeError),
        (lambda s: s.choice(), TypeError),
        (lambda s: s.poisson(lam=3), TypeError),
        (lambda s: s.poisson((2,)), TypeError),
        (lambda s: s.multinomial((2,), pvals=0.5), TypeError),
        (lambda s: s.uniform((2,), dtype="quad"), TypeError),
        (lambda s: raw_random.uniform(V, (2,)), TypeError),
    ],
)
def test_refused_while_building(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make(RandomStreams(0))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda s: s.uniform((3,), low=V), ValueError),
        (lambda s: s.random_integers((3,), low=0, high=V.astype("int64")), ValueError),
        (lambda s: s.uniform(SIZE, ndim=2), ValueError),
        (lambda s: s.multinomial((2,), n=4, pvals=[0.9, 0.9]), AssertionError),
        (lambda s: s.random_integers((2,), 3, 1), ValueError),
        (lambda s: s.choice((2,), a=M), ValueError),
    ],
)
def test_refused_at_run_time(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        value(make(RandomStreams(0)), {V: np.zeros(2), SIZE: np.array([1, 2, 3]), M: np.zeros((2, 2))})


def test_dtypes() -> None:
    streams = RandomStreams(0)
    assert streams.uniform((2,)).dtype == config.floatX
    assert streams.uniform(low=TensorType("float64", (None,))()).dtype == "float64"
    assert streams.uniform((2,), dtype="float32").dtype == "float32"
    for draw_ in (streams.binomial((2,)), streams.random_integers((2,)), streams.permutation((2,), n=3)):
        assert draw_.dtype == "int64"
    with config.change_flags(floatX="float32"):
        assert streams.normal((2,)).dtype == "float32"
        assert streams.normal(avg=TensorType("float64", (None,))()).dtype == "float64"


def test_gradient_is_undefined() -> None:
    node = RandomStreams(0).uniform((2,), low=V[0]).owner
    for cotangent in node.op.L_op(node.inputs, node.outputs, [V, V]):
        assert isinstance(cotangent.type, NullType)
    node = MRG_RandomStreams(1).uniform((2,)).owner
    assert all(isinstance(g.type, NullType) for g in node.op.L_op(node.inputs, node.outputs, [V, V]))


def test_random_states_as_values() -> None:
    generator = np.random.RandomState(0)
    variable = shared(generator)
    assert variable.get_value(borrow=True) is not generator
    assert shared(generator, borrow=True).get_value(borrow=True) is generator
    assert random_state_type.values_eq(variable.get_value(), generator)
    assert not random_state_type.values_eq(np.random.RandomState(1), generator)
    with pytest.raises(TypeError):
        variable.set_value(5)
    with pytest.raises(TypeError):
        random_state_type.filter(np.random.default_rng(0))
    assert pickle.loads(pickle.dumps(random_state_type)) == random_state_type
    again = copy.deepcopy(RandomStreams(4))
    assert value(again.uniform((2,))).shape == (2,)


def test_inplace_draws_advance_the_generator() -> None:
    generator = np.random.RandomState(3)
    state = shared(generator, borrow=True)
    op = RandomFunction("uniform", TensorType("float64", (None,)), inplace=True)
    moved, numbers = op(state, [2], 0.0, 1.0)
    assert op.destroy_map == {0: [0]}
    result = evaluate([moved, numbers], {})
    assert result[0] is generator
    np.testing.assert_array_equal(result[1], np.random.RandomState(3).uniform(size=2))


# MRG31k3p


def test_documented_mrg_numbers() -> None:
    numbers = MRG_RandomStreams(12345).uniform((2, 2))
    wanted = [[0.7353244530968368, 0.2585685825906694], [0.6940806899219751, 0.7705746139399707]]
    np.testing.assert_array_equal(value(numbers), wanted)
    streams = MRG_RandomStreams(234)
    np.testing.assert_array_equal(
        value(streams.uniform((2, 2))),
        [[0.44990408420562744, 0.3062468161806464], [0.7898354828357697, 0.8255442692898214]],
    )
    np.testing.assert_allclose(
        value(streams.uniform((4,))), [0.12257870, 0.48270514, 0.07152132, 0.22224461], atol=5e-9
    )
    normal = value(MRG_RandomStreams(234).normal((2, 2)))
    np.testing.assert_allclose(normal, [[0.31305340, 0.70311033], [-1.22451595, -1.36834341]], atol=5e-9)


@given(seed=st.integers(1, M1 // 2), streams=st.integers(1, 9), count=st.integers(0, 40), first=st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_each_stream_is_a_recurrence_of_its_own(seed: int, streams: int, count: int, first: int) -> None:
    states = substreams(np.full(6, seed, np.int32), streams)
    moved, numbers = draw(states, count, "float64")
    for stream in range(streams):
        alone, own = draw(states[stream : stream + 1], len(numbers[stream::streams]), "float64")
        np.testing.assert_array_equal(own, numbers[stream::streams])
        np.testing.assert_array_equal(alone[0], moved[stream])
    assert np.all((numbers > 0) & (numbers < 1))


def test_a_step_by_the_definition() -> None:
    """Compare with the recurrences as the paper gives them, in Python's integers."""
    words = [12345, 67890, 13579, 24680, 11111, 98765]
    states, numbers = draw(np.array([words], dtype=np.int32), 50, "float64")
    m1, m2 = 2**31 - 1, 2**31 - 21069
    x, y = words[:3], words[3:]
    for number in numbers:
        x = [(2**22 * x[1] + (2**7 + 1) * x[2]) % m1, *x[:2]]
        y = [(2**15 * y[0] + (2**15 + 1) * y[2]) % m2, *y[:2]]
        z = (x[0] - y[0]) % m1 or m1
        assert number == z * 2.0**-31
    assert states[0].tolist() == x + y


def test_jumps() -> None:
    start = np.array([[1, 2, 3, 4, 5, 6]], dtype=np.int32)
    ahead = substreams(start[0], 9)
    one_by_one = start
    for i in range(9):
        np.testing.assert_array_equal(ahead[i], one_by_one[0])
        one_by_one = jumped(one_by_one, JUMP_72)
    assert substreams(start[0], 0).shape == (0, 6)


@pytest.mark.parametrize(
    ("seed", "error"),
    [
        (0, ValueError),
        (2147462579, ValueError),
        (-1, ValueError),
        (1.5, TypeError),
        ("a", TypeError),
        (None, TypeError),
        (True, TypeError),
        ([1, 2, 3], TypeError),
        ([0, 0, 0, 1, 1, 1], ValueError),
        ([1, 1, 1, 0, 0, 0], ValueError),
        ([2147483647, 1, 1, 1, 1, 1], ValueError),
        ([1, 1, 1, 1, 1, 2147462579], ValueError),
    ],
    ids=str,
)
def test_bad_seeds(seed: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        MRG_RandomStreams(seed)


def test_numbers_of_streams() -> None:
    sizes = [(3, 4), [3, 4], (np.int64(3), 4), (1000, 1000), (), (2, 3), (7,), SIZE, (COUNT, 2)]
    assert [guess_n_streams(size) for size in sizes] == [2, 2, 15360, 15360, 1, 6, 1, 15360, 15360]
    with pytest.warns(UserWarning, match="streams"):
        guess_n_streams(SIZE, warn=True)


def test_what_an_mrg_draw_carries() -> None:
    streams = MRG_RandomStreams(12345)
    for numbers in (
        streams.uniform((2, 2)),
        streams.uniform((2,), low=1),
        streams.normal((3,)),
        streams.binomial((2,)),
    ):
        assert numbers.rstate.type == TensorType("int32", (None, None))
        assert numbers.update[0] is numbers.rstate
        assert numbers.rstate.default_update is numbers.update[1]
    states, moved, size, count = streams.state_updates[0]
    assert (states.get_value().shape, size, count) == ((4, 6), (2, 2), None)
    assert moved.owner.op == mrg_uniform(TensorType("float64", (2, 2)))
    assert streams.rstate.dtype == np.int32
    assert streams.default_instance_seed == 12345


def test_copying_states_between_streams() -> None:
    first, second = MRG_RandomStreams(123), MRG_RandomStreams(987)
    a, b = first.uniform((1,)), second.uniform((1,))
    assert value(a) != value(b)
    second.rstate = first.rstate
    for mine, other in zip(first.state_updates, second.state_updates, strict=True):
        other[0].set_value(mine[0].get_value())
    assert value(a) == value(b)
    assert value(first.uniform((1,))) == value(second.uniform((1,)))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda s: s.uniform([2, 2]), TypeError),
        (lambda s: s.uniform(2), TypeError),
        (lambda s: s.uniform((2.0,)), TypeError),
        (lambda s: s.uniform((0, 2)), ValueError),
        (lambda s: s.uniform((-1, 2)), ValueError),
        (lambda s: s.uniform(SIZE), ValueError),
        (lambda s: s.uniform((2,), foo=3), TypeError),
        (lambda s: s.uniform((2,), dtype="int32"), TypeError),
        (lambda s: s.uniform((2,), low=M), NotImplementedError),
        (lambda s: s.normal(SIZE), ValueError),
        (lambda s: s.normal((2,), foo=3), TypeError),
        (lambda s: s.binomial((2,), n=2), NotImplementedError),
        (lambda s: s.binomial(p=V), TypeError),
        (lambda s: s.multinomial(), TypeError),
        (lambda s: s.multinomial(size=(2,), pvals=M), ValueError),
        (lambda s: s.multinomial(pvals=M, ndim=2), ValueError),
        (lambda s: s.multinomial(pvals=V), NotImplementedError),
        (lambda s: s.choice(size=2, p=M), NotImplementedError),
        (lambda s: s.choice(size=2, p=M, a=3, replace=False), TypeError),
        (lambda s: s.choice(size=2, replace=False), TypeError),
        (lambda s: s.choice(size=2, p=V, replace=False), NotImplementedError),
        (lambda s: s.choice(size=(2,), p=M, replace=False), TypeError),
        (lambda s: s.choice(size=2, p=M, replace=False, ndim=2), ValueError),
    ],
)
def test_mrg_refuses(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make(MRG_RandomStreams(1))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda s: s.choice(size=5, p=M, replace=False), ValueError),
        (lambda s: s.multinomial(pvals=M, n=COUNT), ValueError),
        (lambda s: s.uniform(SIZE, ndim=1), ValueError),
        (lambda s: s.uniform(SIZE[:1], ndim=1), ValueError),
    ],
)
def test_mrg_refuses_at_run_time(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        value(make(MRG_RandomStreams(1)), {M: np.full((2, 2), 0.5), COUNT: np.asarray(-1), SIZE: np.array([-1, 2])})


def test_moments() -> None:
    streams = MRG_RandomStreams(9)
    assert abs(value(streams.uniform((100_000,))).mean() - 0.5) < 5e-3
    normal = value(streams.normal((100_001,), avg=2, std=3))
    assert abs(normal.mean() - 2) < 0.05
    assert abs(normal.std() - 3) < 0.05
    truncated = value(streams.truncated_normal((100_000,), std=1.5))
    assert abs(truncated.std() - 1.5) < 0.02
    assert np.abs(truncated).max() <= 2 * 1.5 / 0.8796256610342398
    assert abs(value(streams.binomial((100_000,), p=0.3)).mean() - 0.3) < 0.01


def test_sizes_of_normal_draws() -> None:
    streams = MRG_RandomStreams(2)
    for size, shape in (
        (3, (3,)),
        ([3, 2], (3, 2)),
        ((1, 2), (1, 2)),
        ((COUNT, 2), (5, 2)),
        (M.shape, (2, 3)),
        ((0,), (0,)),
        ((), ()),
    ):
        numbers = streams.normal(size, nstreams=4)
        assert value(numbers, {COUNT: np.asarray(5), M: np.zeros((2, 3))}).shape == shape
    assert streams.normal((1, 2)).broadcastable == (True, False)
    assert streams.normal((2,), avg=V).ndim == 1
    assert streams.uniform(SIZE, ndim=2).ndim == 2


def test_outcomes_keep_to_probabilities() -> None:
    op = MultinomialFromUniform("auto")
    assert op(M, V, 2).dtype == "float64"
    assert str(op(M, V).owner.op) == "MultinomialFromUniform{auto}"
    numbers = np.array([0.0, 0.999999999, 0.5, 0.1])
    counts = value(op(M, V, 2), {M: np.array([[0.5, 0.49999999], [1.0, 0.0]]), V: numbers})
    np.testing.assert_array_equal(counts, [[1, 1], [2, 0]])
    with pytest.raises(ValueError, match=r"unis\.shape"):
        value(op(M, V, 3), {M: np.full((2, 2), 0.5), V: numbers})
    with pytest.raises(NotImplementedError):
        op(V, V)
    with pytest.raises(TypeError):
        ChoiceFromUniform("float64")(M, V)
    repeated = ChoiceFromUniform("auto", replace=True)(M, V, 2)
    np.testing.assert_array_equal(value(repeated, {M: np.array([[0.0, 1.0]] * 2), V: numbers}), [[1, 1], [1, 1]])


def test_too_many_numbers() -> None:
    states = constant(np.ones((1, 6), dtype="int32"))
    for size in ([2**31], [2**16, 2**16]):
        with pytest.raises(ValueError, match="at most"):
            value(mrg_uniform.new(states, None, "float64", size)[1])
