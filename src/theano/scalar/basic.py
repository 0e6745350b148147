"""`theano.scalar.basic`: scalar functions and the dtypes of their results; see `neano.scalar`."""

from collections.abc import Callable
from typing import Any

from neano.scalar import *
from neano.scalar import ROWS as _ROWS
from neano.scalar import SCALAR_TYPES as _SCALAR_TYPES
from neano.scalar import Scalar
from neano.scalar.division import IntegerDivisionError, div_proxy
from neano.scalar.op import BinaryScalarOp, Composite, ScalarOp, UnaryScalarOp


def _several(type_: Scalar) -> Callable[[str], Any]:
    return lambda names: type_(names) if len(names) == 1 else [type_(name) for name in names]


ints = _several(_SCALAR_TYPES["int64"])
floats = _several(_SCALAR_TYPES["float64"])
complexs = _several(_SCALAR_TYPES["complex128"])

globals().update(_SCALAR_TYPES)
globals().update({type(row).__name__: type(row) for row in _ROWS.values()})
