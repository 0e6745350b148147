"""`theano.sandbox`."""

from theano import _lazy

__getattr__ = _lazy.submodules(__name__, ("multinomial", "rng_mrg", "softsign"))
