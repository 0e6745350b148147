"""`theano.gof.opt`: rewriting; see `neano.graph.rewriting`."""

from neano.graph.rewriting.classic import (
    EquilibriumOptimizer,
    FromFunctionLocalOptimizer,
    FromFunctionOptimizer,
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
    in2out,
    inplace_optimizer,
    local_optimizer,
    optimizer,
    out2in,
)
