"""`theano.updates`."""

from neano.graph.updates import OrderedUpdates
