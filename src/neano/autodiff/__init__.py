"""Derivatives of expressions: gradients, products with Jacobians, and their verification against finite differences."""

from neano.autodiff.gradient import format_as, grad
from neano.autodiff.jacobian import hessian, jacobian
from neano.autodiff.markers import (
    ConsiderConstant,
    DisconnectedGrad,
    GradClip,
    GradientMarker,
    GradScale,
    UndefinedGrad,
    ZeroGrad,
    consider_constant,
    consider_constant_,
    disconnected_grad,
    disconnected_grad_,
    grad_clip,
    grad_scale,
    undefined_grad,
    undefined_grad_,
    zero_grad,
    zero_grad_,
)
from neano.autodiff.products import Lop, Rop, hessian_times_vector, hessian_vector_product, subgraph_grad
from neano.autodiff.verify import GradientError, numeric_grad, verify_grad
from neano.graph.errors import DisconnectedInputError, NullTypeGradError
from neano.graph.null_type import DisconnectedType, NullType
from neano.graph.null_type import missing_gradient as grad_not_implemented
from neano.graph.null_type import undefined_gradient as grad_undefined

disconnected_type = DisconnectedType()
"""The type of gradients of what nothing depends on."""

__all__ = [
    "ConsiderConstant",
    "DisconnectedGrad",
    "DisconnectedInputError",
    "DisconnectedType",
    "GradClip",
    "GradScale",
    "GradientError",
    "GradientMarker",
    "Lop",
    "NullType",
    "NullTypeGradError",
    "Rop",
    "UndefinedGrad",
    "ZeroGrad",
    "consider_constant",
    "consider_constant_",
    "disconnected_grad",
    "disconnected_grad_",
    "disconnected_type",
    "format_as",
    "grad",
    "grad_clip",
    "grad_not_implemented",
    "grad_scale",
    "grad_undefined",
    "hessian",
    "hessian_times_vector",
    "hessian_vector_product",
    "jacobian",
    "numeric_grad",
    "subgraph_grad",
    "undefined_grad",
    "undefined_grad_",
    "verify_grad",
    "zero_grad",
    "zero_grad_",
]
