"""`theano.tensor.basic`: the tensor language; see `neano.tensor`."""

from neano.autodiff import Lop, Rop, consider_constant, grad, hessian, jacobian, numeric_grad, verify_grad
from neano.tensor import *
from neano.tensor.methods import TensorMethods as _tensor_py_operators
from neano.tensor.shared import tensor_constructor as _shared
from neano.tensor.type import TensorType as Tensor
from theano.tensor.subtensor import *
