"""`theano.gof.null_type`."""

from neano.graph.null_type import NullType

null_type = NullType()
