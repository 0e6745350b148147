"""`theano.configdefaults`: the flags are declared in `neano.config`."""

from neano.config import config
