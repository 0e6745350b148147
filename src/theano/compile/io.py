"""`theano.compile.io`."""

from neano.compile.io import In, Out, SymbolicInput, SymbolicOutput
