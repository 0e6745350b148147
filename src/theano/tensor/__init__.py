"""`theano.tensor`: see `neano.tensor`."""

from neano.tensor import *
from neano.autodiff import grad
from neano.tensor import nnet
