"""`theano.compile.builders`."""

from neano.compile.op_from_graph import OpFromGraph
