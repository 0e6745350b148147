"""`theano.scalar.basic`: scalar functions and the dtypes of their results; see `neano.scalar`."""

from neano.scalar import *
from neano.scalar import ROWS as _ROWS
from neano.scalar import SCALAR_TYPES as _SCALAR_TYPES
from neano.scalar.division import IntegerDivisionError, div_proxy
from neano.scalar.op import BinaryScalarOp, Composite, ScalarOp, UnaryScalarOp

globals().update(_SCALAR_TYPES)
globals().update({type(row).__name__: type(row) for row in _ROWS.values()})
