"""`theano.compile.function_module`."""

from neano.compile.function import orig_function
from neano.compile.function_maker import FunctionMaker
from neano.compile.function_object import Function
from neano.compile.io import convert_function_input
from neano.graph.destroy import Supervisor, alias_root
from neano.graph.errors import UnusedInputError
