"""`theano.compile.ops`."""

from neano.compile.as_op import FromFunctionOp, as_op
from neano.compile.ops import DeepCopyOp, ViewOp, deep_copy_op, view_op
from neano.tensor.rebroadcast import Rebroadcast
from neano.tensor.shape import Shape, Shape_i, shape, shape_i
from neano.tensor.specify import SpecifyShape, specify_shape
