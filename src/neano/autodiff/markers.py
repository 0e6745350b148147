"""Identities that change what passes backward: `zero_grad`, `disconnected_grad`, `grad_clip` and their kin.

Each computes its input and is taken out of a graph by rewriting, once derivatives have been worked out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

from neano.graph.null_type import DisconnectedType, undefined_gradient
from neano.graph.op import Op
from neano.graph.variable import Apply, Variable
from neano.scalar.dtypes import is_discrete
from neano.scalar.op import like, zeros_of
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable


class GradientMarker(Op):
    """The input itself. Subclasses say what becomes of the cotangent."""

    __props__: ClassVar[tuple[str, ...]] = ()
    view_map = {0: [0]}  # noqa: RUF012

    def make_node(self, *inputs: Any) -> Apply:
        (x,) = inputs
        x = x if isinstance(x, Variable) else as_tensor_variable(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        output_storage[0][0] = inputs[0]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        return list(input_shapes)

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return list(eval_points)


class ConsiderConstant(GradientMarker):
    """Sends zeros back."""

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [zeros_of(x) for x in inputs]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else zeros_of(inputs[0])]


class ZeroGrad(ConsiderConstant):
    """Sends zeros back."""


class DisconnectedGrad(GradientMarker):
    """Sends nothing back: what stands behind it does not count as used."""

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [DisconnectedType()()]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]


class UndefinedGrad(GradientMarker):
    """Makes the gradient undefined: asking for one that passes here is an error."""

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [undefined_gradient(self, 0, inputs[0])]

    def R_op(self, inputs: Sequence[Any], eval_points: Sequence[Any]) -> Sequence[Any]:
        return [None if eval_points[0] is None else undefined_gradient(self, 0, inputs[0])]


class GradClip(GradientMarker):
    """Clips what is sent back, element by element.

    Args:
        clip_lower_bound, clip_upper_bound: numbers, or variables that broadcast against the input.
    """

    __props__ = ("clip_lower_bound", "clip_upper_bound")

    def __init__(self, clip_lower_bound: Any, clip_upper_bound: Any) -> None:
        self.clip_lower_bound = clip_lower_bound
        self.clip_upper_bound = clip_upper_bound
        known = not isinstance(clip_lower_bound, Variable) and not isinstance(clip_upper_bound, Variable)
        if known and not clip_upper_bound >= clip_lower_bound:
            raise AssertionError(f"the bounds of grad_clip are reversed: {clip_lower_bound} > {clip_upper_bound}")

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        (g,) = output_grads
        low, high = _number_like(g, self.clip_lower_bound), _number_like(g, self.clip_upper_bound)
        return [row("clip")(g, low, high)]


class GradScale(GradientMarker):
    """Multiplies what is sent back.

    Args:
        multiplier: a number, or a variable that broadcasts against the input.
    """

    __props__ = ("multiplier",)

    def __init__(self, multiplier: Any) -> None:
        self.multiplier = multiplier

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return [_number_like(g, self.multiplier) * g for g in output_grads]


def _number_like(g: Any, value: Any) -> Any:
    """Return a plain number in the dtype of a cotangent, so that it does not widen it; a variable as it is."""
    return like(g, value) if isinstance(value, (int, float)) and not is_discrete(g.type.dtype) else value


consider_constant_ = ConsiderConstant()
zero_grad_ = ZeroGrad()
undefined_grad_ = UndefinedGrad()
disconnected_grad_ = DisconnectedGrad()


def consider_constant(x: Any) -> Any:
    """Return `x`, through which the gradient is zero. Deprecated: use `zero_grad` or `disconnected_grad`."""
    warnings.warn(
        "consider_constant() is deprecated; use zero_grad() or disconnected_grad() instead",
        DeprecationWarning,
        stacklevel=2,
    )
    return consider_constant_(x)


def zero_grad(x: Any) -> Any:
    """Return `x`, through which the gradient is zero."""
    return zero_grad_(x)


def undefined_grad(x: Any) -> Any:
    """Return `x`, through which a gradient is an error."""
    return undefined_grad_(x)


def disconnected_grad(x: Any) -> Any:
    """Return `x`, as if the result did not depend on it: where nothing else connects, `grad` says so."""
    return disconnected_grad_(x)


def grad_clip(x: Any, lower_bound: Any, upper_bound: Any) -> Any:
    """Return `x`; the gradient that passes back through it is clipped to the bounds, element by element.

    Raises:
        AssertionError: the lower bound is greater than the upper.
    """
    return GradClip(lower_bound, upper_bound)(x)


def grad_scale(x: Any, multiplier: Any) -> Any:
    """Return `x`; the gradient that passes back through it is multiplied."""
    return GradScale(multiplier)(x)
