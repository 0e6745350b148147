"""`theano.scalar.basic_scipy`: special functions."""

from theano.scalar.basic import *
