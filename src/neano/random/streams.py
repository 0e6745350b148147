"""What all streams of NumPy's generator share: a method for each distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neano.random import raw_random
from neano.tensor.permutation import permute_row_elements


class RandomStreamsBase:
    """The distributions as methods; a subclass says in `gen` where the generator comes from."""

    def gen(self, op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the numbers of a draw, `op(state, *args, **kwargs)`, from a generator of its own."""
        raise NotImplementedError

    def uniform(
        self, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> Any:
        """Draw numbers evenly from `low` (included) to `high` (not)."""
        return self.gen(raw_random.uniform, size, low, high, ndim=ndim, dtype=dtype)

    def normal(
        self, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> Any:
        """Draw Gaussian numbers of mean `avg` and standard deviation `std`."""
        return self.gen(raw_random.normal, size, avg, std, ndim=ndim, dtype=dtype)

    def binomial(
        self,
        size: Any = None,
        n: Any = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: Any = "int64",
        prob: Any = None,
    ) -> Any:
        """Draw numbers of successes in `n` trials of probability `p`."""
        return self.gen(raw_random.binomial, size, n, p, prob=prob, ndim=ndim, dtype=dtype)

    def random_integers(
        self, size: Any = None, low: Any = 0, high: Any = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> Any:
        """Draw integers from `low` to `high`, both included."""
        return self.gen(raw_random.random_integers, size, low, high, ndim=ndim, dtype=dtype)

    def choice(
        self,
        size: Any = None,
        a: Any = 2,
        replace: Any = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
    ) -> Any:
        """Draw from the integers below `a`, or from the entries of the vector `a`."""
        return self.gen(raw_random.choice, size, a, replace, p, ndim=ndim, dtype=dtype)

    def poisson(self, size: Any = None, lam: Any = None, ndim: int | None = None, dtype: Any = "int64") -> Any:
        """Draw numbers of events, of which `lam` are expected."""
        return self.gen(raw_random.poisson, size, lam, ndim=ndim, dtype=dtype)

    def permutation(self, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: Any = "int64") -> Any:
        """Draw permutations of the integers below `n`, along a new last dimension."""
        return self.gen(raw_random.permutation, size, n, ndim=ndim, dtype=dtype)

    def multinomial(
        self, size: Any = None, n: Any = 1, pvals: Any = (0.5, 0.5), ndim: int | None = None, dtype: Any = "int64"
    ) -> Any:
        """Draw the counts of `n` experiments with outcomes of probabilities `pvals`, along a new last dimension."""
        return self.gen(raw_random.multinomial, size, n, pvals, ndim=ndim, dtype=dtype)

    def shuffle_row_elements(self, input: Any) -> Any:
        """Return a tensor with the elements of each row, along the last dimension, in a random order."""
        order = self.permutation(size=input.shape[:-1], n=input.shape[-1], ndim=input.ndim - 1)
        return permute_row_elements(input, order)
