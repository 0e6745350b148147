"""`theano.gof.destroyhandler`: Ops that overwrite their inputs."""

from neano.graph.destroy import DestroyHandler
