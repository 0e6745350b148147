"""Products, transposes, slices of matrices."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.row import Row, floats, normals, together


def antisymmetric(m: Any, a: Any, x: Any, u1: Any, v1: Any, u2: Any, v2: Any, u3: Any, v3: Any) -> Any:
    outer = u1[:, None] * v1[None, :] + u2[:, None] * v2[None, :] + u3[:, None] * v3[None, :]
    return (a - m.transpose(a, (1, 0))) @ x + outer


def stencil(m: Any, u: Any) -> Any:
    """One step of Jacobi's method for the Laplacian, as people write it."""
    return 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) - u[1:-1, 1:-1]


def transposed(m: Any, a: Any, b: Any) -> Any:
    return m.transpose(a, (1, 0)) + 2 * b


def strided(m: Any, a: Any, b: Any) -> Any:
    return a[::2] * b[1::2] + a[1::2]


ROWS = (
    Row(
        "antisymmetric-product-300",
        antisymmetric,
        together(normals(300, 300), normals(300, 200), *[normals(n) for _ in range(3) for n in (300, 200)]),
    ),
    Row("stencil-1000x1000", stencil, together(normals(1000, 1000))),
    Row("transposed-1000x1000", transposed, together(floats(1000, 1000), floats(1000, 1000))),
    Row("strided-1000000", strided, together(floats(1_000_000), floats(1_000_000))),
)
