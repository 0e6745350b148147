"""`theano.scalar`: see `neano.scalar`."""

from theano import _lazy
from theano.scalar import basic
from theano.scalar.basic import *
