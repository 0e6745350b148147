"""`MRG_RandomStreams`: draws from MRG31k3p streams, the same numbers as Theano's.

Every draw has a matrix of streams of its own in a shared variable, which functions advance at each call. The object's
`rstate` says where the next draw's streams begin.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from neano.autodiff.markers import undefined_grad
from neano.graph.shared import SharedVariable, shared
from neano.graph.variable import Variable
from neano.random import mrg_recurrence
from neano.random.from_uniform import ChoiceFromUniform, MultinomialFromUniform
from neano.random.mrg_seed import MOST_STREAMS, checked_seed, guess_n_streams
from neano.random.mrg_uniform import mrg_uniform
from neano.scalar.dtypes import check_dtype, upcast
from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.join import join
from neano.tensor.nonzero import flatnonzero
from neano.tensor.shape import as_shape_vector, reshape
from neano.tensor.static import int64_scalar

TRUNCATED_DEVIATION = 0.8796256610342398
"""The standard deviation of a Gaussian of deviation 1 that is truncated at two deviations."""


class MRG_RandomStreams:
    """Makes draws that are different at every call of a function, and the same for equal seeds.

    Args:
        seed: an integer from 1 to 2147462578, or six words.

    Attributes:
        rstate: the state from which the next draw takes its streams.
        state_updates: for each draw its states (a shared variable), their next values, its size, and the number of
            streams asked for (None where it follows from the size).

    >>> MRG_RandomStreams(12345).uniform((2, 2)).dtype
    'float64'
    """

    def __init__(self, seed: Any = 12345) -> None:
        self.state_updates: list[tuple[SharedVariable, Any, Any, int | None]] = []
        self.default_instance_seed = seed
        self.rstate: Any = checked_seed(seed)

    def __str__(self) -> str:
        return "MRG_RandomStreams"

    def updates(self) -> list[tuple[SharedVariable, Any, Any, int | None]]:
        """Return `state_updates` as a new list."""
        return list(self.state_updates)

    def set_rstate(self, seed: Any) -> None:
        """Let the next draw's streams begin at a seed; see the constructor."""
        self.rstate = checked_seed(seed)

    def seed(self, seed: Any = None) -> None:
        """Begin anew, and give every draw made so far the states that it would have had, in the order of making.

        Args:
            seed: see the constructor; None: the seed given there.
        """
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for variable, _, size, streams in self.state_updates:
            count = self.n_streams(size) if streams is None else streams
            variable.set_value(self.get_substream_rstates(count), borrow=True)

    def inc_rstate(self) -> None:
        """Move the state from which draws take their streams ahead by 2^134 steps."""
        state = np.asarray(self.rstate, dtype=np.int32).reshape(1, 6)
        self.rstate = mrg_recurrence.jumped(state, mrg_recurrence.JUMP_134)[0]

    def get_substream_rstates(self, n_streams: int, dtype: Any = None, inc_rstate: bool = True) -> Any:
        """Return the states of streams as an int32 matrix (n_streams, 6), and move on.

        Raises:
            ValueError: there are none.
        """
        if n_streams < 0:
            raise ValueError(f"the number of streams must be positive, not {n_streams}")
        states = mrg_recurrence.substreams(np.asarray(self.rstate, dtype=np.int32), n_streams)
        if inc_rstate:
            self.inc_rstate()
        return states

    def n_streams(self, size: Any) -> int:
        """Return how many streams a draw of a size has by default."""
        return guess_n_streams(size)

    def pretty_return(self, node_rstate: Any, new_rstate: Any, sample: Any, size: Any, nstreams: int | None) -> Any:
        """Return a draw's numbers after noting its states: `rstate`, `update`, and the default update of the states."""
        sample.rstate = node_rstate
        sample.update = (node_rstate, new_rstate)
        self.state_updates.append((node_rstate, new_rstate, size, nstreams))
        node_rstate.default_update = new_rstate
        return sample

    def _numbers(self, size: Any, ndim: int | None, dtype: str, nstreams: int | None) -> Any:
        """Return uniform numbers between 0 and 1, with streams of their own."""
        streams = self.n_streams(size) if nstreams is None else nstreams
        states = shared(self.get_substream_rstates(streams), borrow=True)
        moved, numbers = mrg_uniform.new(states, ndim, dtype, as_shape_vector(size))
        return self.pretty_return(states, moved, numbers, size, nstreams)

    def uniform(
        self,
        size: Any,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw numbers evenly between `low` and `high`, both excluded.

        Args:
            size: a tuple of integers and integer scalars, or a vector.
            low, high: numbers or tensors that broadcast to the size.
            ndim: the rank, where `size` is a vector of unknown length.
            dtype: by default that of floatX and the bounds.
            nstreams: how many streams to use.

        Raises:
            TypeError: `size` is something else, or other arguments were given.
            ValueError: a length is not positive, or the rank is unknown.
            NotImplementedError: the bounds do not broadcast to the size.
        """
        _refuse("uniform", kwargs)
        _check_size(size)
        low, high = as_tensor_variable(low), as_tensor_variable(high)
        wanted = upcast(check_dtype("floatX"), low.dtype, high.dtype) if dtype is None else check_dtype(dtype)
        numbers = self._numbers(size, ndim, wanted, nstreams)
        if _is_number(low, 0) and _is_number(high, 1):
            return numbers
        low, high = undefined_grad(_in(low, wanted)), undefined_grad(_in(high, wanted))
        result = numbers * (high - low) + low
        if result.broadcastable != numbers.broadcastable:
            raise NotImplementedError(
                "Increase the size to match the broadcasting pattern of `low` and `high` arguments"
            )
        return _with_states_of(numbers, result)

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
        prob: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Draw 1 with probability `p`, else 0.

        Raises:
            NotImplementedError: `n` is not 1.
            TypeError, ValueError: see `uniform`.
        """
        _refuse("binomial", kwargs)
        if n != 1:
            raise NotImplementedError("MRG_RandomStreams.binomial with n > 1")
        numbers = self.uniform(size, ndim=ndim, nstreams=nstreams)
        chance = undefined_grad(as_tensor_variable(p if prob is None else prob))
        return _with_states_of(numbers, row("lt")(numbers, chance).astype(dtype))

    def multinomial(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: Any = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw `n` times from each row of a matrix of probabilities; return how often each outcome came up.

        Raises:
            TypeError: there are no probabilities.
            ValueError: `size` or `ndim` were given, which follow from the probabilities.
            NotImplementedError: `pvals` is no matrix.
        """
        return self._outcomes("multinomial", MultinomialFromUniform(dtype), size, n, pvals, ndim, nstreams, kwargs)

    def choice(
        self,
        size: Any = 1,
        a: Any = None,
        replace: bool = True,
        p: Any = None,
        ndim: Any = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw `size` different outcomes from each row of a matrix of probabilities `p`.

        Raises:
            NotImplementedError: `replace` is true (the default), or `p` is no matrix.
            TypeError: `a` was given, there are no probabilities, or `size` is no integer.
            ValueError: `ndim` was given.
        """
        if replace:
            raise NotImplementedError("MRG_RandomStreams.choice only works without replacement for now.")
        if a is not None:
            raise TypeError(
                "For now, a has to be None in MRG_RandomStreams.choice. Sampled values are between 0 and p.shape[1]-1"
            )
        if p is None:
            raise TypeError("For now, p has to be specified in MRG_RandomStreams.choice.")
        return self._outcomes("choice", ChoiceFromUniform(dtype), None, size, p, ndim, nstreams, kwargs)

    def multinomial_wo_replacement(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: Any = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw `n` different outcomes from each row of a matrix. Deprecated: use `choice`."""
        warnings.warn(
            "MRG_RandomStreams.multinomial_wo_replacement() is deprecated; use choice(replace=False)",
            DeprecationWarning,
            stacklevel=2,
        )
        if size is not None:
            raise ValueError("Provided a size argument to multinomial_wo_replacement, which does not use it.")
        return self.choice(size=n, replace=False, p=pvals, ndim=ndim, dtype=dtype, nstreams=nstreams, **kwargs)

    def _outcomes(
        self, name: str, op: Any, size: Any, n: Any, pvals: Any, ndim: Any, nstreams: int | None, kwargs: dict[str, Any]
    ) -> Any:
        _refuse(name, kwargs)
        if pvals is None:
            raise TypeError("You have to specify pvals")
        if size is not None:
            raise ValueError(
                f"Provided a size argument to MRG_RandomStreams.{name}, which does not use the size argument."
            )
        if ndim is not None:
            raise ValueError(f"ndim argument to MRG_RandomStreams.{name} is not used.")
        probabilities = undefined_grad(as_tensor_variable(pvals))
        if probabilities.ndim != 2:
            raise NotImplementedError(f"MRG_RandomStreams.{name} only implemented for pvals.ndim = 2")
        draws = int64_scalar(n)
        dtype = check_dtype("floatX")
        numbers = self._numbers((probabilities.shape[0] * draws,), 1, dtype, nstreams)
        return _with_states_of(numbers, op(probabilities, numbers, draws))

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        truncate: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Draw Gaussian numbers of mean `avg` and standard deviation `std`, by the method of Box and Muller.

        Args:
            size: an integer, a sequence of integers and integer scalars, or a vector.
            truncate: draw numbers beyond two deviations again.
            ndim, dtype, nstreams: see `uniform`.
        """
        _refuse("normal", kwargs)
        avg, std = undefined_grad(as_tensor_variable(avg)), undefined_grad(as_tensor_variable(std))
        wanted = upcast(check_dtype("floatX"), avg.dtype, std.dtype) if dtype is None else check_dtype(dtype)
        lengths = as_shape_vector(size)
        count = _product(size, lengths)
        pairs = (count + count % 2) // 2
        streams = MOST_STREAMS if nstreams is None else nstreams
        numbers = self._numbers((2 * pairs,), 1, wanted, streams)
        radius, angle = _radius(numbers[:pairs]), np.asarray(2 * np.pi, dtype=wanted) * numbers[pairs:]
        cosine, sine = row("cos")(angle), row("sin")(angle)
        both = join(0, radius * cosine, radius * sine)
        if truncate:
            both = self._truncated(radius * cosine, radius * sine, cosine, sine, wanted, streams)
        shaped = reshape(both[:count], lengths, ndim=ndim)
        return _with_states_of(numbers, shaped * _in(std, wanted) + _in(avg, wanted))

    def truncated_normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw Gaussian numbers truncated at two deviations, scaled so that `std` is their standard deviation."""
        wider = as_tensor_variable(std) / TRUNCATED_DEVIATION
        wanted = upcast(check_dtype("floatX"), as_tensor_variable(avg).dtype, as_tensor_variable(std).dtype)
        return self.normal(
            size, avg, wider, ndim, wanted if dtype is None else dtype, nstreams, truncate=True, **kwargs
        )

    def _truncated(self, first: Any, second: Any, cosine: Any, sine: Any, dtype: str, streams: int) -> Any:
        """Return both halves of a Gaussian draw with what lies beyond two deviations drawn again, behind the rest.

        The new numbers keep their angle; their radius comes from a uniform number above exp(-2): it is below 2.
        """
        beyond = [row("or_")(row("lt")(half, -2.0), row("gt")(half, 2.0)) for half in (first, second)]
        far = [flatnonzero(half) for half in beyond]
        near = [flatnonzero(row("invert")(half)) for half in beyond]
        split = far[0].shape[0]
        low = np.asarray(math.exp(-2), dtype=dtype)
        fresh = self._numbers((split + far[1].shape[0],), 1, dtype, streams)
        radius = _radius(fresh * (np.asarray(1, dtype=dtype) - low) + low)
        return join(0, first[near[0]], radius[:split] * cosine[far[0]], second[near[1]], radius[split:] * sine[far[1]])


def _refuse(name: str, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise TypeError(f"{name}() got unexpected keyword arguments {sorted(kwargs)}")


def _check_size(size: Any) -> None:
    """Check the size of a uniform draw.

    Raises:
        TypeError: it is neither a tuple nor a vector.
        ValueError: a length is not positive.
    """
    if isinstance(size, tuple):
        for n in size:
            if not isinstance(n, (int, np.integer, Variable)) or isinstance(n, bool):
                raise TypeError(f"size must be a tuple of int or a Theano Variable with 1 dimension, it has {n!r}")
        if any(not isinstance(n, Variable) and n <= 0 for n in size):
            raise ValueError("The specified size contains a dimension with value <= 0", size)
        return
    if not (isinstance(size, Variable) and getattr(size.type, "ndim", None) == 1):
        raise TypeError(
            f"size must be a tuple of int or a Theano Variable with 1 dimension, got {size} of type {type(size)}"
        )


def _product(size: Any, lengths: Any) -> Any:
    """Return the number of elements of a size: an int where it is known, else an int64 scalar."""
    if isinstance(size, (int, np.integer)):
        return int(size)
    if isinstance(size, Sequence) and all(isinstance(n, (int, np.integer)) for n in size):
        return math.prod(int(n) for n in size)
    return lengths.prod(dtype="int64")


def _radius(uniform: Any) -> Any:
    """Return sqrt(-2 log u)."""
    return row("sqrt")(row("mul")(np.asarray(-2, dtype=uniform.dtype), row("log")(uniform)))


def _is_number(variable: Any, value: int) -> bool:
    """Say whether a variable is the constant of a value."""
    return bool(variable.ndim == 0 and variable is constant(value, dtype=variable.dtype))


def _in(variable: Any, dtype: str) -> Any:
    return variable if variable.dtype == dtype else variable.astype(dtype)


def _with_states_of(numbers: Any, result: Any) -> Any:
    """Let a draw's result carry the states of the uniform numbers that it is made of."""
    result.rstate, result.update = numbers.rstate, numbers.update
    return result
