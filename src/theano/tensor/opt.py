"""`theano.tensor.opt`: rewriting of tensor expressions; the rules themselves stand in `neano.rewrites`."""

from neano.graph.rewriting.classic import in2out, out2in
from neano.graph.rewriting.folding import constant_folding
from neano.rewrites.phases import (
    register_canonicalize,
    register_specialize,
    register_specialize_device,
    register_stabilize,
    register_uncanonicalize,
    register_useless,
)
from neano.rewrites.shape_feature import ShapeFeature, ShapeOptimizer, UnShapeOptimizer
from neano.tensor.assertion import Assert, assert_op
from neano.tensor.assertion import assert_op as assert_
from neano.tensor.creation import MakeVector, make_vector
