"""`theano.gof.utils`."""

from neano.graph.errors import MethodNotDefined
