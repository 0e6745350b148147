"""`theano.tensor.xlogx`."""

from neano.scalar.table import xlogx as _xlogx
from neano.scalar.table import xlogy0 as _xlogy0
from neano.tensor.elemwise import Elemwise

xlogx = Elemwise(_xlogx, name="xlogx")
xlogy0 = Elemwise(_xlogy0, name="xlogy0")
