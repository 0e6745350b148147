"""Tables of embeddings: gather, sums over bags, and the scattered gradient."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.row import Row, integers, normals, together

WORDS, WIDTH = 10_000, 64


def gather(m: Any, table: Any, indices: Any) -> Any:
    return m.take(table, indices)


def bag_sum(m: Any, table: Any, indices: Any) -> Any:
    return m.sum(m.take(table, indices), axis=1)


def bag_loss(m: Any, params: Any, indices: Any, weights: Any) -> Any:
    return m.sum(bag_sum(m, params[0], indices) * weights)


def bag_gradient(m: Any, table: Any, indices: Any, weights: Any) -> Any:
    return m.value_and_gradient(bag_loss, [table], indices, weights)


def torch_bag_sum(m: Any, table: Any, indices: Any) -> Any:
    return m.functional.embedding_bag(indices, table, mode="sum")


ROWS = (
    Row("embedding-gather", gather, together(normals(WORDS, WIDTH), integers(WORDS, 4096))),
    Row(
        "embedding-bag-sum",
        bag_sum,
        together(normals(WORDS, WIDTH), integers(WORDS, 512, 20)),
        forms={"torch": torch_bag_sum},
    ),
    Row(
        "embedding-bag-gradient",
        bag_gradient,
        together(normals(WORDS, WIDTH), integers(WORDS, 512, 20), normals(512, WIDTH)),
    ),
)
