"""`theano.tensor`: see `neano.tensor`."""

from theano import _lazy
from theano.tensor import nnet, sort, var  # before the functions sort and var take these names
from theano.tensor.basic import *
from theano.tensor.basic import _shared, _tensor_py_operators

__getattr__ = _lazy.submodules(
    __name__,
    (
        "blas",
        "elemwise",
        "extra_ops",
        "inplace",
        "io",
        "opt",
        "raw_random",
        "shared_randomstreams",
        "sharedvar",
        "subtensor",
        "type",
        "utils",
        "xlogx",
    ),
)
