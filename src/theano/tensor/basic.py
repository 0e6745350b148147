"""`theano.tensor.basic`: the tensor language; see `neano.tensor`."""

from typing import Any

from neano.autodiff import Lop, Rop, consider_constant, grad, hessian, jacobian, numeric_grad, verify_grad
from neano.tensor import *
from neano.tensor.dot import dot as _dot
from neano.tensor.methods import TensorMethods as _tensor_py_operators
from neano.tensor.shared import tensor_constructor as _shared
from theano.tensor.subtensor import *
from theano.tensor.type import TensorType, tensor

Tensor = TensorType


def dot(a: Any, b: Any) -> Any:
    """Return the product: with a scalar elementwise, of vectors and matrices theirs; see `neano.tensor.dot`."""
    return _dot(a, b)
