"""`ScalarOp`: a function of numbers. A row of the table is one: name, arity, dtype rule, reference, derivative.

The same object serves scalars and tensors: calling a row with a tensor among its arguments builds the elementwise
operation (`lift` is set by `neano.tensor.elemwise`), so derivatives are written once, in terms of the rows themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.graph.errors import MethodNotDefined
from neano.graph.null_type import DisconnectedType
from neano.graph.op import Op
from neano.graph.printing import graph_texts
from neano.graph.traverse import toposort
from neano.graph.variable import Apply, Constant, Variable
from neano.scalar.dtypes import check_dtype, is_complex, is_discrete, upcast
from neano.scalar.rows import ROWS, row
from neano.scalar.type import ScalarVariable, as_scalar, get_scalar_type

DtypeRule = Callable[..., str]
"""Gives the output's dtype from those of the operands; raises TypeError where they make no sense."""

OperandRule = Callable[[Sequence[str], str], Sequence[str]]
"""Gives the dtypes in which a function computes, from the operands' own dtypes and the output's."""

Derivative = Callable[..., Sequence[Any]]
"""`(inputs, output, cotangent) -> cotangents of the inputs`, written in rows of the table and operators."""

Interval = tuple[float, float]
"""The open interval of the real numbers in which an operand lies where the function is smooth."""

REALS: Interval = (-math.inf, math.inf)
POSITIVE: Interval = (0.0, math.inf)

lift: Callable[[ScalarOp, Sequence[Any]], Any] | None = None
"""Builds the elementwise operation of a row on tensors; set by `neano.tensor.elemwise`."""


class ScalarOp(Op):
    """A function of numbers.

    Users subclass it (as `UnaryScalarOp` and its like) with `impl` and `grad`; `scalar_function` makes the rows.

    Attributes:
        name: how it is printed and found; unique among the rows of the table.
        nin: number of operands, -1 for one or more.
        commutative, associative: whether operands may be reordered and regrouped.
    """

    nin: int = -1
    nout: int = 1
    commutative = False
    associative = False
    name: str | None = None

    def __init__(self, output_types_preference: Any = None, name: str | None = None) -> None:
        if name is not None:
            self.name = name
        if output_types_preference is not None:
            self.output_types_preference = output_types_preference

    def output_dtypes(self, *dtypes: str) -> tuple[str, ...]:
        """Return the dtypes of the outputs.

        Raises:
            TypeError: the function is not defined on operands of these dtypes.
        """
        preference = getattr(self, "output_types_preference", None)
        if preference is None:
            return (upcast(*dtypes),)
        types = preference(*map(get_scalar_type, dtypes))
        return tuple(t.dtype for t in (types if isinstance(types, (list, tuple)) else [types]))

    def operand_dtypes(self, dtypes: Sequence[str], output: str) -> Sequence[str]:
        """Return the dtypes to which operands are converted before computing; by default the output's."""
        return [output] * len(dtypes)

    def make_node(self, *inputs: Any) -> Apply:
        if self.nin >= 0 and len(inputs) != self.nin:
            raise TypeError(f"{self} takes {self.nin} operands, {len(inputs)} were given")
        operands = [as_scalar(v) for v in inputs]
        return Apply(self, operands, [get_scalar_type(d)() for d in self.output_dtypes(*[v.dtype for v in operands])])

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        if lift is not None and not all(isinstance(v, ScalarVariable) or not isinstance(v, Variable) for v in inputs):
            return lift(self, inputs, **kwargs)
        return super().__call__(*inputs, **kwargs)

    def impl(self, *values: Any) -> Any:
        """Compute one result from Python or NumPy numbers."""
        raise MethodNotDefined(f"{type(self).__name__} does not define impl")

    def reference(self, arrays: Sequence[Any], dtypes: Sequence[str]) -> Sequence[Any]:
        """Compute whole arrays with NumPy.

        Args:
            arrays: operands that broadcast against each other.
            dtypes: the dtypes of the results.
        """
        results = np.vectorize(self.impl, otypes=list(dtypes))(*arrays)
        return results if isinstance(results, tuple) else (results,)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        dtypes = [output.type.dtype for output in node.outputs]  # type: ignore[attr-defined]
        for storage, value, dtype in zip(output_storage, self.reference(inputs, dtypes), dtypes, strict=True):
            storage[0] = np.asarray(value, dtype=dtype)[()]

    def _identity(self) -> Any:
        return (type(self), self.name, getattr(self, "output_types_preference", None))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ScalarOp) and self._identity() == other._identity())

    def __hash__(self) -> int:
        return hash(self._identity())

    def __str__(self) -> str:
        return self.name or type(self).__name__


class UnaryScalarOp(ScalarOp):
    """A function of one number."""

    nin = 1


class BinaryScalarOp(ScalarOp):
    """A function of two numbers."""

    nin = 2


class TableOp(ScalarOp):
    """A row of the table; each row is the one instance of a class of its own, named as Theano named it."""

    dtype_rule: DtypeRule
    operand_rule: OperandRule | None
    array_function: Callable[..., Any]
    derivative: Derivative | None
    complex_derivative: bool
    disconnected: tuple[int, ...]
    domain: tuple[Interval, ...]

    def output_dtypes(self, *dtypes: str) -> tuple[str, ...]:
        try:
            return (type(self).dtype_rule(*dtypes),)
        except TypeError as error:
            raise TypeError(f"{self.name} is {error}") from None

    def operand_dtypes(self, dtypes: Sequence[str], output: str) -> Sequence[str]:
        rule = type(self).operand_rule
        return [output] * len(dtypes) if rule is None else rule(dtypes, output)

    def impl(self, *values: Any) -> Any:
        dtype = self.output_dtypes(*[check_dtype(np.asarray(v).dtype) for v in values])
        return np.asarray(self.reference(values, dtype)[0])[()]

    def reference(self, arrays: Sequence[Any], dtypes: Sequence[str]) -> Sequence[Any]:
        given = [np.asarray(a) for a in arrays]
        wanted = self.operand_dtypes([a.dtype.name for a in given], dtypes[0])
        with np.errstate(all="ignore"):
            operands = [a.astype(d, copy=False) for a, d in zip(given, wanted, strict=True)]
            return (np.asarray(type(self).array_function(*operands)).astype(dtypes[0], copy=False),)

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        """Return the cotangents of the operands; zeros where the result is discrete.

        Raises:
            MethodNotDefined: the row has no derivative.
            NotImplementedError: it has none for complex numbers.
        """
        if is_discrete(outputs[0].type.dtype):
            return [DisconnectedType()() if i in self.disconnected else zeros_of(x) for i, x in enumerate(inputs)]
        rule = type(self).derivative
        if rule is None:
            raise MethodNotDefined(f"{self.name} has no derivative")
        if not self.complex_derivative and any(is_complex(v.type.dtype) for v in (*inputs, outputs[0])):
            raise NotImplementedError(f"the derivative of {self.name} is not defined on complex numbers")
        return rule(inputs, outputs[0], output_grads[0])

    def grad(self, inputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        return self.L_op(inputs, [self(*inputs)], output_grads)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[i not in self.disconnected] for i in range(len(node.inputs))]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __reduce__(self) -> Any:
        return (row, (self.name,))


def zeros_of(variable: Any) -> Any:
    """Return zeros of the variable's shape: of its own dtype where that is continuous, else of floatX."""
    return variable.zeros_like(dtype="floatX") if is_discrete(variable.type.dtype) else variable.zeros_like()


def like(variable: Any, value: float) -> Any:
    """Return a number in the dtype of a variable, so that a formula with it does not widen its dtype.

    Args:
        variable: a scalar or tensor variable of a continuous dtype.
    """
    return np.dtype(variable.type.dtype).type(value)


def in_dtype_of(result: Any, operand: Any) -> Any:
    """Return the operand converted to the dtype of a result, in which an integer neither overflows nor loses digits."""
    wanted = result.type.dtype
    return operand if operand.type.dtype == wanted else ROWS[f"convert_to_{wanted}"](operand)


def onto(operand: Any, cotangent: Any) -> Any:
    """Return the cotangent of an operand: the real part of a complex one where the operand is real."""
    if is_complex(cotangent.type.dtype) and not is_complex(operand.type.dtype):
        return ROWS["real"](cotangent)
    return cotangent


def conjugate(variable: Any) -> Any:
    """Return the complex conjugate; a real variable itself."""
    return ROWS["conj"](variable) if is_complex(variable.type.dtype) else variable


def zero_derivative(inputs: Sequence[Any], output: Any, cotangent: Any) -> Sequence[Any]:
    """The derivative of a piecewise constant function."""
    return [zeros_of(x) for x in inputs]


def scalar_function(
    name: str,
    arity: int,
    dtype: DtypeRule,
    reference: Callable[..., Any],
    derivative: Derivative | None,
    *,
    operands: OperandRule | None = None,
    doc: str = "",
    class_name: str | None = None,
    commutative: bool = False,
    associative: bool = False,
    complex_derivative: bool = False,
    disconnected: tuple[int, ...] = (),
    domain: tuple[Interval, ...] | None = None,
) -> TableOp:
    """Add a row to the table and return it.

    Args:
        name: unique name, the field's (Theano's) term.
        arity: number of operands, -1 for one or more.
        dtype: the output's dtype from the operands'.
        reference: the NumPy or SciPy function on whole arrays, which defines the values.
        derivative: `(inputs, output, cotangent) -> cotangents`; None where there is none.
        operands: the dtypes in which it computes; the output's by default.
        doc: one line for users.
        class_name: the class's name where it is not the capitalised `name`.
        commutative, associative: algebraic properties that rules may use.
        complex_derivative: whether the derivative holds for complex operands: g times the conjugate of f'.
        disconnected: operands that only lend their shape.
        domain: for each operand the interval in which the function is real and smooth; all reals by default.
    """
    members = {
        "name": name,
        "nin": arity,
        "dtype_rule": staticmethod(dtype),
        "operand_rule": None if operands is None else staticmethod(operands),
        "array_function": staticmethod(reference),
        "derivative": None if derivative is None else staticmethod(derivative),
        "commutative": commutative,
        "associative": associative,
        "complex_derivative": complex_derivative,
        "disconnected": disconnected,
        "domain": (REALS,) * abs(arity) if domain is None else domain,
        "__doc__": doc,
        "__module__": "neano.scalar.table",
    }
    label = class_name or "".join(part.capitalize() for part in name.split("_"))
    op: TableOp = type(label, (TableOp,), members)()
    if name in ROWS:
        raise ValueError(f"the table already has a row {name!r}")
    ROWS[name] = op
    return op


class Composite(ScalarOp):
    """A scalar graph as one function.

    Args:
        inputs, outputs: scalar variables of the graph.
    """

    __props__ = ("key",)

    def __init__(self, inputs: Sequence[Any], outputs: Sequence[Any], name: str | None = None) -> None:
        super().__init__(name=name)
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.nin, self.nout = len(self.inputs), len(self.outputs)
        self.key = self._structure()

    def _structure(self) -> Any:
        """Return a hashable value that is equal for equal graphs."""
        known: dict[Variable, Any] = {v: (i, v.type.dtype) for i, v in enumerate(self.inputs)}

        def reference(v: Any) -> Any:
            return v.signature() if isinstance(v, Constant) else known[v]

        nodes: list[Any] = []
        for node in toposort(self.outputs, self.inputs):
            nodes.append((node.op, tuple(map(reference, node.inputs))))
            known.update((output, (len(nodes), output.index)) for output in node.outputs)
        return (len(self.inputs), tuple(nodes), tuple(map(reference, self.outputs)))

    def __str__(self) -> str:
        if self.name:
            return self.name
        return f"Composite{{{', '.join(graph_texts(self.outputs, {v: f'i{i}' for i, v in enumerate(self.inputs)}))}}}"

    def output_dtypes(self, *dtypes: str) -> tuple[str, ...]:
        if list(dtypes) != [v.type.dtype for v in self.inputs]:
            raise TypeError(
                f"{self} takes operands of dtypes {[v.type.dtype for v in self.inputs]}, not {list(dtypes)}"
            )
        return tuple(v.type.dtype for v in self.outputs)

    def operand_dtypes(self, dtypes: Sequence[str], output: str) -> Sequence[str]:
        return list(dtypes)

    def reference(self, arrays: Sequence[Any], dtypes: Sequence[str]) -> Sequence[Any]:
        values: dict[Variable, Any] = dict(zip(self.inputs, arrays, strict=True))
        for node in toposort(self.outputs, self.inputs):
            given = [v.data if isinstance(v, Constant) else values[v] for v in node.inputs]
            results = node.op.reference(given, [v.type.dtype for v in node.outputs])  # type: ignore[attr-defined]
            values.update(zip(node.outputs, results, strict=True))
        return [v.data if isinstance(v, Constant) else values[v] for v in self.outputs]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> Sequence[Any]:
        raise NotImplementedError("Composite is made after differentiation; differentiate the graph that it came from")
