"""`theano.tests`: the helpers that tests of Theano programs use."""

from theano import _lazy

__getattr__ = _lazy.submodules(__name__, ("unittest_tools",))
