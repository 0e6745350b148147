"""`theano.tensor.nnet`: see `neano.tensor.nnet`."""

from neano.tensor.nnet import *
from theano import _lazy

__getattr__ = _lazy.submodules(__name__, ("bn", "nnet", "sigm"))
