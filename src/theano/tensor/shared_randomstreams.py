"""`theano.tensor.shared_randomstreams`: see `neano.random`."""

from neano.random import RandomStreams
