"""The products that are timed: square and thin ones, with vectors, in batches, added to something, of every kind of number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers.row import SINGLE, Row, together

Maker = Callable[[np.random.RandomState], np.ndarray]


@dataclass(frozen=True)
class Product:
    """A row, and what it cannot be done without.

    Attributes:
        flops: multiplications and additions, of real numbers.
        bytes: what must be read and written once.
    """

    row: Row
    flops: float
    bytes: float

    @property
    def name(self) -> str:
        return self.row.name


def product(m: Any, a: Any, b: Any) -> Any:
    return a @ b


def first_turned(m: Any, a: Any, b: Any) -> Any:
    return m.transpose(a, (1, 0)) @ b


def second_turned(m: Any, a: Any, b: Any) -> Any:
    return a @ m.transpose(b, (1, 0))


def every_other(m: Any, a: Any, b: Any) -> Any:
    return a[::2, ::2] @ b[::2, ::2]


def with_itself(m: Any, a: Any) -> Any:
    return a @ m.transpose(a, (1, 0))


def scaled(m: Any, a: Any, b: Any) -> Any:
    return -(a @ b) * m.like(0.5, a)


def added(m: Any, c: Any, a: Any, b: Any) -> Any:
    return c + a @ b


def two_products(m: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    return a @ b + c @ d


def rank_one(m: Any, c: Any, x: Any, y: Any) -> Any:
    return c + x[:, None] * y[None, :]


def layer(m: Any, x: Any, w: Any, b: Any) -> Any:
    return m.tanh(x @ w + b)


def batch(m: Any, a: Any, b: Any) -> Any:
    return m.batched_product(a, b)


def scaled_scores(m: Any, q: Any, k: Any) -> Any:
    return m.batched_product(q, m.transpose(k, (0, 2, 1))) * m.like(0.125, q)


def numbers(dtype: str, *shape: int) -> Maker:
    """Return a maker of numbers of a dtype, small enough that sums of products are exact in integers."""

    def make(random: np.random.RandomState) -> np.ndarray:
        if np.dtype(dtype).kind in "iub":
            return random.randint(0, 2 if dtype == "bool" else 5, shape).astype(dtype)
        values = random.standard_normal(shape)
        return np.asarray(values + 1j * random.standard_normal(shape) if dtype.startswith("complex") else values, dtype)

    return make


SHORT = {"float64": "f64", "float32": "f32", "complex128": "c128", "complex64": "c64", "float16": "f16"}


def _made(
    title: str, compute: Callable[..., Any], dtype: str, shapes: Sequence[tuple[int, ...]], products: float, result: int
) -> Product:
    """Return a product, given how many pairs of numbers are multiplied and how many numbers result."""
    size = np.dtype(dtype).itemsize
    flops = (8 if dtype.startswith("complex") else 2) * products
    traffic = size * (sum(float(np.prod(s)) for s in shapes) + result)
    single = dtype in ("float32", "complex64", "float16")
    tolerance = 5e-3 if dtype == "float16" else SINGLE if single else 1e-7
    row = Row(
        f"{title}-{SHORT.get(dtype, dtype)}",
        compute,
        together(*[numbers(dtype, *s) for s in shapes]),
        goal=1.0,
        tolerance=tolerance,
    )
    return Product(row, flops, traffic)


def _matrices(m: int, k: int, n: int, dtype: str) -> Product:
    return _made(f"{m}x{k}x{n}", product, dtype, [(m, k), (k, n)], m * k * n, m * n)


def _vector(m: int, k: int, dtype: str) -> Product:
    return _made(f"{m}x{k}-vector", product, dtype, [(m, k), (k,)], m * k, m)


def _from_left(m: int, k: int, dtype: str) -> Product:
    return _made(f"vector-{m}x{k}", product, dtype, [(m,), (m, k)], m * k, k)


def _dot(k: int, dtype: str) -> Product:
    return _made(f"dot-{k}", product, dtype, [(k,), (k,)], k, 1)


def _batch(count: int, m: int, k: int, n: int, dtype: str) -> Product:
    return _made(
        f"{count}-of-{m}x{k}x{n}", batch, dtype, [(count, m, k), (count, k, n)], count * m * k * n, count * m * n
    )


OF_VECTORS = ((10, 10), (200, 40), (400, 784), (1000, 1000), (4096, 4096), (100_000, 10), (10, 100_000))


def _of(dtype: str) -> list[Product]:
    """Return the rows of a dtype of BLAS."""
    squares = (2, 4, 8, 16, 24, 32, 48, 64, 128, 256, 512, 1024)
    return [
        *[_matrices(n, n, n, dtype) for n in squares],
        *[
            _matrices(*shape, dtype)
            for shape in (
                (10_000, 2, 2), (10_000, 8, 8), (10_000, 16, 16), (1000, 100, 4), (4, 100, 1000), (2, 1000, 1000),
                (20, 784, 500), (784, 20, 500), (512, 1024, 10), (8, 10_000, 8), (32, 10_000, 32), (300, 5, 300),
            )
        ],
        *[_vector(m, k, dtype) for m, k in OF_VECTORS],
        *[_from_left(m, k, dtype) for m, k in OF_VECTORS],
        *[_dot(k, dtype) for k in (10, 100, 10_000, 1_000_000)],
        *[
            _batch(*shape, dtype)
            for shape in (
                (1000, 3, 3, 3), (1000, 8, 8, 8), (1000, 16, 16, 16), (1000, 24, 24, 24), (100, 32, 32, 32), (64, 64, 64, 64),
                (32, 128, 32, 128), (32, 128, 128, 32), (1000, 1, 64, 64),
            )
        ],
        _made("scores-32-of-128x32x128", scaled_scores, dtype, [(32, 128, 32)] * 2, 32 * 128 * 32 * 128, 32 * 128 * 128),
        _made("turned-256x256x256", first_turned, dtype, [(256, 256), (256, 256)], 256**3, 256**2),
        _made("256x256x256-turned", second_turned, dtype, [(256, 256), (256, 256)], 256**3, 256**2),
        _made("turned-512x20x500", first_turned, dtype, [(20, 512), (20, 500)], 20 * 512 * 500, 512 * 500),
        _made("strided-256x256x256", every_other, dtype, [(512, 512), (512, 512)], 256**3, 256**2),
        *[
            _made(f"with-itself-{m}x{k}", with_itself, dtype, [(m, k)], m * m * k, m * m)
            for m, k in ((64, 64), (512, 512), (1000, 100), (100, 10_000))
        ],
        *[_made(f"scaled-{n}", scaled, dtype, [(n, n), (n, n)], n**3, n * n) for n in (32, 256)],
        *[_made(f"added-{n}", added, dtype, [(n, n)] * 3, n**3, n * n) for n in (16, 64, 256)],
        *[_made(f"two-products-{n}", two_products, dtype, [(n, n)] * 4, 2 * n**3, n * n) for n in (16, 64, 256)],
        _made("rank-one-1000x1000", rank_one, dtype, [(1000, 1000), (1000,), (1000,)], 1e6, 10**6),
        *[
            _made(f"layer-{m}x{k}x{n}", layer, dtype, [(m, k), (k, n), (n,)], m * k * n, m * n)
            for m, k, n in ((32, 64, 64), (64, 784, 128), (512, 1024, 1024))
        ],
    ]  # fmt: skip


PRODUCTS: tuple[Product, ...] = (
    *_of("float64"),
    *_of("float32"),
    *[
        _matrices(n, n, n, dtype)
        for dtype in ("int64", "int32", "int8", "bool", "float16", "complex128", "complex64")
        for n in (8, 128, 512)
    ],
    *[_batch(100, 32, 32, 32, dtype) for dtype in ("int64", "float16", "complex128")],
    *[_vector(1000, 1000, dtype) for dtype in ("int64", "float16", "complex128")],
)
ROWS: tuple[Row, ...] = tuple(each.row for each in PRODUCTS)
