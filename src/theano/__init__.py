"""Theano's names for Neano: old programs run unchanged. Every name here is an alias; what it does stands in `neano`."""

from neano import *
from neano import __version__ as neano_version
from neano.compile.io import Param
from theano import tensor

__version__ = "1.0.5"
