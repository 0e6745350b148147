"""Each lowering, through the loop IR's interpreter, against the Op's own reference."""

import numpy as np
import pytest

import neano
import neano.tensor as T
from neano.backends.native.interpreter import interpret
from neano.compile.mode import Mode
from neano.tensor.diagonal import AllocDiag, ExtractDiag
from neano.tensor.indexing import inc_subtensor, set_subtensor
from neano.tensor.join import join, split, stack
from neano.tensor.patterned import Eye, Tri
from neano.tensor.ranges import arange
from neano.tensor.rebroadcast import addbroadcast
from neano.tensor.specify import specify_shape

from .running import assert_same, performed, program_of

RNG = np.random.default_rng(0)
MATRIX, OTHER = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))
VECTOR = RNG.normal(size=6)
ROWS = np.array([0, 2, -1, 2])
COLUMNS = np.array([0, -4, 3, 2])

x, y, v = T.dmatrix("x"), T.dmatrix("y"), T.dvector("v")
rows, columns, i = T.lvector("rows"), T.lvector("columns"), T.lscalar("i")

GRAPHS = {
    "elementwise": ([x, y], [x + y, x * y, x.T + y.T, x.T], [MATRIX, OTHER]),
    "broadcast": ([x, v], [x + v[:4], T.exp(v).dimshuffle(0, "x") * T.exp(v)], [MATRIX, VECTOR]),
    "choice": ([x], [T.switch(x > 0, x, -x), (x > 0).sum(axis=1)], [MATRIX]),
    "mixed dtypes": ([x, rows], [x[:4] + rows, rows * 2 // 3], [MATRIX, ROWS]),
    "slices": ([x], [x[1:, ::2], x[::-1, -1], x[2], x[1, 2], x[3:1], x[-2:, 1:-1]], [MATRIX]),
    "symbolic slices": ([x, i], [x[i], x[i:], x[:i], x[:, i::2], x[::i]], [MATRIX, np.array(-2)]),
    "set part": ([x, v], [set_subtensor(x[1:3, 1:], v[:3]), set_subtensor(x[:, 1], 5.0)], [MATRIX, VECTOR]),
    "increase part": (
        [x, v],
        [inc_subtensor(x[::2], v[:4]), inc_subtensor(inc_subtensor(x[0], 1.0)[1], 2.0)],
        [MATRIX, VECTOR],
    ),
    "gather": ([x, rows], [x[rows], x[:4][rows[:2] * 0], x[:, rows], x[rows, rows[::-1]]], [MATRIX, ROWS]),
    "gather of two": (
        [x, rows, columns],
        [x[rows, columns], x[rows.dimshuffle(0, "x"), columns]],
        [MATRIX, ROWS, COLUMNS],
    ),
    "computed indices": (
        [x, v],
        [x[arange(3), arange(3) + 1], set_subtensor(x[arange(3), 3 - arange(3)], v[:3]), x[arange(4) * 1, 0]],
        [MATRIX, VECTOR],
    ),
    "scatter rows": (
        [x, y, rows],
        [inc_subtensor(x[rows], y[:4]), set_subtensor(x[rows], y[:4])],
        [MATRIX, OTHER, ROWS],
    ),
    "scatter points": (
        [x, v, rows, columns],
        [
            inc_subtensor(x[rows, columns], v[:4]),
            set_subtensor(x[rows, columns], v[:4]),
            inc_subtensor(x[1:, columns], 1.0),
        ],
        [MATRIX, VECTOR, ROWS, COLUMNS],
    ),
    "reshape": (
        [x],
        [
            x.reshape((2, 10)),
            x.flatten(),
            x.reshape((-1,)) * 2,
            (x * 2).reshape((4, 5)).sum(axis=0),
            x.dimshuffle(0, "x", 1).reshape((5, 4)),
        ],
        [MATRIX],
    ),
    "extremes": ([x], [x.argmax(axis=1), x.argmax(), x.argmax(axis=0), x.max(axis=0), x.min()], [MATRIX]),
    "reductions": ([x], [x.sum(), x.prod(axis=0), x.min(axis=1), x.var(axis=0), x.std(), x.mean(axis=1)], [MATRIX]),
    "reductions of small dtypes": (
        [rows],
        [
            rows.astype("int8").sum(),
            rows.astype("uint8").prod(),
            rows.astype("float32").sum(),
            T.any(rows),
            T.all(rows),
        ],
        [ROWS],
    ),
    "three axes": (
        [x],
        [(x.dimshuffle(0, "x", 1) * x.dimshuffle("x", 0, 1)).sum(axis=a) for a in (0, 1, 2, (0, 2))],
        [MATRIX],
    ),
    "filled": (
        [x, v],
        [T.alloc(v[:4], 3, 4), T.zeros((2, 3)), T.ones_like(x), T.alloc(v, 2, v.shape[0])],
        [MATRIX, VECTOR],
    ),
    "joined": ([x, y], [join(0, x, y), join(1, x, y[:, :1], x), stack([x, y], axis=1)], [MATRIX, OTHER]),
    "split": ([x], [*split(x, [2, 3], 2, axis=0), split(x, [1, 3], 2, axis=1)[1] * 2], [MATRIX]),
    "ranges": ([i], [arange(i), arange(i, 10, 2), arange(1.5, 4.0, 0.5), arange(5, i, -1)], [np.array(3)]),
    "patterned": ([i], [Eye()(i, 4, 1), Tri()(i, i, -1)], [np.array(3)]),
    "diagonals": ([x], [ExtractDiag(1)(x), AllocDiag()(x[0]), AllocDiag(-2)(x[0]), AllocDiag(1)(x[0, :0])], [MATRIX]),
    "products": (
        [x, y, v],
        [T.dot(x, y.T), T.dot(x.T, y), T.dot(x, v[:4]), T.dot(v[:5], x), T.dot(v, v[::-1]), T.dot(x[::2], y[:3].T * 2)],
        [MATRIX, OTHER, VECTOR],
    ),
    "products of integers": (
        [rows, columns],
        [
            T.dot(rows, columns),
            T.dot(T.outer(rows, columns), rows),
            T.dot(T.outer(rows, rows).astype("int8"), T.outer(columns, rows).astype("int8")),
        ],
        [ROWS, COLUMNS],
    ),
    "products of mixed dtypes": ([x, rows], [T.dot(x, rows), T.dot(x.astype("float32"), rows)], [MATRIX, ROWS]),
    "batches": (
        [x, y],
        [
            T.batched_dot(x.dimshuffle(0, 1, "x"), y.dimshuffle(0, "x", 1)),
            T.batched_dot(x, y.dimshuffle(0, 1, "x")),
            T.batched_dot(x.dimshuffle(0, "x", 1), y),
        ],
        [MATRIX, OTHER],
    ),
    "shapes": ([x], [x.shape, x.shape[0] * 2, specify_shape(x, (5, 4)) + 1, addbroadcast(x[:1], 0) + x], [MATRIX]),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_lowering_agrees_with_reference(name):
    assert_same(*GRAPHS[name])


@pytest.mark.parametrize("name", GRAPHS)
def test_machine_code_agrees_with_reference(name):
    inputs, outputs, values = GRAPHS[name]
    f = neano.function(inputs, outputs, mode=Mode("cvm", None), on_unused_input="ignore")
    assert not f.stages.fallbacks
    for result, expected in zip(f(*values), performed(inputs, outputs, values), strict=True):
        assert result.dtype == expected.dtype
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in GRAPHS if "symbolic" not in name])
def test_lowering_of_empty_arrays(name):
    """Empty inputs give what the reference gives, or an error where it gives one."""
    inputs, outputs, values = GRAPHS[name]
    empty = [value[:0] if value.ndim else value for value in values]
    for output in outputs:
        needed = list(inputs)
        try:
            expected = performed(needed, [output], empty)[0]
        except (ValueError, IndexError, AssertionError):
            with pytest.raises(Exception):  # noqa: B017 - the interpreter raises the class that the program names
                interpret(program_of(needed, [output]), empty)
        else:
            (found,) = interpret(program_of(needed, [output]), empty)
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected)
