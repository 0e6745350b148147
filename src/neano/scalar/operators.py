"""Python's operators on scalar and tensor variables, as rows of the table."""

from __future__ import annotations

from typing import Any

from neano.graph.errors import ConversionError
from neano.graph.variable import Variable
from neano.scalar.rows import ROWS

_PLAIN = ("builtins", "numpy")
"""Where classes come from that know nothing of variables."""


def _apply(name: str, x: Any, y: Any) -> Any:
    """Apply a row of two operands, or leave it to an object of another kind that may know what the operator means."""
    for operand in (x, y):
        if isinstance(operand, Variable) and not isinstance(operand, Operators):
            return NotImplemented
    try:
        return ROWS[name](x, y)
    except ConversionError:
        if all(isinstance(operand, Operators) or type(operand).__module__ in _PLAIN for operand in (x, y)):
            raise  # no class of a user's: our words say more than Python's
        return NotImplemented


def _ordering(name: str, x: Any, y: Any) -> Any:
    """Apply a comparison; its result refuses to be true or false, so that `a < b < c` is an error."""
    result = _apply(name, x, y)
    if isinstance(result, Operators):
        result._has_truth_value = False
    return result


class Operators:
    """Arithmetic, comparison and bit operators; `==` stays Python's identity (use `eq`)."""

    __array_ufunc__ = None  # NumPy's operators give way to ours
    _has_truth_value = True

    def __bool__(self) -> bool:
        if self._has_truth_value:
            return True
        raise TypeError(
            "the result of a comparison of variables is itself a variable, neither true nor false before it is "
            "computed. Use `switch` or `ifelse` to choose by it; write `and_(a < b, b < c)` for `a < b < c`."
        )

    # Comparison. Variables are keys of dicts, so == stays identity.

    def __lt__(self, other: Any) -> Any:
        return _ordering("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return _ordering("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return _ordering("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return _ordering("ge", self, other)

    # Unary

    def __abs__(self) -> Any:
        return ROWS["abs_"](self)

    def __neg__(self) -> Any:
        return ROWS["neg"](self)

    def __invert__(self) -> Any:
        return ROWS["invert"](self)

    def __ceil__(self) -> Any:
        return ROWS["ceil"](self)

    def __floor__(self) -> Any:
        return ROWS["floor"](self)

    def __trunc__(self) -> Any:
        return ROWS["trunc"](self)

    # Bits

    def __and__(self, other: Any) -> Any:
        return _apply("and_", self, other)

    def __rand__(self, other: Any) -> Any:
        return _apply("and_", other, self)

    def __or__(self, other: Any) -> Any:
        return _apply("or_", self, other)

    def __ror__(self, other: Any) -> Any:
        return _apply("or_", other, self)

    def __xor__(self, other: Any) -> Any:
        return _apply("xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _apply("xor", other, self)

    # Arithmetic

    def __add__(self, other: Any) -> Any:
        return _apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _apply("true_div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _apply("true_div", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _apply("int_div", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _apply("int_div", other, self)

    def __mod__(self, other: Any) -> Any:
        return _apply("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _apply("mod", other, self)

    def __divmod__(self, other: Any) -> Any:
        return self.__floordiv__(other), self.__mod__(other)

    def __rdivmod__(self, other: Any) -> Any:
        return self.__rfloordiv__(other), self.__rmod__(other)

    def __pow__(self, other: Any) -> Any:
        return _apply("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _apply("pow", other, self)
