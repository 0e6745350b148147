"""Names of functions and data stand at the entry of a long body alone; in a short one where they are used."""

from __future__ import annotations

import re

import numpy as np

import neano
import neano.tensor as T
from neano.backends.native.emit.addresses import found_at_entry
from neano.backends.native.runtime.codegen import LONG_BODY


def test_each_name_is_found_once() -> None:
    lines = [
        '  call void @f(ptr @"a b", i64 1)',
        "  %v = call i64 @llvm.smax.i64(i64 1, i64 2)",
        "  call void @f(ptr @g.1, i64 2)",
    ]
    entry, rest = found_at_entry(["  %a = alloca i64"], lines)
    assert entry == [
        "  %a = alloca i64",
        "  %at.0 = getelementptr i8, ptr @f, i64 0",
        '  %at.1 = getelementptr i8, ptr @"a b", i64 0',
        "  %at.2 = getelementptr i8, ptr @g.1, i64 0",
    ]
    assert rest == ["  call void %at.0(ptr %at.1, i64 1)", lines[1], "  call void %at.0(ptr %at.2, i64 2)"]


def body(layers: int) -> tuple[str, object]:
    """Return the body of some layers of a network, and the function."""
    x, w = T.dmatrix("x"), T.dmatrix("w")
    value = x
    for _ in range(layers):
        value = T.tanh(T.dot(value, w)).sum(axis=1, keepdims=True) + value
    compiled = neano.function([x, w], value)
    text = compiled.stages.emitted.modules[0][1]
    return text[text.index("define i32 @neano_body") :], compiled


def test_names_stand_at_the_entry_of_a_long_body() -> None:
    short, _ = body(1)
    long, compiled = body(20)
    assert len(short) < LONG_BODY < len(long)
    assert "call i32 @neano_product_d(" in short
    entry, rest = long.split("\nstart:\n")
    assert "getelementptr i8, ptr @neano_product_d, i64 0" in entry
    assert not re.search(r"@(?!llvm\.)", rest)
    x, w = np.linspace(-1, 1, 12).reshape(4, 3), np.eye(3) / 3
    expected = x
    for _ in range(20):
        expected = np.tanh(expected @ w).sum(axis=1, keepdims=True) + expected
    np.testing.assert_allclose(compiled(x, w), expected, rtol=1e-12)  # type: ignore[operator]
