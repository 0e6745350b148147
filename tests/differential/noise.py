"""How far rounding can move a result, element by element, by evaluating a graph with each rounding made at random.

Every result of an inexact function is moved by a few units in its last place, sums and products of matrices by units
in the last place of what they add up. The spread over some evaluations is the tolerance: it follows cancellation,
ill-conditioned functions and decisions that hang on a last bit (Monte Carlo arithmetic: Parker 1997).
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neano.backends.reference.run_node import run_node
from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Constant
from neano.tensor.elemwise import Elemwise

EXACT_ROWS = frozenset(
    "abs_ neg identity second switch maximum minimum clip ceil floor trunc round_half_to_even conj real imag complex sgn "
    "round_half_away_from_zero lt le gt ge eq neq isnan isinf inclosedrange inopenrange and_ or_ xor invert".split()
)
BASIC_ROWS = frozenset("add sub mul true_div sqrt sqr inv".split())
EXACT_OPS = frozenset(
    "DimShuffle Reshape Subtensor AdvancedSubtensor AdvancedSubtensor1 Alloc AllocEmpty Join Split MakeVector Shape Shape_i "
    "ScalarFromTensor TensorFromScalar Rebroadcast ARange Eye Tri SortOp ArgSortOp Max Min Argmax MaxAndArgmax AnyOp Any All "
    "SpecifyShape Assert RepeatOp AllocDiag ExtractDiag FillDiagonal Nonzero TopKOp DeepCopyOp ViewOp".split()
)
EXTREMES = frozenset("Max Min MaxAndArgmax".split())
ADDING_OPS = frozenset("Sum Dot BatchedDot CumOp Gemm Gemv Ger Dot22 Dot22Scalar CAReduce CAReduceDtype Mean".split())
ULPS = 4.0


def epsilon(dtype: Any) -> float:
    """Return the distance from 1 to the next number, 0 for integers."""
    return float(np.finfo(dtype).eps) if np.dtype(dtype).kind in "fc" else 0.0


def ulps_of(node: Apply) -> float:
    """Return how many units in the last place a backend's result may be from the reference's."""
    op = node.op
    if isinstance(op, Elemwise):
        name = op.scalar_op.name
        return 0.0 if name in EXACT_ROWS else 1.0 if name in BASIC_ROWS else ULPS
    name = type(op).__name__
    if name in EXACT_OPS:
        return 0.0
    return ULPS


_decomposed: weakref.WeakKeyDictionary[Apply, tuple[list[Any], list[Any]]] = weakref.WeakKeyDictionary()


def _parts(node: Apply) -> tuple[list[Any], list[Any]]:
    """Return the graph that a node stands for."""
    found = _decomposed.get(node)
    if found is None:
        inputs = [v.type() for v in node.inputs]
        found = _decomposed[node] = (inputs, list(node.op.decompose(*inputs)))  # type: ignore[attr-defined]
    return found


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Return numbers between a half and one, of random sign."""
    return rng.uniform(0.5, 1.0, shape) * rng.choice([-1.0, 1.0], shape)


def _moved(value: Any, size: Any, rng: np.random.Generator) -> Any:
    """Return the value with each element moved by about `size`."""
    with np.errstate(all="ignore"):
        step = np.nan_to_num(np.asarray(size, "float64"), nan=0.0, posinf=0.0) * _random(rng, np.shape(value))
        return np.where(np.isfinite(value), value + step, value).astype(value.dtype).reshape(np.shape(value))


def _rounded(
    node: Apply, inputs: list[Any], results: list[Any], rng: np.random.Generator, reordered: bool
) -> list[Any]:
    """Return a node's results with other roundings.

    Args:
        reordered: whether sums may be another's parts, so that a sum of 0 may have either sign.
    """
    ulps = ulps_of(node)
    name = type(node.op).__name__
    if name in EXTREMES and _zeros_of_both_signs(inputs[0]):
        return [_signed_at_random(results[0], rng), *results[1:]]
    if not ulps:
        return results
    moved = []
    for i, value in enumerate(results):
        unit = epsilon(value.dtype) if isinstance(value, np.ndarray) else 0.0
        if not unit:
            moved.append(value)
            continue
        size: Any = ulps * unit * np.abs(value.astype("complex128" if value.dtype.kind == "c" else "float64"))
        if name in ADDING_OPS:
            magnitude = _magnitude(node, inputs, i)
            size = size + ULPS * accumulator_epsilon(node, value) * magnitude
            with np.errstate(all="ignore"):  # where a partial sum may overflow the order decides: anything may come out
                value = np.where(np.isfinite(magnitude), value, rng.choice([np.nan, np.inf, 0.0])).astype(value.dtype)
        if name in ADDING_OPS or (reordered and name == "Elemwise" and node.op.scalar_op.name in ("add", "sub")):
            value = _signed_at_random(value, rng)
        moved.append(_moved(value, size, rng))
    return moved


def _zeros_of_both_signs(value: Any) -> bool:
    """Say whether a maximum of the elements may be a zero of either sign: the order of comparing equals is free."""
    signs = np.signbit(value[value == 0]) if _inexact(value) and value.dtype.kind == "f" else np.zeros(0, bool)
    return bool(signs.any() and not signs.all())


def _signed_at_random(value: Any, rng: np.random.Generator) -> Any:
    """Return the value with zeros of random sign."""
    return np.where(value == 0, np.copysign(0.0, _random(rng, value.shape)).astype(value.dtype), value)


def accumulator_epsilon(node: Apply, value: Any) -> float:
    """Return the precision in which a node adds up."""
    acc = getattr(node.op, "acc_dtype", None)
    return epsilon(acc) if isinstance(acc, str) else epsilon(value.dtype)


def _magnitude(node: Apply, inputs: list[Any], output: int) -> Any:
    """Return what a node adds up, by absolute value."""
    absolute = [np.abs(x).astype(x.dtype) if isinstance(x, np.ndarray) and x.dtype.kind in "fc" else x for x in inputs]
    return np.abs(run_node(node, absolute)[output].astype("complex128"))


@dataclass(frozen=True)
class Evaluation:
    """The values of a graph.

    Attributes:
        outputs: one an output.
        wild: whether any value is not finite, or so large or small that a product of two may not be.
    """

    outputs: list[Any]
    wild: bool


def evaluate(
    inputs: Sequence[Any], outputs: Sequence[Any], values: Sequence[Any], seed: int | None = None, moved: bool = False
) -> Evaluation:
    """Evaluate a graph op by op.

    Args:
        seed: of the roundings; None for those of the reference.
        moved: whether the inputs are moved by their last place as well.

    Raises:
        whatever a node raises.
    """
    rng = np.random.default_rng(seed)
    given = [np.array(v) if isinstance(v, np.ndarray) else v for v in values]
    if moved and seed is not None:
        given = [_moved(v, epsilon(v.dtype) * np.abs(v), rng) if _inexact(v) else v for v in given]
    known = dict(zip(inputs, given, strict=True))
    wild = any(map(_is_wild, given))
    with np.errstate(all="ignore"):
        for node in toposort(outputs, inputs):
            operands = [v.data if isinstance(v, Constant) else known[v] for v in node.inputs]
            if seed is not None and hasattr(node.op, "decompose"):  # its parts round too
                parts = _parts(node)
                results = evaluate(*parts, operands, int(rng.integers(2**60))).outputs
            else:
                results = run_node(node, operands)
            if seed is not None:
                results = _rounded(node, operands, results, rng, moved)
            wild = wild or any(map(_is_wild, results))
            known.update(zip(node.outputs, results, strict=True))
    return Evaluation([v.data if isinstance(v, Constant) else known[v] for v in outputs], wild)


def _inexact(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fc"


def _is_wild(value: Any) -> bool:
    if not _inexact(value) or not value.size:
        return False
    info = np.finfo(value.dtype)
    size = np.abs(value)
    edge = float(info.max) ** 0.5
    with np.errstate(all="ignore"):
        return bool(np.any(~(size <= edge)) or np.any((size < float(info.tiny) ** 0.5) & (size > 0)))


def errors_of(inputs: Sequence[Any], outputs: Sequence[Any], values: Sequence[Any]) -> set[type]:
    """Return the classes of the errors of all nodes that can be reached past the others' errors."""
    known: dict[Any, Any] = dict(zip(inputs, values, strict=True))
    found: set[type] = set()
    with np.errstate(all="ignore"):
        for node in toposort(outputs, inputs):
            if not all(isinstance(v, Constant) or v in known for v in node.inputs):
                continue
            operands = [v.data if isinstance(v, Constant) else known[v] for v in node.inputs]
            try:
                known.update(zip(node.outputs, run_node(node, operands), strict=True))
            except (ValueError, IndexError, TypeError, AssertionError, ZeroDivisionError, OverflowError) as error:
                found.add(type(error))
    return found
