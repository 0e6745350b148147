"""`theano.gof.op`."""

from neano.compile.test_values import get_debug_values, get_test_value
from neano.graph.op import Op, PureOp
