"""`theano.gof.optdb`: databases of rewriters."""

from neano.graph.rewriting.database import Database as DB
from neano.graph.rewriting.database import EquilibriumDB, LocalGroupDB, ProxyDB, Query, SequenceDB, TopoDB
