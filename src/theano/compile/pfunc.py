"""`theano.compile.pfunc`: the older name of `function`."""

from neano.compile.function import function as pfunc
from neano.compile.io import Param
from neano.compile.rebuild import rebuild_collect_shared
