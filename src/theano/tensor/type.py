"""`theano.tensor.type`."""

from neano.tensor.type import TensorType
