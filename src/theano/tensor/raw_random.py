"""`theano.tensor.raw_random`: see `neano.random`."""

from neano.random.distributions import choice as choice_helper
from neano.random.distributions import multinomial as multinomial_helper
from neano.random.distributions import permutation as permutation_helper
from neano.random.distributions import random_integers as random_integers_helper
from neano.random.function import RandomFunction
from neano.random.raw_random import (
    binomial,
    choice,
    multinomial,
    normal,
    permutation,
    poisson,
    random_integers,
    uniform,
)
from neano.random.state import RandomStateType, random_state_type
from neano.random.streams import RandomStreamsBase
