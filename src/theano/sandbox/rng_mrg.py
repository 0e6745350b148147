"""`theano.sandbox.rng_mrg`: see `neano.random`."""

from neano.random.mrg import MRG_RandomStreams
from neano.random.mrg_recurrence import M1, M2
from neano.random.mrg_seed import guess_n_streams
from neano.random.mrg_uniform import mrg_uniform, mrg_uniform_base
