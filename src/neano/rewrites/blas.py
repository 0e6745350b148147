"""Matrix products in the forms that BLAS computes: a late phase (`BlasOpt`, tag "blas") makes them of `Dot`.

`dot(x, y)` of matrices becomes `Dot22`, with a scalar factor `Dot22Scalar`, as a term of a sum `Gemm`; a matrix times a
vector becomes `Gemv`; a batch of products with a scalar factor `ScaledBatchedDot`. The product of a column and a row is one
multiplication an element, and fuses as such. A scalar factor of an operand is first made one of the product, where it costs
nothing.
"""

from __future__ import annotations

from typing import Any

from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.database import EquilibriumDB, SequenceDB
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply
from neano.rewrites.phases import optdb, register
from neano.rewrites.products import build, take_apart
from neano.rewrites.reductions import drop_axes
from neano.rewrites.shape_feature import shape_of
from neano.rewrites.sums import belongs_to, family_of
from neano.rewrites.values import constant_value, function_of, only_reader, scalar_constant
from neano.scalar.rows import row
from neano.tensor.batched import BatchedDot, ScaledBatchedDot, scaled_batched_dot
from neano.tensor.blas import Dot22, Dot22Scalar, Gemv, _dot22, _dot22scalar, gemm_no_inplace, gemv_no_inplace
from neano.tensor.creation import AllocEmpty
from neano.tensor.dot import Dot
from neano.tensor.elemwise import DimShuffle
from neano.tensor.rebroadcast import patternbroadcast

BLAS_DTYPES = frozenset(["float32", "float64", "complex64", "complex128"])

_PRODUCT_OPS = (Dot, Dot22, BatchedDot)
_ADD, _SUB, _MUL, _NEG, _DIV = (row(name) for name in ("add", "sub", "mul", "neg", "true_div"))
_SUMS = family_of(_ADD, _SUB)
_PRODUCTS = family_of(_MUL, _NEG, _DIV)

blas_optdb = SequenceDB(name="BlasOpt")
optdb.register("BlasOpt", blas_optdb, 1.7, "fast_run", "blas")
_first, _sums, _last = EquilibriumDB(name="dot22"), EquilibriumDB(name="gemm"), EquilibriumDB(name="use_gemv")
for _position, _database in ((0, _first), (10, _sums), (15, _last)):
    blas_optdb.register(str(_database.name), _database, _position, "fast_run", "blas")


def _typed(result: Any, like: Any) -> Any:
    """Return a replacement in the type that is wanted."""
    return [patternbroadcast(result, like.type.broadcastable)] if result.dtype == like.dtype else None


@rewriter(Dot, name="local_dot_to_dot22", depth=1)
def dot_to_dot22(fgraph: FunctionGraph, node: Apply) -> Any:
    """Make a product of matrices `Dot22`, of a matrix and a vector `Gemv`, of a column and a row a multiplication."""
    a, b = node.inputs
    like: Any = node.outputs[0]
    if type(node.op) is not Dot or like.dtype not in BLAS_DTYPES or not a.type.dtype == b.type.dtype == like.dtype:  # type: ignore[attr-defined]
        return None
    ranks = (a.type.ndim, b.type.ndim)  # type: ignore[attr-defined]
    if ranks == (2, 2):
        if a.type.broadcastable[1] and b.type.broadcastable[0]:  # type: ignore[attr-defined]
            return _typed(_MUL(a, b), like)
        return _typed(_dot22(a, b), like)
    if ranks == (2, 1):
        return _times_vector(fgraph, a, b, like)
    if ranks == (1, 2):
        return _times_vector(fgraph, DimShuffle(b.type.broadcastable, (1, 0))(b), a, like)  # type: ignore[attr-defined]
    return None


def _times_vector(fgraph: FunctionGraph, matrix: Any, vector: Any, like: Any) -> Any:
    """Return a matrix times a vector as `Gemv` that adds to nothing."""
    lengths = shape_of(fgraph, matrix)
    if lengths is None:
        return None
    nothing = AllocEmpty(like.dtype)(lengths[0])
    one, zero = scalar_constant(1, like.dtype), scalar_constant(0, like.dtype)
    return _typed(gemv_no_inplace(nothing, one, matrix, vector, zero), like)


register(_first, dot_to_dot22, "blas")


def _is_turned(variable: Any) -> bool:
    """Say whether a variable is another with its axes in another order."""
    node = variable.owner
    return (
        node is not None
        and isinstance(node.op, DimShuffle)
        and sorted(map(str, node.op.new_order)) == sorted(map(str, range(node.inputs[0].ndim)))
    )


def _only_products_read(fgraph: FunctionGraph, variable: Any) -> bool:
    """Say whether nothing but products reads a variable, as it is or turned."""
    readers = [reader for reader, _ in fgraph._clients.get(variable, ())]
    return all(
        not isinstance(reader, str)
        and (
            isinstance(reader.op, _PRODUCT_OPS)
            or (_is_turned(reader.outputs[0]) and _only_products_read(fgraph, reader.outputs[0]))
        )
        for reader in readers
    )


def _without_scale(fgraph: FunctionGraph, operand: Any) -> tuple[Any, Any] | None:
    """Return an operand of products as a scalar and what it multiplies; None where there is no scalar, or others read it, too."""
    turn = operand.owner.op if _is_turned(operand) else None
    inner = operand if turn is None else operand.owner.inputs[0]
    if not belongs_to(function_of(inner), _PRODUCTS) or not _only_products_read(fgraph, inner):
        return None
    found = scaled(fgraph, inner)
    if found is None or found[1] is inner:
        return None
    return found[0], found[1] if turn is None else turn(found[1])


@rewriter(Dot, Dot22, BatchedDot, name="local_scale_of_operand", depth=3)
def scale_of_operand(fgraph: FunctionGraph, node: Apply) -> Any:
    """Multiply a product by a scalar instead of an operand that only products read, which then is not written at all."""
    like: Any = node.outputs[0]
    if type(node.op) not in (Dot, Dot22, BatchedDot) or like.dtype not in BLAS_DTYPES or like.ndim == 0:
        return None
    operands, factors = list(node.inputs), []
    for i, operand in enumerate(node.inputs):
        found = _without_scale(fgraph, operand) if operand.type.dtype == like.dtype else None  # type: ignore[attr-defined]
        if found is not None:
            factors.append(found[0])
            operands[i] = found[1]
    if not factors:
        return None
    factor = factors[0] if len(factors) == 1 else _MUL(*factors)
    return _typed(_MUL(factor.dimshuffle(*["x"] * like.ndim), node.op(*operands)), like)


register(_first, scale_of_operand, "blas")


def scaled(fgraph: FunctionGraph, term: Any) -> tuple[Any, Any] | None:
    """Return a term of a sum as a scalar and the one tensor that it multiplies; None for products of several tensors."""
    found = take_apart(fgraph, term)
    cores = [base for base in found.exponents if not all(base.type.broadcastable)]
    if len(cores) != 1 or found.exponents[cores[0]] != 1:
        return None
    core = cores[0]
    if core.dtype != term.dtype or core.type.broadcastable != term.type.broadcastable:
        return None
    scalars = {
        drop_axes(base, tuple(range(base.ndim))): exponent
        for base, exponent in found.exponents.items()
        if base is not core
    }
    found.exponents = scalars
    scalar = build(found, 0)
    return (scalar, core) if scalar.dtype == term.dtype else None


def _has_product(term: Any, depth: int = 3) -> bool:
    """Say, at little cost, whether a product by BLAS may be a factor of a term."""
    node = term.owner
    if node is None or depth == 0:
        return False
    if isinstance(node.op, (Dot22, Dot22Scalar, Gemv, BatchedDot)):
        return True
    return belongs_to(function_of(term), _PRODUCTS) and any(_has_product(v, depth - 1) for v in node.inputs)


def _product_term(fgraph: FunctionGraph, term: Any) -> tuple[Any, Apply] | None:
    """Return the scalar and the node of a product by BLAS that nothing else reads."""
    if not _has_product(term):
        return None
    found = scaled(fgraph, term)
    if found is None or found[1].owner is None or only_reader(fgraph, found[1]) is None:
        return None
    scalar, node = found[0], found[1].owner
    if isinstance(node.op, (Dot22, Dot22Scalar, BatchedDot)):
        return scalar, node
    if isinstance(node.op, Gemv) and constant_value(node.inputs[4]) == 0 and constant_value(node.inputs[1]) == 1:
        return scalar, node
    return None


@rewriter(_ADD, _SUB, name="gemm_optimizer", depth=3)
def sum_to_gemm(fgraph: FunctionGraph, node: Apply) -> Any:
    """Add a product of matrices to another matrix in one operation: beta z + alpha dot(x, y); of several terms, to their sum."""
    like: Any = node.outputs[0]
    function = function_of(like)
    if not belongs_to(function, _SUMS) or like.dtype not in BLAS_DTYPES or like.ndim not in (1, 2):
        return None
    for i in reversed(range(len(node.inputs))):
        product = _product_term(fgraph, node.inputs[i])
        if product is None or isinstance(product[1].op, (Dot22Scalar, BatchedDot)):
            continue
        term, others = node.inputs[i], [*node.inputs[:i], *node.inputs[i + 1 :]]
        other: Any = others[0] if len(others) == 1 else _ADD(*others)
        if term.type.broadcastable != like.type.broadcastable or other.type != like.type:  # type: ignore[attr-defined]
            continue
        rest = scaled(fgraph, other)
        if rest is None:
            continue
        alpha, made = product
        beta, z = rest
        if function is _SUB:
            alpha, beta = (_NEG(alpha), beta) if i == 1 else (alpha, _NEG(beta))
        if isinstance(made.op, Dot22):
            return _typed(gemm_no_inplace(z, alpha, *made.inputs, beta), like)
        return _typed(gemv_no_inplace(z, alpha, made.inputs[2], made.inputs[3], beta), like)
    return None


register(_sums, sum_to_gemm, "blas")


def _alike(operands: Any) -> bool:
    """Say whether operands have one dtype."""
    return len({v.dtype for v in operands}) == 1


@rewriter(_MUL, _NEG, _DIV, name="local_dot22_to_dot22scalar", depth=3)
def scaled_product(fgraph: FunctionGraph, node: Apply) -> Any:
    """Multiply a product of matrices, or of a matrix and a vector, by a scalar while it is computed."""
    like: Any = node.outputs[0]
    if not belongs_to(function_of(like), _PRODUCTS) or like.dtype not in BLAS_DTYPES or like.ndim not in (1, 2, 3):
        return None
    found = _product_term(fgraph, like)
    if found is None:
        return None
    scalar, made = found
    if isinstance(made.op, (Dot22Scalar, ScaledBatchedDot)):
        return _typed(made.op(*made.inputs[:2], _MUL(scalar, made.inputs[2])), like)
    if isinstance(made.op, Dot22):
        return _typed(_dot22scalar(*made.inputs, scalar), like)
    if isinstance(made.op, BatchedDot):
        return _typed(scaled_batched_dot(*made.inputs, scalar), like) if _alike(made.inputs) else None
    y, _, matrix, vector, beta = made.inputs
    return _typed(gemv_no_inplace(y, scalar, matrix, vector, beta), like)


register(_last, scaled_product, "blas")
