"""`theano.gof.fg`."""

from neano.graph.errors import InconsistencyError, MissingInputError
from neano.graph.fgraph import FunctionGraph
