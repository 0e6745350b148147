"""`theano.gof`: graphs, their rewriting, and what Ops and types are made of; see `neano.graph`."""

from neano.compile.mode import Linker
from neano.graph.destroy import DestroyHandler
from neano.graph.errors import InconsistencyError, MethodNotDefined, MissingInputError
from neano.graph.fgraph import Feature, FunctionGraph
from neano.graph.generic import Generic, generic
from neano.graph.op import Op, PureOp
from neano.graph.rewriting.classic import (
    EquilibriumOptimizer,
    LocalOptGroup,
    LocalOptimizer,
    MergeOptimizer,
    NavigatorOptimizer,
    OpKeyOptimizer,
    OpRemove,
    OpSub,
    Optimizer,
    PatternSub,
    SeqOptimizer,
    TopoOptimizer,
    inplace_optimizer,
    local_optimizer,
    optimizer,
)
from neano.graph.rewriting.database import Database as DB
from neano.graph.rewriting.database import EquilibriumDB, LocalGroupDB, ProxyDB, Query, SequenceDB
from neano.graph.shared import Container
from neano.graph.type import Type
from neano.graph.variable import Apply, Constant, Variable
from theano import _lazy
from theano.gof import graph, op, opt, type, utils
from theano.gof.link import CLinker, OpWiseCLinker, PerformLinker

view_roots = graph.view_roots

__getattr__ = _lazy.submodules(__name__, ("destroyhandler", "fg", "link", "null_type", "optdb", "toolbox", "vm"))
