"""Matrix products: by zeros, transposed, and the element that is taken of one."""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.fill import is_zero
from neano.rewrites.phases import canonicalize, registers, stabilize
from neano.rewrites.shape_feature import shape_of
from neano.rewrites.values import only_reader, scalar_constant
from neano.tensor.creation import alloc
from neano.tensor.dot import Dot
from neano.tensor.elemwise import DimShuffle
from neano.tensor.rebroadcast import patternbroadcast


@registers(canonicalize, stabilize)
@rewriter(Dot, name="local_0_dot_x", depth=2)
def product_with_zeros(fgraph: FunctionGraph, node: Apply) -> Any:
    """Give the product with a matrix of zeros as zeros."""
    like: Any = node.outputs[0]
    if not any(is_zero(v) for v in node.inputs):
        return None
    lengths = shape_of(fgraph, like)
    if lengths is None:
        return None
    zero = scalar_constant(0, like.dtype)
    return [patternbroadcast(alloc(zero, *lengths), like.type.broadcastable) if lengths else zero]


@registers(canonicalize)
@rewriter(DimShuffle, name="local_lift_transpose_through_dot", depth=2)
def transpose_of_product(fgraph: FunctionGraph, node: Apply) -> Any:
    """Write the transpose of a product as the product of the transposes in reverse."""
    product: Any = node.inputs[0]
    if node.op.new_order != (1, 0) or product.owner is None or type(product.owner.op) is not Dot:  # type: ignore[attr-defined]
        return None
    a, b = product.owner.inputs
    if a.ndim != 2 or b.ndim != 2 or only_reader(fgraph, product) is None:
        return None
    result = product.owner.op(b.dimshuffle(1, 0), a.dimshuffle(1, 0))
    return [patternbroadcast(result, node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]
