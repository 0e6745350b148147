"""`theano.misc`."""

from theano import _lazy

__getattr__ = _lazy.submodules(__name__, ("pkl_utils", "safe_asarray"))
