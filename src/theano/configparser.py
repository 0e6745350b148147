"""`theano.configparser`: see `neano.config`."""

from neano.config import ConfigWarning as TheanoConfigWarning
from neano.config import config

THEANO_FLAGS_DICT = {}
change_flags = config.change_flags
