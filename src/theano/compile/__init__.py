"""`theano.compile`: from graphs to functions; see `neano.compile`."""

from neano.autodiff.verify import verify_grad
from neano.compile import *
from neano.compile.io import convert_function_input
from neano.compile.mode import (
    OPT_FAST_COMPILE,
    OPT_FAST_RUN,
    OPT_FAST_RUN_STABLE,
    OPT_MERGE,
    OPT_NONE,
    OPT_O2,
    OPT_O3,
    OPT_STABILIZE,
    OPT_UNSAFE,
    predefined_linkers,
    predefined_modes,
    predefined_optimizers,
)
from neano.compile.profiling import ProfileStats
from neano.graph.destroy import Supervisor, alias_root
from neano.graph.errors import UnusedInputError
from neano.graph.shared import Container, generic_constructor
from neano.rewrites.phases import optdb
from neano.tensor.rebroadcast import Rebroadcast
from neano.tensor.shape import Shape, Shape_i, shape, shape_i
from neano.tensor.specify import SpecifyShape, specify_shape
from theano import _lazy
from theano.compile import function as _function_module  # before the function takes this name
from theano.compile import pfunc as _pfunc_module
from theano.compile.function import function, function_dump
from theano.compile.pfunc import pfunc

__getattr__ = _lazy.submodules(
    __name__,
    (
        "builders",
        "debugmode",
        "function_module",
        "io",
        "mode",
        "monitormode",
        "nanguardmode",
        "ops",
        "profiling",
        "sharedvalue",
    ),
)
