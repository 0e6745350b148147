"""`theano.sandbox.softsign`: moved to `theano.tensor.nnet`."""

from neano.tensor.nnet import softsign
