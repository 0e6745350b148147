"""The tensor language: types, constructors, and the functions that expressions are written with.

Every module here holds one idea; this one only gathers their public names.
"""

from typing import TYPE_CHECKING, Any

from neano.graph.errors import ShapeError
from neano.scalar.dtypes import (
    ALL_DTYPES,
    COMPLEX_DTYPES,
    CONTINUOUS_DTYPES,
    DISCRETE_DTYPES,
    FLOAT_DTYPES,
    INTEGER_DTYPES,
    UNSIGNED_DTYPES,
    autocast_float_as,
)
from neano.tensor import constructors as _constructors
from neano.tensor import inplace as inplace
from neano.tensor import math as _math
from neano.tensor import methods as _methods  # noqa: F401 - gives variables their methods
from neano.tensor.advanced_subtensor import AdvancedIncSubtensor, AdvancedSubtensor
from neano.tensor.argmax import Argmax, MaxAndArgmax
from neano.tensor.assertion import Assert, assert_op
from neano.tensor.batched import BatchedDot, batched_dot, batched_tensordot
from neano.tensor.constructors import tensor
from neano.tensor.contiguous import CpuContiguous, cpu_contiguous
from neano.tensor.convert import AsTensorError, as_tensor_variable, constant
from neano.tensor.counting import Unique, bincount, to_one_hot
from neano.tensor.covariance import cov
from neano.tensor.creation import (
    Alloc,
    AllocEmpty,
    MakeVector,
    alloc,
    empty,
    full,
    full_like,
    make_vector,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from neano.tensor.cumulative import CumOp, CumprodOp, CumsumOp, DiffOp, cumprod, cumsum, diff
from neano.tensor.diagonal import (
    AllocDiag,
    ExtractDiag,
    FillDiagonal,
    FillDiagonalOffset,
    diag,
    diagonal,
    fill_diagonal,
    fill_diagonal_offset,
    trace,
)
from neano.tensor.dot import Dot, dot, inner, outer, tensordot
from neano.tensor.elemwise import DimShuffle, Elemwise
from neano.tensor.flat_index import RavelMultiIndex, UnravelIndex, ravel_multi_index, unravel_index
from neano.tensor.indexing import inc_subtensor, set_subtensor
from neano.tensor.io import LoadFromDisk, load
from neano.tensor.join import (
    Join,
    Split,
    concatenate,
    horizontal_stack,
    join,
    roll,
    split,
    stack,
    stack_list,
    vertical_stack,
)
from neano.tensor.logical import All
from neano.tensor.math import (
    cast,
    ceil_intdiv,
    div_proxy,
    divmod,
    iround,
    isinf,
    isnan,
    largest,
    mod_check,
    round,
    smallest,
)
from neano.tensor.nonzero import Nonzero, flatnonzero, nonzero, nonzero_values
from neano.tensor.patterned import Eye, Tri, eye, identity_like, tri, tril, triu
from neano.tensor.permutation import PermuteRowElements, inverse_permutation, permute_row_elements
from neano.tensor.ranges import ARange, arange, mgrid, ogrid
from neano.tensor.rearrange import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    broadcast_to,
    dimshuffle,
    expand_dims,
    matrix_transpose,
    moveaxis,
    rollaxis,
    shape_padaxis,
    shape_padleft,
    shape_padright,
    squeeze,
    swapaxes,
    transpose,
)
from neano.tensor.rebroadcast import Rebroadcast, addbroadcast, patternbroadcast, unbroadcast
from neano.tensor.reduce import CAReduce, CAReduceDtype
from neano.tensor.reductions import Max, Min, Prod, ProdWithoutZeros, Sum
from neano.tensor.repetition import RepeatOp, repeat, tile
from neano.tensor.scalar_bridge import ScalarFromTensor, TensorFromScalar, scalar_from_tensor, tensor_from_scalar
from neano.tensor.selection import Choose, SearchsortedOp, choose, compress, searchsorted
from neano.tensor.shape import Reshape, Shape, Shape_i, flatten, is_flat, reshape, shape, shape_i
from neano.tensor.shared import scalar_constructor, tensor_constructor
from neano.tensor.sort import ArgSortOp, SortOp, TopKOp, argsort, argtopk, sort, topk, topk_and_argtopk
from neano.tensor.specify import SpecifyShape, specify_shape
from neano.tensor.static import (
    EmptyConstantError,
    NotScalarConstantError,
    extract_constant,
    get_scalar_constant_value,
    get_vector_length,
)
from neano.tensor.statistics import (
    all,
    allclose,
    any,
    argmax,
    argmin,
    isclose,
    max,
    max_and_argmax,
    mean,
    min,
    norm,
    prod,
    ptp,
    std,
    sum,
    var,
)
from neano.tensor.subtensor import IncSubtensor, Subtensor
from neano.tensor.take import take
from neano.tensor.take_rows import AdvancedIncSubtensor1, AdvancedSubtensor1
from neano.tensor.transfer import register_transfer, transfer
from neano.tensor.type import TensorType
from neano.tensor.variable import TensorConstant, TensorVariable
from neano.tensor.windows import Bartlett, bartlett

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


as_tensor = as_tensor_variable
stacklists = stack_list

int_dtypes = INTEGER_DTYPES
uint_dtypes = UNSIGNED_DTYPES
integer_dtypes = (*INTEGER_DTYPES, *UNSIGNED_DTYPES)
float_dtypes = FLOAT_DTYPES
complex_dtypes = COMPLEX_DTYPES
continuous_dtypes = CONTINUOUS_DTYPES
discrete_dtypes = DISCRETE_DTYPES
all_dtypes = ALL_DTYPES

GENERATED = {**_math.ELEMENTWISE, **_constructors.CONSTRUCTORS}
"""The names made from tables: the rows of scalar functions on tensors, and the constructors."""

globals().update({name: value for name, value in GENERATED.items() if name not in globals()})

__all__ = [
    "stacklists",
    "transfer",
    "register_transfer",
    "load",
    "LoadFromDisk",
    "cpu_contiguous",
    "CpuContiguous",
    "ARange",
    "AdvancedIncSubtensor",
    "AdvancedIncSubtensor1",
    "AdvancedSubtensor",
    "AdvancedSubtensor1",
    "All",
    "Alloc",
    "AllocDiag",
    "AllocEmpty",
    "ArgSortOp",
    "Argmax",
    "AsTensorError",
    "Assert",
    "Bartlett",
    "BatchedDot",
    "CAReduce",
    "CAReduceDtype",
    "Choose",
    "CumOp",
    "CumprodOp",
    "CumsumOp",
    "DiffOp",
    "DimShuffle",
    "Dot",
    "Elemwise",
    "EmptyConstantError",
    "ExtractDiag",
    "Eye",
    "FillDiagonal",
    "FillDiagonalOffset",
    "GENERATED",
    "IncSubtensor",
    "Join",
    "MakeVector",
    "Max",
    "MaxAndArgmax",
    "Min",
    "Nonzero",
    "NotScalarConstantError",
    "PermuteRowElements",
    "Prod",
    "ProdWithoutZeros",
    "RavelMultiIndex",
    "Rebroadcast",
    "RepeatOp",
    "Reshape",
    "ScalarFromTensor",
    "SearchsortedOp",
    "Shape",
    "ShapeError",
    "Shape_i",
    "SortOp",
    "SpecifyShape",
    "Split",
    "Subtensor",
    "Sum",
    "TensorConstant",
    "TensorFromScalar",
    "TensorType",
    "TensorVariable",
    "TopKOp",
    "Tri",
    "Unique",
    "UnravelIndex",
    "addbroadcast",
    "all",
    "all_dtypes",
    "allclose",
    "alloc",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "argtopk",
    "as_tensor",
    "as_tensor_variable",
    "assert_op",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "autocast_float_as",
    "bartlett",
    "batched_dot",
    "batched_tensordot",
    "bincount",
    "broadcast_arrays",
    "broadcast_to",
    "cast",
    "ceil_intdiv",
    "choose",
    "complex_dtypes",
    "compress",
    "concatenate",
    "constant",
    "continuous_dtypes",
    "cov",
    "cumprod",
    "cumsum",
    "diag",
    "diagonal",
    "diff",
    "dimshuffle",
    "discrete_dtypes",
    "div_proxy",
    "divmod",
    "dot",
    "empty",
    "expand_dims",
    "extract_constant",
    "eye",
    "fill_diagonal",
    "fill_diagonal_offset",
    "flatnonzero",
    "flatten",
    "float_dtypes",
    "full",
    "full_like",
    "get_scalar_constant_value",
    "get_vector_length",
    "horizontal_stack",
    "identity_like",
    "inc_subtensor",
    "inner",
    "int_dtypes",
    "integer_dtypes",
    "inverse_permutation",
    "iround",
    "is_flat",
    "isclose",
    "isinf",
    "isnan",
    "join",
    "largest",
    "make_vector",
    "matrix_transpose",
    "max",
    "max_and_argmax",
    "mean",
    "mgrid",
    "min",
    "mod_check",
    "moveaxis",
    "nonzero",
    "nonzero_values",
    "norm",
    "ogrid",
    "ones",
    "ones_like",
    "outer",
    "patternbroadcast",
    "permute_row_elements",
    "prod",
    "ptp",
    "ravel_multi_index",
    "repeat",
    "reshape",
    "roll",
    "rollaxis",
    "round",
    "scalar_constructor",
    "scalar_from_tensor",
    "searchsorted",
    "set_subtensor",
    "shape",
    "shape_i",
    "shape_padaxis",
    "shape_padleft",
    "shape_padright",
    "smallest",
    "sort",
    "specify_shape",
    "split",
    "squeeze",
    "stack",
    "std",
    "sum",
    "swapaxes",
    "take",
    "tensor",
    "tensor_constructor",
    "tensor_from_scalar",
    "tensordot",
    "tile",
    "to_one_hot",
    "topk",
    "topk_and_argtopk",
    "trace",
    "transpose",
    "tri",
    "tril",
    "triu",
    "uint_dtypes",
    "unbroadcast",
    "unravel_index",
    "var",
    "vertical_stack",
    "zeros",
    "zeros_like",
    *GENERATED,
]
