"""`theano.compile.sharedvalue`."""

from neano.compile.shared import SharedVariable, shared, shared_constructor
from neano.graph.shared import generic_constructor
