"""`theano.tensor.io`."""

from neano.tensor.io import LoadFromDisk, load
