"""Theano's names for Neano: old programs run unchanged. Every name here is an alias; what it does stands in `neano`.

`theano.__version__` is the version of Theano whose names these are; `theano.neano_version` is Neano's.
"""

import numpy as _numpy

from neano import __version__ as neano_version
from neano.autodiff import Lop, Rop, grad, subgraph_grad
from neano.compile.archive import function_dump
from neano.compile.as_op import as_op
from neano.compile.function import function
from neano.compile.function_maker import FunctionMaker
from neano.compile.io import In, Out, Param, SymbolicInput, SymbolicOutput
from neano.compile.mode import Linker, Mode, predefined_linkers, predefined_modes, predefined_optimizers
from neano.compile.op_from_graph import OpFromGraph
from neano.compile.profiling import ProfileStats
from neano.compile.rebuild import clone
from neano.compile.shared import shared
from neano.config import config
from neano.debug.pretty_table import pp, pprint
from neano.graph.errors import InconsistencyError
from neano.graph.fgraph import FunctionGraph
from neano.graph.generic import Generic, generic
from neano.graph.op import Op
from neano.graph.shared import Container
from neano.graph.type import Type
from neano.graph.updates import OrderedUpdates
from neano.graph.variable import Apply, Constant, Variable
from neano.tensor.dot import dot
from neano.tensor.static import get_scalar_constant_value
from theano import _lazy, version
from theano._neighbour import check_for_another_theano
from theano.misc.safe_asarray import _asarray

__version__ = "1.0.5"

change_flags = config.change_flags

check_for_another_theano()

_numpy.seterr(
    **{
        kind: None if level == "None" else level
        for kind in ("all", "divide", "over", "under", "invalid")
        for level in [getattr(config.numpy, f"seterr_{kind}")]
    }
)

__getattr__ = _lazy.submodules(
    __name__,
    (
        "compat",
        "compile",
        "configdefaults",
        "configparser",
        "gof",
        "gradient",
        "misc",
        "printing",
        "sandbox",
        "scalar",
        "tensor",
        "tests",
        "updates",
    ),
)
