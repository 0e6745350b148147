"""`theano.misc.pkl_utils`: pickles with their arrays apart; see `neano.compile.archive`."""

from pickle import Unpickler as CompatUnpickler

from neano.compile.archive import (
    PersistentNdarrayID,
    PersistentNdarrayLoad,
    PersistentSharedVariableID,
    StripPickler,
    dump,
    load,
    zipadd,
)
