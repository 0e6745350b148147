"""`theano.compile.function`."""

from neano.compile.archive import function_dump
from neano.compile.function import function
