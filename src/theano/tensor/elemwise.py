"""`theano.tensor.elemwise`: elementwise operations, `DimShuffle` and reductions."""

from neano.scalar.table import mul_without_zeros
from neano.tensor.dimshuffle import DimShuffle
from neano.tensor.elemwise import Elemwise
from neano.tensor.logical import All, Any
from neano.tensor.reduce import CAReduce, CAReduceDtype
from neano.tensor.reductions import Prod, ProdWithoutZeros, Sum
