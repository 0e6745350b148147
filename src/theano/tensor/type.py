"""`theano.tensor.type`."""

from typing import Any

from neano.tensor import type as _type


class _Patterns(type):
    """Makes `TensorType(dtype, (0, 1))` mean a broadcast pattern, as in Theano, where `neano` means lengths."""

    def __call__(
        cls, dtype: Any, broadcastable: Any = (), name: Any = None, sparse_grad: bool = False, **kwargs: Any
    ) -> Any:
        pattern = kwargs.pop("shape", broadcastable)
        if all(entry in (0, 1) and entry is not None for entry in pattern):
            pattern = tuple(map(bool, pattern))
        made = _type.TensorType if cls is TensorType else super().__call__
        return made(dtype, pattern, name=name, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _type.TensorType) if cls is TensorType else type.__instancecheck__(cls, instance)


class TensorType(_type.TensorType, metaclass=_Patterns):
    __doc__ = _type.TensorType.__doc__


def tensor(*args: Any, **kwargs: Any) -> Any:
    """Return a fresh variable of `TensorType(*args, **kwargs)`; `name=` names it."""
    name = kwargs.pop("name", None)
    return TensorType(*args, **kwargs)(name=name)
