"""Elementwise functions that can be left out: copies, casts, inverses, choices between equals, comparisons with oneself."""

from __future__ import annotations

from typing import Any

from neano.autodiff.markers import GradientMarker
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.rewriters import rewriter
from neano.graph.variable import Apply, Constant
from neano.rewrites.phases import canonicalize, register_rules, registers, specialize, stabilize, useless
from neano.rewrites.rules import floating, integral, number, real, rule
from neano.rewrites.values import SECOND, constant_value, function_of, in_type_of, scalar_constant
from neano.scalar.dtypes import is_complex, is_discrete, upcast
from neano.scalar.op import TableOp
from neano.scalar.rows import ROWS, row
from neano.tensor.elemwise import Elemwise
from neano.tensor.math import CAST_PREFIX
from neano.tensor.shape import Shape_i

_CASTS = [op for name, op in ROWS.items() if name.startswith(CAST_PREFIX)]
_INVERSE_PAIRS = [
    ("sinh", "arcsinh"),
    ("arcsinh", "sinh"),
    ("arctanh", "tanh"),
    ("deg2rad", "rad2deg"),
    ("rad2deg", "deg2rad"),
]

x, f, r, bits, whole = number("x"), floating("f", 0.5, 4), real("r"), integral("bits"), integral("whole")
d, g = floating("d", 0.5, 4), floating("g")

INVERSES = [
    rule("local_neg_neg", row("neg")(-x), x),
    rule("local_inv_inv", row("inv")(row("inv")(f)), f),
    rule("local_conj_conj", row("conj")(row("conj")(x)), x),
    *[rule(f"local_func_inv_{outer}_{inner}", row(outer)(row(inner)(f)), f) for outer, inner in _INVERSE_PAIRS],
]

FRACTIONS = [
    rule("local_sum_of_fractions", row("add")(f / d, g / d), (f + g) / d, exclusive=True),
    rule("local_difference_of_fractions", f / d - g / d, (f - g) / d, exclusive=True),
]

CHOICES = [
    rule("local_maximum_of_equals", row("maximum")(r, r), r),
    rule("local_minimum_of_equals", row("minimum")(r, r), r),
    rule("local_and_of_equals", row("and_")(bits, bits), bits),
    rule("local_or_of_equals", row("or_")(bits, bits), bits),
    rule("local_xor_of_equals", row("xor")(bits, bits), row("second")(bits, 0)),
    rule("local_invert_invert", row("invert")(row("invert")(bits)), bits),
]

INTEGERS = [
    rule("local_intdiv_by_one", row("int_div")(whole, 1), whole),
    rule("local_mod_by_one", row("mod")(whole, 1), row("second")(whole, 0)),
]

register_rules(FRACTIONS, stabilize, specialize)
register_rules(INTEGERS, useless, canonicalize, specialize)
register_rules(INVERSES, canonicalize, stabilize, specialize)
register_rules(CHOICES, useless, canonicalize, specialize)


@registers(canonicalize, tags=["fast_compile", "local_remove_switch_const_cond"])
@registers(useless, tags=["local_remove_switch_const_cond"])
@registers(specialize)
@rewriter(row("switch"), name="local_useless_switch", depth=1)
def useless_switch(node: Apply) -> Any:
    """Take the branch of a condition that is known, or the one value of both branches."""
    condition, if_true, if_false = node.inputs
    if not isinstance(node.op, Elemwise) or node.op.inplace_pattern:
        return None
    value = constant_value(condition)
    if value is not None:
        chosen = if_true if value else if_false
    elif if_true is if_false:
        chosen = if_true
    else:
        return None
    result = in_type_of(chosen, node.outputs[0])
    return None if result is None else [result]


@registers(useless, canonicalize, tags=["fast_compile"])
@registers(specialize)
@rewriter(row("identity"), *_CASTS, name="local_useless_elemwise", depth=1)
def useless_copy(node: Apply) -> Any:
    """Remove copies, and casts to the dtype that is there."""
    op: Any = node.op
    if not isinstance(op, Elemwise) or op.inplace_pattern or len(node.inputs) != 1:
        return None
    (source,) = node.inputs
    return [source] if source.type.dtype == node.outputs[0].type.dtype else None  # type: ignore[attr-defined]


@registers(useless, canonicalize, tags=["fast_compile"])
@registers(specialize)
@rewriter(row("and_"), row("or_"), row("add"), row("mul"), name="local_useless_elemwise_of_one", depth=1)
def useless_logic(node: Apply) -> Any:
    """Remove sums and products of one operand, and `and` and `or` of bools with a constant."""
    op: Any = node.op
    if not isinstance(op, Elemwise) or op.inplace_pattern:
        return None
    function, like = op.scalar_op, node.outputs[0]
    if len(node.inputs) == 1 and function in (row("add"), row("mul")):
        return [node.inputs[0]]
    if len(node.inputs) != 2 or like.type.dtype != "bool" or function not in (row("and_"), row("or_")):  # type: ignore[attr-defined]
        return None
    for constant, other in (node.inputs, node.inputs[::-1]):
        value = constant_value(constant)
        if value is not None:
            decides = bool(value) == (function is row("or_"))
            result = in_type_of(scalar_constant(value, "bool") if decides else other, like)
            return None if result is None else [result]
    return None


@registers(canonicalize, specialize)
@rewriter(*_CASTS, name="local_cast_cast", depth=2)
def cast_of_cast(node: Apply) -> Any:
    """Leave out a cast that loses nothing before another cast."""
    outer: Any = node.op
    (middle,) = node.inputs
    inner = function_of(middle)
    if inner not in _CASTS or not isinstance(outer, Elemwise) or outer.inplace_pattern:
        return None
    assert middle.owner is not None
    source: Any = middle.owner.inputs[0]
    if upcast(source.dtype, middle.type.dtype) != middle.type.dtype:  # type: ignore[attr-defined]
        return None
    if is_complex(source.dtype) and not is_complex(node.outputs[0].type.dtype):  # type: ignore[attr-defined]
        return None
    return [outer(source)]


_SELF_COMPARISONS = {"eq": 1, "ge": 1, "le": 1, "neq": 0, "lt": 0, "gt": 0}


@registers(useless, canonicalize, stabilize, specialize)
@rewriter(*[row(name) for name in _SELF_COMPARISONS], name="local_useless_elemwise_comparison", depth=2)
def comparison_with_itself(node: Apply) -> Any:
    """Decide comparisons of integers with themselves (a NaN differs from itself), and of lengths with 0."""
    a, b = node.inputs
    function = function_of(node.outputs[0])
    if function is None or not is_discrete(a.type.dtype):  # type: ignore[attr-defined]
        return None
    decided = None
    if a is b:
        decided = _SELF_COMPARISONS[function.name]
    elif _is_length(a) and constant_value(b) is not None and is_discrete(b.type.dtype):  # type: ignore[attr-defined]
        if function.name in ("lt", "ge") and constant_value(b) <= 0:
            decided = int(function.name == "ge")
        elif function.name in ("gt", "le", "eq", "neq") and constant_value(b) < 0:
            decided = int(function.name in ("gt", "neq"))
    if decided is None:
        return None
    result = in_type_of(scalar_constant(decided, "bool"), node.outputs[0])
    return None if result is None else [result]


def _is_length(variable: Any) -> bool:
    """Say whether a variable is one length of an array, and so is not negative."""
    return variable.owner is not None and isinstance(variable.owner.op, Shape_i)


@registers(canonicalize)
@rewriter(Elemwise, name="local_upcast_elemwise_constant_inputs", depth=1)
def upcast_constants(fgraph: FunctionGraph, node: Apply) -> Any:
    """Give constants the dtype in which the function computes, so that equal ones become one."""
    op: Any = node.op
    function = op.scalar_op
    if op.inplace_pattern or not isinstance(function, TableOp) or len(node.inputs) < 2 or function is SECOND:
        return None
    dtype = node.outputs[0].type.dtype  # type: ignore[attr-defined]
    given: list[Any] = node.inputs
    if not any(isinstance(v, Constant) and v.dtype != dtype for v in given):  # type: ignore[attr-defined]
        return None
    wanted = function.operand_dtypes([v.dtype for v in given], dtype)
    changed = [
        v.type.clone(dtype=d).make_constant(v.data.astype(d)) if isinstance(v, Constant) and v.dtype != d else v  # type: ignore[attr-defined]
        for v, d in zip(given, wanted, strict=True)
    ]
    if all(a is b for a, b in zip(changed, given, strict=True)):
        return None
    if function.output_dtypes(*[v.dtype for v in changed]) != (dtype,):
        return None
    return op.make_node(*changed).outputs


@registers(useless, canonicalize, tags=["fast_compile"])
@rewriter(GradientMarker, name="local_view_op", depth=1)
def gradient_marker(node: Apply) -> Any:
    """Remove what only told the derivative something: grad_clip, zero_grad, disconnected_grad and their like."""
    return list(node.inputs)
