"""`Op`: a kind of computation. Subclasses say how types combine, what is computed, how shapes and derivatives follow.

Users write their own: `make_node` (or `itypes` and `otypes`) and `perform` are enough to compute; `grad`, `R_op` and
`infer_shape` add derivatives and shapes. `__props__` names the attributes that make two Ops of one class equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from neano.config.rewriting import test_value_action
from neano.graph.errors import MethodNotDefined
from neano.graph.variable import Apply, Variable

if TYPE_CHECKING:
    from neano.graph.type import Type

test_value_hook: Callable[[Apply], None] | None = None
"""Computes test values of a fresh node; set by `neano.debug.test_values`, called where `config.compute_test_value` asks."""


def _props_methods(cls: type, props: Sequence[str]) -> None:
    """Give a class with `__props__` equality, hash and text that follow from them, where it has none of its own."""

    def values(self: Any) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in props)

    def equal(self: Any, other: Any) -> bool:
        return self is other or (type(self) is type(other) and values(self) == values(other))

    def digest(self: Any) -> int:
        return hash((type(self), values(self)))

    def text(self: Any) -> str:
        if not props:
            return type(self).__name__
        return f"{type(self).__name__}{{{', '.join(f'{name}={getattr(self, name)!r}' for name in props)}}}"

    own = vars(cls)
    if "__eq__" not in own:
        cls.__eq__ = equal  # type: ignore[assignment, method-assign]
    if "__hash__" not in own or own["__hash__"] is None:
        cls.__hash__ = digest  # type: ignore[assignment, method-assign]
    if "__str__" not in own and getattr(cls, "__str__", None) is Op.__str__:
        cls.__str__ = text  # type: ignore[assignment, method-assign]


class Op:
    """A kind of computation that an `Apply` node applies to inputs.

    Attributes:
        default_output: which output an expression means; None where there is only one.
        view_map: output index -> [input index], for outputs that share memory with an input.
        destroy_map: output index -> [input index], for inputs that are overwritten.
        itypes, otypes: input and output types, for Ops whose `make_node` needs nothing more.
    """

    default_output: int | None = None
    view_map: dict[int, list[int]] = {}  # noqa: RUF012 - users override both with plain dicts, on class or instance
    destroy_map: dict[int, list[int]] = {}  # noqa: RUF012
    itypes: Sequence[Type] | None = None
    otypes: Sequence[Type] | None = None
    __props__: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__props__" in vars(cls):
            _props_methods(cls, cls.__props__)

    def make_node(self, *inputs: Any) -> Apply:
        """Return the application of this Op to `inputs`, after checking and converting them."""
        if self.itypes is None or self.otypes is None:
            raise MethodNotDefined(f"{type(self).__name__} defines neither make_node nor itypes and otypes")
        if len(inputs) != len(self.itypes):
            raise ValueError(f"{self} takes {len(self.itypes)} inputs, {len(inputs)} were given")
        converted = [wanted.filter_variable(given) for given, wanted in zip(inputs, self.itypes, strict=True)]
        return Apply(self, converted, [wanted() for wanted in self.otypes])

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        """Return the variable, or the list of variables, of this Op applied to `inputs`.

        Keyword arguments: `return_list=True` gives a list even of one output; `name=` names a single output; others go
        to `make_node`.
        """
        return_list = kwargs.pop("return_list", False)
        name = kwargs.pop("name", None)
        node = self.make_node(*inputs, **kwargs)
        if name is not None and len(node.outputs) == 1:
            node.outputs[0].name = name
        if test_value_hook is not None and test_value_action() != "off":
            test_value_hook(node)
        if self.default_output is not None:
            output = node.outputs[self.default_output]
            return [output] if return_list else output
        if return_list:
            return list(node.outputs)
        return node.outputs[0] if len(node.outputs) == 1 else node.outputs

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Sequence[list[Any]], *params: Any) -> None:
        """Compute the outputs with NumPy: the reference of the Op. Put value i into `output_storage[i][0]`."""
        raise MethodNotDefined(f"{type(self).__name__} does not define perform")

    def grad(self, inputs: Sequence[Variable], output_grads: Sequence[Variable]) -> Sequence[Variable]:
        """Return the cotangent of each input from those of the outputs."""
        raise MethodNotDefined(f"{type(self).__name__} does not define grad")

    def L_op(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], output_grads: Sequence[Variable]
    ) -> Sequence[Variable]:
        """Return the cotangent of each input; like `grad`, and may use the outputs already computed."""
        return self.grad(inputs, output_grads)

    def R_op(self, inputs: Sequence[Variable], eval_points: Sequence[Variable | None]) -> Sequence[Variable | None]:
        """Return the tangent of each output from those of the inputs (None where an input does not move)."""
        raise MethodNotDefined(f"{type(self).__name__} does not define R_op")

    def infer_shape(self, node: Apply, input_shapes: Sequence[Any]) -> Sequence[Any]:
        """Return the shape of each output as a tuple of scalar int64 expressions, from those of the inputs."""
        raise MethodNotDefined(f"{type(self).__name__} does not define infer_shape")

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say for each input which outputs are differentiable functions of it."""
        return [[True] * len(node.outputs) for _ in node.inputs]

    def do_constant_folding(self, node: Apply) -> bool:
        """Say whether a node with constant inputs may be computed at compile time."""
        return True

    def __str__(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        return str(self)


def has_method(op: Op, name: str) -> bool:
    """Say whether an Op defines an optional method itself rather than inheriting the one that raises."""
    return getattr(type(op), name, None) is not getattr(Op, name)


PureOp = Op
