"""`shared()` and every kind of shared variable in one place; the parts live with the types that they hold."""

from neano.graph.shared import Container, SharedVariable, generic_constructor, shared, shared_constructor
from neano.tensor.shared import ScalarSharedVariable, TensorSharedVariable, scalar_constructor, tensor_constructor

__all__ = [
    "Container",
    "ScalarSharedVariable",
    "SharedVariable",
    "TensorSharedVariable",
    "generic_constructor",
    "scalar_constructor",
    "shared",
    "shared_constructor",
    "tensor_constructor",
]
