"""Random numbers: draws from NumPy's generator (`RandomStreams`) and from MRG31k3p (`MRG_RandomStreams`)."""

from neano.random.function import RandomFunction
from neano.random.mrg import MRG_RandomStreams
from neano.random.mrg_uniform import mrg_uniform
from neano.random.shared_streams import RandomStreams
from neano.random.state import RandomStateSharedVariable, RandomStateType, random_state_type
from neano.random.streams import RandomStreamsBase

__all__ = [
    "MRG_RandomStreams",
    "RandomFunction",
    "RandomStateSharedVariable",
    "RandomStateType",
    "RandomStreams",
    "RandomStreamsBase",
    "mrg_uniform",
    "random_state_type",
]
