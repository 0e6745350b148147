"""Scalar functions: the table of what one element of an elementwise operation computes, and scalar variables."""

from neano.scalar.dtypes import autocast_dtype, upcast
from neano.scalar.op import Composite, ScalarOp
from neano.scalar.table import *  # noqa: F403 - the table's rows are this package's names
from neano.scalar.type import Scalar, ScalarConstant, ScalarVariable

__all__ = ["Composite", "Scalar", "ScalarConstant", "ScalarOp", "ScalarVariable", "autocast_dtype", "upcast"]
