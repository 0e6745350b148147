"""The tensor language: types, constructors, and the functions that expressions are written with."""

from typing import TYPE_CHECKING, Any

from neano.scalar.dtypes import autocast_float_as
from neano.tensor import constructors as _constructors
from neano.tensor import math as _math
from neano.tensor import methods as _methods  # noqa: F401 - gives variables their methods
from neano.tensor.constructors import *  # noqa: F403 - generated names
from neano.tensor.convert import AsTensorError, as_tensor_variable, constant
from neano.tensor.creation import alloc, ones, ones_like, zeros, zeros_like
from neano.tensor.dot import dot, outer, tensordot
from neano.tensor.math import cast, ceil_intdiv, div_proxy, divmod, iround, isinf, isnan, largest, mod_check, round, smallest
from neano.tensor.shape import flatten, reshape, shape
from neano.tensor.statistics import *  # noqa: F403
from neano.tensor.type import TensorType
from neano.tensor.variable import TensorConstant, TensorVariable

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


globals().update({name: op for name, op in _math.ELEMENTWISE.items() if name not in globals()})
