"""No copies where none are needed: what a function allocates, calls and loops over, for slices, transposes, joins and gathers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import neano
import neano.tensor as T
from neano.backends.native.ir import Alloc, Invoke, Loop
from neano.backends.native.traverse import statements

A, B, C = T.dmatrix("a"), T.dmatrix("b"), T.dtensor3("c")
V, W, AT = T.dvector("v"), T.dvector("w"), T.lvector("i")

CASES: dict[str, tuple[Callable[[], Any], int, int, tuple[str, ...]]] = {
    "slices": (lambda: A[1:-1, ::2] + 1, 1, 1, ()),
    "slices of slices": (lambda: A[1:][:, 3:][::-1] * 2, 1, 1, ()),
    "neighbours": (lambda: A[1:-1, 2:] + A[1:-1, :-2] + A[2:, 1:-1] - 4 * A[1:-1, 1:-1], 1, 1, ()),
    "transposed": (lambda: A.T + B, 1, 1, ()),
    "axes in another order": (lambda: C.dimshuffle(2, 0, 1) * 2, 1, 1, ()),
    "stretched": (lambda: V[:, None] * W + A, 1, 1, ()),
    "joined": (lambda: T.concatenate([V, W]), 1, 2, ()),
    "joined results": (lambda: T.concatenate([T.exp(V), W * 2, V - W]), 1, 3, ()),
    "stacked": (lambda: T.stack([V, W * 2]), 1, 2, ()),
    "gathered": (lambda: V[AT] * 2 + 1, 1, 2, ()),
    "gathered rows": (lambda: (A[AT] * 2).sum(axis=1), 1, 2, ()),
    "gathered twice": (lambda: V[AT] * W[AT], 1, 2, ()),
    "one element a row": (lambda: A[T.arange(AT.shape[0]), AT] * 2, 1, 2, ()),
    "chosen": (lambda: T.switch(A > 0, A, B), 1, 1, ()),
    "reshaped": (lambda: (A * 2).reshape((-1,)), 1, 1, ()),
    "diagonal": (lambda: T.diagonal(A) + 1, 1, 1, ()),
    "product of a transposed": (lambda: T.dot(A.T, B), 1, 0, ("gemm",)),
    "product of slices": (lambda: T.dot(A[1:], B[:, 1:]), 1, 0, ("gemm",)),
    "product with a transposed vector's slice": (lambda: T.dot(A.T, V[1:]), 1, 0, ("gemv",)),
    "written into a copy": (lambda: T.set_subtensor(A[0], 0.0), 1, 2, ()),
    "scattered into zeros": (lambda: T.inc_subtensor(T.zeros_like(V)[AT], W), 1, 3, ()),
    "two results of one pass": (lambda: [A + B, (A + B).sum(axis=1)], 2, 1, ()),
}
"""What a function gives, how many arrays it allocates (results among them), how many nests it has, which routines it calls."""


@pytest.mark.parametrize("name", CASES)
def test_arrays_and_passes(name: str) -> None:
    make, arrays, nests, calls = CASES[name]
    outputs = make()
    f = neano.function([A, B, C, V, W, AT], outputs, on_unused_input="ignore")
    program = f.stages.program
    assert sum(isinstance(s, Alloc) for s in statements(program.body)) == arrays
    assert sum(isinstance(s, Loop) for s in program.body) == nests
    assert tuple(s.routine for s in statements(program.body) if isinstance(s, Invoke)) == calls


def test_a_masked_row_is_read_where_it_lies() -> None:
    """Both operands of a choice are there, so neither is fetched element by element under a condition."""
    f = neano.function([A, AT], T.switch(T.arange(A.shape[1]) < AT[:, None], A, 0.0).sum(axis=1))
    (kernel,) = f.stages.emitted.kernels
    assert "each." not in kernel.text
