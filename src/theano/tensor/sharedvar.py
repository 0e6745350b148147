"""`theano.tensor.sharedvar`."""

from neano.graph.shared import SharedVariable
from neano.tensor.shared import ScalarSharedVariable, TensorSharedVariable, scalar_constructor, tensor_constructor
