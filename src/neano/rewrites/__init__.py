"""The rules of the tensor language, in phases: `rewrite_graph` applies them, `optdb` holds them by name and tag."""

from neano.rewrites import elementwise, fill, logistic, products, reductions, shapes, stabilize, sums
from neano.rewrites.phases import optdb

__all__ = ["elementwise", "fill", "logistic", "optdb", "products", "reductions", "shapes", "stabilize", "sums"]
