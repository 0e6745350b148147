"""`theano.tensor.nnet.sigm`: sigmoids."""

from neano.tensor.nnet import hard_sigmoid, sigmoid, sigmoid_inplace, softplus, ultra_fast_sigmoid
