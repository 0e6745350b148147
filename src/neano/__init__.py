"""Neano: symbolic tensor expressions, their derivatives, and native functions of them in milliseconds.

>>> import neano
>>> import neano.tensor as T
>>> x = T.dvector("x")
>>> f = neano.function([x], neano.grad((x**2).sum(), x))
>>> f([1.0, 2.0, 3.0])
array([2., 4., 6.])
"""

import neano.sources  # takes its stamp before anything that it is a stamp of is loaded
from neano.collector import paused

with paused():
    import neano.backends  # noqa: F401 - registers the backends, and loads nearly all there is
import neano.tensor as tensor
from neano.autodiff import (
    Lop,
    Rop,
    consider_constant,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    hessian,
    jacobian,
    subgraph_grad,
    verify_grad,
    zero_grad,
)
from neano.compile.function import function
from neano.compile.function_key import seal
from neano.compile.io import In, Out
from neano.compile.mode import Mode
from neano.compile.shared import shared
from neano.config import config
from neano.debug.pretty_table import pp
from neano.debug.tree import debugprint
from neano.graph.op import Op
from neano.graph.traverse import clone_replace
from neano.graph.variable import Apply, Constant, Variable
from neano.version import __version__

seal()

__all__ = [
    "Apply",
    "Constant",
    "In",
    "Lop",
    "Mode",
    "Op",
    "Out",
    "Rop",
    "Variable",
    "__version__",
    "clone_replace",
    "config",
    "consider_constant",
    "debugprint",
    "disconnected_grad",
    "function",
    "grad",
    "grad_clip",
    "grad_scale",
    "hessian",
    "jacobian",
    "pp",
    "shared",
    "subgraph_grad",
    "tensor",
    "verify_grad",
    "zero_grad",
]
