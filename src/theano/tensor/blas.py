"""`theano.tensor.blas`: products of matrices that call BLAS."""

from neano.tensor.batched import BatchedDot, batched_dot
from neano.tensor.blas import (
    Dot22,
    Dot22Scalar,
    Gemm,
    Gemv,
    Ger,
    gemm,
    gemm_inplace,
    gemm_no_inplace,
    gemv,
    gemv_inplace,
    gemv_no_inplace,
    ger,
    ger_destructive,
)

_dot22 = Dot22()
_dot22scalar = Dot22Scalar()
