"""`theano.gof.toolbox`: features of function graphs."""

from neano.compile.debug_mode import BadOptimization
from neano.graph.fgraph import AlreadyThere, Feature
from neano.graph.rewriting.classic import PreserveNames, PreserveVariableAttributes
