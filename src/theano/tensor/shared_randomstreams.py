"""`theano.tensor.shared_randomstreams`: see `neano.random`."""

from neano.random.shared_streams import RandomStreams
from neano.random.state import RandomStateSharedVariable
from neano.random.state import random_state_constructor as randomstate_constructor
