"""`theano.tensor.nnet.nnet`."""

from neano.tensor.nnet import *
