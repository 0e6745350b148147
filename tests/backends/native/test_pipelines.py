"""Statements that run piece by piece of their first axis: which they are, and that it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

import neano
import neano.tensor as T
from neano import config
from neano.backends.native.emit import pipelines, ranges
from neano.backends.native.emit.pipelines import with_pipelines
from neano.backends.native.ir import Invoke, Program
from neano.backends.native.spec import check_program

RANDOM = np.random.default_rng(7)


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(ranges, "PIECE", 0)
    monkeypatch.setattr(ranges, "LEAST_PIECES", 1)
    with config.change_flags(cache_functions=False):
        yield


def attention(dtype="float64"):
    """Return the operands of attention, its value and gradients."""
    q, k, v, w = (T.TensorType(dtype, (False,) * 3)(name) for name in "qkvw")
    scores = T.batched_dot(q, k.dimshuffle(0, 2, 1))
    weights = T.nnet.softmax(scores.reshape((-1, scores.shape[2]))).reshape(scores.shape)
    cost = (T.batched_dot(weights, v) * w).sum()
    return [q, k, v, w], [cost, *neano.grad(cost, [q, k, v])]


def program_of(inputs, outputs) -> Program:
    return neano.function(inputs, outputs).stages.program


def members(inputs, outputs):
    """Return the routines (or "loop") of each pipeline of a function."""
    program, found = with_pipelines(program_of(inputs, outputs), 2**62)
    check_program(program)
    bodies = [program.body[each.start : each.stop] for each in found.values()]
    return [[each.routine if isinstance(each, Invoke) else "loop" for each in body] for body in bodies]


def compare(inputs, outputs, values, **options):
    """Check a function against the reference, with the same bits on any number of threads."""
    expected = neano.function(inputs, outputs, mode=neano.Mode("py", None), **options)(*values)
    native = neano.function(inputs, outputs, **options)
    found = []
    for threads in (1, 2, 3, 8):
        with config.change_flags(threads=threads):
            found.append(native(*values))
    for each in found:
        for a, b, c in zip(each, found[0], expected, strict=True):
            assert a.tobytes() == b.tobytes()
            np.testing.assert_allclose(a, c, rtol=1e-5 if a.dtype == np.float32 else 1e-11, atol=1e-5)


def test_attention_is_one_pipeline():
    gemm = "batched_gemm"
    assert members(*attention()) == [[gemm, gemm, "loop", gemm, gemm, gemm, gemm]]


@pytest.mark.parametrize("shape", [(1, 3, 4), (5, 7, 2), (33, 4, 3), (16, 1, 1), (6, 3, 0), (0, 3, 4)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_attention_in_pieces(small_pieces, dtype, shape):
    inputs, outputs = attention(dtype)
    compare(inputs, outputs, [RANDOM.standard_normal(shape).astype(dtype) for _ in inputs])


def test_large_attention_in_pieces():
    inputs, outputs = attention("float32")
    compare(inputs, outputs, [RANDOM.standard_normal((48, 64, 16)).astype("float32") for _ in inputs])


def test_operands_in_any_order_of_memory(small_pieces):
    inputs, outputs = attention()
    values = [np.asfortranarray(RANDOM.standard_normal((9, 5, 4)))[::-1] for _ in inputs]
    compare(inputs, outputs, values)


def test_what_looks_across_the_batch_stays_outside(small_pieces):
    x, y = T.dtensor3s("xy")
    product = T.batched_dot(x, y)
    mixed = T.batched_dot(T.exp(product - product.max(axis=0, keepdims=True)), y)
    turned = T.batched_dot(T.tanh(product)[::-1], y)
    shifted = T.batched_dot(T.concatenate([product[1:], product[:1]]), y)
    assert members([x, y], mixed) == [["loop", "batched_gemm"]]  # the maximum needs the whole first product
    assert members([x, y], shifted) == []
    values = [RANDOM.standard_normal((6, 4, 4)) for _ in "xy"]
    compare([x, y], [mixed, turned, shifted], values)


def test_indices_that_are_read_stay_outside(small_pieces):
    x, y, i = T.dtensor3("x"), T.dtensor3("y"), T.lvector("i")
    product = T.batched_dot(x, y)
    picked = T.batched_dot(T.tanh(product)[:, i], y)
    assert members([x, y, i], picked) == []
    values = [RANDOM.standard_normal((6, 4, 4)) for _ in "xy"]
    compare([x, y, i], [picked], [*values, np.array([3, 0, -1, 1])])
    f = neano.function([x, y, i], picked)
    for _ in range(20):
        with pytest.raises(IndexError):
            f(*values, [3, 0, 4, 1])


def test_results_of_a_pipeline_are_read_after_it(small_pieces):
    x, y = T.dtensor3s("xy")
    product = T.batched_dot(x, y)
    weights = T.nnet.sigmoid(product)
    again = T.batched_dot(weights, y)
    outputs = [product.sum(), again, weights.mean(axis=0), (again * product.sum()).max(axis=0), T.tanh(again)]
    compare([x, y], outputs, [RANDOM.standard_normal((7, 3, 3)) for _ in "xy"])


def test_batches_of_different_lengths(small_pieces):
    x, y = T.dtensor3s("xy")
    first = T.tanh(T.batched_dot(x, x.dimshuffle(0, 2, 1)))
    second = T.exp(-T.batched_dot(y, y.dimshuffle(0, 2, 1)))
    outputs = [T.batched_dot(first, x), T.batched_dot(second, y), first[:2] + second[:2]]
    compare([x, y], outputs, [RANDOM.standard_normal((5, 4, 3)), RANDOM.standard_normal((8, 4, 3))])


def test_updates_in_a_function_with_a_pipeline(small_pieces):
    x = T.dtensor3("x")
    start = RANDOM.standard_normal((4, 3, 3))
    given = RANDOM.standard_normal((4, 3, 3))
    found = []
    for mode in (None, neano.Mode("py", None)):
        state = neano.shared(start)
        product = T.batched_dot(T.tanh(T.batched_dot(x, state)), state)
        step = neano.function([x], product, updates=[(state, state - 0.1 * product)], mode=mode)
        found.append([step(given), step(given), state.get_value()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)


def test_errors_leave_nothing_behind(small_pieces):
    x, y = T.dtensor3s("xy")
    f = neano.function([x, y], T.batched_dot(T.tanh(T.batched_dot(x, y)), y))
    for _ in range(50):
        with pytest.raises(ValueError, match="batches have lengths 2 and 3"):
            f(np.ones((2, 3, 3)), np.ones((3, 3, 3)))
    assert f(np.ones((2, 3, 3)), np.ones((2, 3, 3))).shape == (2, 3, 3)


def test_statements_that_need_none_are_left_as_they_are(monkeypatch):
    x, y = T.dmatrices("xy")
    program = program_of([x, y], T.tanh(T.dot(x, y)).sum(axis=0))
    monkeypatch.setattr(pipelines, "_step", None)  # not even looked at
    assert with_pipelines(program, 2**62) == (program, {})
