"""`theano.gof.type`."""

from neano.graph.generic import Generic, generic
from neano.graph.type import Type

PureType = Type
