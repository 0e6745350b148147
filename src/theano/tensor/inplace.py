"""`theano.tensor.inplace`: operations that write over their first operand."""

from neano.tensor.inplace import *
