"""`theano.tensor.var`."""

from neano.tensor.methods import TensorMethods as _tensor_py_operators
from neano.tensor.variable import TensorConstant, TensorVariable
