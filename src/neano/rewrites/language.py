"""How patterns see the tensor language: an expression of 0-d placeholders stands for tensors of any rank and dtype.

Elementwise functions are compared by their row of the scalar table, seen through dimshuffles in between, with some forms
taken for one another: x - c for x + (-c), inv(x) for 1 / x, x * x and x ** 2 for sqr(x). Constants match by value in any
dtype and shape, also broadcast or filled.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from neano.graph.rewriting import rewriters
from neano.graph.rewriting.pattern import Language
from neano.graph.variable import Apply, Constant, Variable
from neano.rewrites.values import constant_value, in_type_of, is_constant, scalar_constant, widened
from neano.scalar.dtypes import is_discrete
from neano.scalar.op import ScalarOp
from neano.scalar.rows import row
from neano.tensor.elemwise import DimShuffle, Elemwise
from neano.tensor.math import ELEMENTWISE

_ADD, _SUB, _MUL, _DIV = row("add"), row("sub"), row("mul"), row("true_div")
_INV, _SQR, _POW = row("inv"), row("sqr"), row("pow")
_TRACKED: dict[Any, list[Any]] = {_ADD: [_ADD, _SUB], _DIV: [_DIV, _INV], _SQR: [_SQR, _MUL, _POW]}


def scalar_key(op: Any) -> ScalarOp | None:
    """Return the scalar function of an elementwise Op that writes into none of its inputs."""
    if isinstance(op, Elemwise) and not op.inplace_pattern:
        return op.scalar_op
    return None


class TensorLanguage(Language):
    """See the module's text."""

    def key(self, node: Apply) -> Hashable:
        return scalar_key(node.op) or node.op

    def normalize(self, variable: Variable) -> tuple[Hashable, list[Any]]:
        """Return the function and operands that a node of a pattern stands for."""
        node: Any = variable.owner
        key = self.key(node)
        if key is _INV:
            return _DIV, [scalar_constant(1, "int8"), *node.inputs]
        if key is _SUB and isinstance(node.inputs[1], Constant):
            return _ADD, [node.inputs[0], scalar_constant(-float(node.inputs[1].data), "float64")]
        if key is _POW and is_constant(node.inputs[1], 2):
            return _SQR, node.inputs[:1]
        if key is _MUL and len(node.inputs) == 2 and node.inputs[0] is node.inputs[1]:
            return _SQR, node.inputs[:1]
        return key, list(node.inputs)

    def operands(self, variable: Variable, key: Hashable, index: int) -> Sequence[Variable] | None:
        node = variable.owner
        if node is None or variable.index != index:
            return None
        if not isinstance(key, ScalarOp):
            return node.inputs if node.op == key else None
        if isinstance(node.op, DimShuffle):
            inside = self.operands(node.inputs[0], key, index)
            if inside is None:
                return None
            order = node.op.new_order
            return [DimShuffle(v.type.broadcastable, order)(v) for v in inside]  # type: ignore[attr-defined]
        found = scalar_key(node.op)
        if found is None:
            return None
        return node.inputs if found is key or found == key else _seen_as(key, found, node)

    def tracked(self, key: Hashable) -> Sequence[Any]:
        return _TRACKED.get(key, [key])

    def is_commutative(self, key: Hashable) -> bool:
        return isinstance(key, ScalarOp) and key.commutative

    def is_associative(self, key: Hashable) -> bool:
        return key is _ADD or key is _MUL

    def combine(self, key: Hashable, operands: Sequence[Variable]) -> Variable:
        if len(operands) == 1:
            return operands[0]
        return ELEMENTWISE[key.name](*operands)  # type: ignore[attr-defined, no-any-return]

    def is_value(self, variable: Variable, constant: Constant) -> bool:
        value = constant_value(variable)
        return value is not None and bool(value == constant.data.reshape(-1)[0])

    def same(self, a: Variable, b: Variable) -> bool:
        if a is b:
            return True
        if isinstance(a, Constant) or isinstance(b, Constant):
            value = constant_value(a)
            return value is not None and bool(value == constant_value(b))
        one, other = a.owner, b.owner
        return (
            one is not None
            and other is not None
            and isinstance(one.op, DimShuffle)
            and one.op == other.op
            and one.inputs[0] is other.inputs[0]
        )

    def build(self, key: Hashable, template: Apply, operands: Sequence[Variable]) -> list[Variable]:
        return template.op.make_node(*operands).outputs

    def constant(self, constant: Constant, like: Variable) -> Variable:
        dtype: str = like.type.dtype  # type: ignore[attr-defined]
        value = constant.data.reshape(-1)[0]
        if is_discrete(dtype) and np.asarray(value).astype(dtype) != value:
            return constant
        return scalar_constant(value, dtype, like.type.ndim)  # type: ignore[no-any-return, attr-defined]

    def fits(self, result: Variable, like: Variable) -> bool:
        return bool(result.type.dtype == like.type.dtype)  # type: ignore[attr-defined]

    def widen(self, variable: Variable, like: Variable) -> Variable:
        return widened(variable, like.type.dtype)  # type: ignore[attr-defined, no-any-return]

    def conform(self, result: Variable, like: Variable) -> Variable | None:
        return in_type_of(result, like)  # type: ignore[no-any-return]


def _seen_as(key: ScalarOp, found: ScalarOp, node: Apply) -> list[Any] | None:
    """Return the operands of a node seen as the application of another function; None where it cannot be."""
    inputs: list[Any] = node.inputs
    dtype = node.outputs[0].type.dtype  # type: ignore[attr-defined]
    if key is _ADD and found is _SUB and not is_discrete(dtype):
        value = constant_value(inputs[1])
        if value is not None:
            return [inputs[0], scalar_constant(-value.astype(dtype), dtype, node.outputs[0].type.ndim)]  # type: ignore[attr-defined]
    elif key is _DIV and found is _INV:
        return [scalar_constant(1, dtype, inputs[0].ndim), inputs[0]]
    elif key is _SQR:
        if found is _MUL and len(inputs) == 2 and inputs[0] is inputs[1]:
            return inputs[:1]
        if found is _POW and is_constant(inputs[1], 2) and inputs[0].dtype == dtype:
            return inputs[:1]
    return None


language = TensorLanguage()
rewriters.elementwise_function = scalar_key
