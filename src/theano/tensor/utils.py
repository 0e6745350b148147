"""`theano.tensor.utils`."""

from neano.debug.shapes import shape_of_variables
