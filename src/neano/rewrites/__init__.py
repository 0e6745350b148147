"""The rules of the tensor language, in phases: `rewrite_graph` applies them, `optdb` holds them by name and tag."""

from neano.rewrites import (
    blas,
    choices,
    crossentropy,
    elementwise,
    fill,
    indexing,
    logarithms,
    logistic,
    powers,
    products,
    products_of_matrices,
    reductions,
    shapes,
    stabilize,
    sums,
)
from neano.rewrites.phases import optdb
from neano.rewrites.pipeline import rewrite_graph

__all__ = [
    "blas",
    "choices",
    "crossentropy",
    "elementwise",
    "fill",
    "indexing",
    "logarithms",
    "logistic",
    "optdb",
    "powers",
    "products",
    "products_of_matrices",
    "reductions",
    "rewrite_graph",
    "shapes",
    "stabilize",
    "sums",
]
