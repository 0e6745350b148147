"""Vector instructions in the machine code of each class of nest: elementwise, reductions, rows, gathers, casts, choices."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neano
import neano.tensor as T
from neano.backends.native.emit import host
from neano.backends.native.runtime.codegen import Module, machine_texts

ON_X86 = platform.machine() in ("x86_64", "AMD64")
REGISTERS = {64: "%zmm", 32: "%ymm", 16: "%xmm"}
Graph = Callable[[], tuple[list[Any], Any]]


def arrays(dtype: str, ndim: int = 1) -> tuple[Any, Any]:
    """Return two variables of a dtype."""
    made = T.TensorType(dtype, (None,) * ndim)
    return made("x"), made("y")


def both(function: Callable[[Any, Any], Any], dtype: str = "float64", ndim: int = 1) -> Graph:
    """Return the graph of a function of two arrays."""

    def graph() -> tuple[list[Any], Any]:
        x, y = arrays(dtype, ndim)
        return [x, y], function(x, y)

    return graph


def indexed(function: Callable[[Any, Any], Any], ndim: int = 1) -> Graph:
    """Return the graph of a function of an array and indices."""

    def graph() -> tuple[list[Any], Any]:
        x, i = arrays("float64", ndim)[0], T.lvector("i")
        return [x, i], function(x, i)

    return graph


CLASSES: dict[str, tuple[Graph, str]] = {
    "bool": (both(lambda x, y: x & y, "bool"), "v?pand|v?andp\\w+|v?ptestm\\w"),
    "int8": (both(lambda x, y: x + y, "int8"), "v?paddb"),
    "int16": (both(lambda x, y: x * y, "int16"), "v?pmullw"),
    "int32": (both(lambda x, y: x + y, "int32"), "v?paddd"),
    "int64": (both(lambda x, y: x - y, "int64"), "v?psubq"),
    "uint8": (both(lambda x, y: T.maximum(x, y), "uint8"), "v?pmaxub"),
    "uint32": (both(lambda x, y: x + y, "uint32"), "v?paddd"),
    "float16": (both(lambda x, y: x + y, "float16"), "v?addps|vaddph"),
    "float32": (both(lambda x, y: x + y, "float32"), "v?addps"),
    "float64": (both(lambda x, y: x * y, "float64"), "v?mulpd"),
    "complex64": (both(lambda x, y: x + y, "complex64"), "v?addps"),
    "complex128": (both(lambda x, y: x * y, "complex128"), "v?mulpd"),
    "transcendental": (both(lambda x, y: T.exp(x) - y), "vfn?m(add|sub)[0-9]+pd|mulpd"),
    "sum over the last axis": (both(lambda x, y: (x * y).sum(axis=1), ndim=2), "v?addpd|vfmadd[0-9]+pd"),
    "sum over the first axis": (both(lambda x, y: (x - y).sum(axis=0), ndim=2), "v?addpd"),
    "sum over a middle axis": (both(lambda x, y: (x - y).sum(axis=1), ndim=3), "v?addpd"),
    "sum over all axes": (both(lambda x, y: (x - y).sum(), "float32", 2), "v?addpd"),
    "sum of integers": (both(lambda x, y: (x + y).sum(axis=1), "int64", 2), "v?paddq"),
    "maximum": (both(lambda x, y: (x + y).max(axis=1), ndim=2), "v?maxpd|cmp\\w*pd"),
    "position of the maximum": (both(lambda x, y: (x + y).argmax(axis=1), ndim=2), "v?cmp\\w*pd"),
    "any": (both(lambda x, y: T.any(x > y, axis=1), ndim=2), "v?cmp\\w*pd"),
    "softmax of rows": (both(lambda x, y: T.nnet.softmax(x + y), ndim=2), "vfn?m(add|sub)[0-9]+pd|mulpd"),
    "rows less their mean": (both(lambda x, y: y * (x - x.mean(axis=1, keepdims=True)), ndim=2), "v?subpd"),
    "gathered elements": (indexed(lambda x, i: x[i] * 3.0), "v?mulpd"),
    "gathered rows": (indexed(lambda x, i: x[i] * 3.0, 2), "v?mulpd"),
    "scattered values": (indexed(lambda x, i: T.inc_subtensor(x[i], T.sqrt(i.astype("float64")))), "v?sqrtpd"),
    "cast up": (both(lambda x, y: (x + y).astype("float64"), "int32"), "v?cvtdq2pd"),
    "cast down": (both(lambda x, y: (x + y).astype("float32"), "float64"), "v?cvtpd2ps"),
    "comparison": (both(lambda x, y: x > y), "v?cmp\\w*pd"),
    "choice": (both(lambda x, y: T.switch(x > y, x, y + 1)), "v?cmp\\w*pd"),
    "masked rows": (
        indexed(lambda x, i: T.switch(T.arange(x.shape[1]) < i[:, None], x, -1.0).sum(axis=1), 2),
        "v?pcmp\\w*q",
    ),
    "transposed": (both(lambda x, y: x.T + y, ndim=2), "v?addpd"),
    "strided": (both(lambda x, y: x[::3] * y[::3]), "v?mulpd"),
    "backwards": (both(lambda x, y: x[::-1] * y), "v?mulpd"),
    "outer": (both(lambda x, y: x[:, None] * y), "v?mulpd"),
    "joined": (both(lambda x, y: T.concatenate([x * 2.0, y + 1.0])), "v?addpd"),
    "quotients by one number": (both(lambda x, y: x / y.sum()), "v?mulpd"),
}
"""What a nest does, and an instruction that works on all lanes of a vector, of which there must be some."""


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_of_nest_has_vector_instructions(name: str) -> None:
    graph, instruction = CLASSES[name]
    inputs, output = graph()
    kernels = neano.function(inputs, output, on_unused_input="ignore").stages.emitted.kernels
    assert kernels
    assert not [each.reason for kernel in kernels for each in kernel.innermost if each.reason]
    code = "\n".join(machine_texts(Module(kernel.name, kernel.text)).assembly for kernel in kernels)
    if ON_X86:
        register = REGISTERS[host().vector_bytes]
        assert re.search(rf"^\s+({instruction})\s.*{register}", code, re.MULTILINE), f"no {instruction} of {register}"
    else:
        assert re.search(r"\bv[0-9]+\.[0-9]+[bhsd]", code), "no instruction on vectors"


@pytest.mark.skipif(64 not in host().masked, reason="indices are kept where the processor masks loads of them")
def test_computed_indices_are_found_in_vectors_and_once() -> None:
    """Negative indices count from the end: that is worked out for a vector of them, and serves reading and writing."""
    x, y, i = T.dvector("x"), T.dvector("y"), T.lvector("i")
    f = neano.function([x, y, i], [(T.sqrt(x[i]) * y).sum(), T.inc_subtensor(x[i], y)])
    texts = [kernel.text for kernel in f.stages.emitted.kernels if "each." in kernel.text]
    assert texts
    assert all("indices." in text for text in texts)
    values, places = np.arange(40.0) ** 2, np.random.default_rng(0).integers(-40, 40, 1000)
    weights = np.random.default_rng(1).random(1000)
    total, raised = f(values, weights, places)
    np.testing.assert_allclose(total, (np.sqrt(values[places]) * weights).sum())
    wanted = values.copy()
    np.add.at(wanted, places, weights)
    np.testing.assert_allclose(raised, wanted)


def test_what_runs_in_order_says_so() -> None:
    x = T.dvector("x")
    (reason,) = [
        each.reason
        for kernel in neano.function([x], T.cumsum(x)).stages.emitted.kernels
        for each in kernel.innermost
        if each.reason
    ]
    assert "another" in reason
