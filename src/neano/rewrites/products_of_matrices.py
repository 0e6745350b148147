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
from neano.tensor.batched import BatchedDot
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
    """Write the transpose of a product, or of each of a batch, as the product of the transposes in reverse."""
    product: Any = node.inputs[0]
    kind = type(None) if product.owner is None else type(product.owner.op)
    order = (1, 0) if kind is Dot else (0, 2, 1) if kind is BatchedDot else None
    if order is None or node.op.new_order != order:  # type: ignore[attr-defined]
        return None
    a, b = product.owner.inputs
    if a.ndim != len(order) or b.ndim != len(order) or only_reader(fgraph, product) is None:
        return None
    result = product.owner.op(b.dimshuffle(*order), a.dimshuffle(*order))
    return [patternbroadcast(result, node.outputs[0].type.broadcastable)]  # type: ignore[attr-defined]
