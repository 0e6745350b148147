"""Attention: batch 8 of 4 heads, 128 positions, 32 features; forward and backward in float32."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.row import SINGLE, Row, normals, together

HEADS, POSITIONS, FEATURES = 8 * 4, 128, 32


def attention_loss(m: Any, params: Any, weights: Any) -> Any:
    queries, keys, values = params
    scores = m.batched_product(queries, m.transpose(keys, (0, 2, 1))) * m.like(FEATURES**-0.5, queries)
    return m.sum(m.batched_product(m.softmax(scores), values) * weights)


def attention(m: Any, queries: Any, keys: Any, values: Any, weights: Any) -> Any:
    return m.value_and_gradient(attention_loss, [queries, keys, values], weights)


def torch_attention_loss(m: Any, params: Any, weights: Any) -> Any:
    return m.sum(m.functional.scaled_dot_product_attention(*params) * weights)


def torch_attention(m: Any, queries: Any, keys: Any, values: Any, weights: Any) -> Any:
    return m.value_and_gradient(torch_attention_loss, [queries, keys, values], weights)


ROWS = (
    Row(
        "attention-8x4x128x32",
        attention,
        together(*[normals(HEADS, POSITIONS, FEATURES, dtype="float32") for _ in range(4)]),
        tolerance=SINGLE,
        forms={"torch": torch_attention},
    ),
)
