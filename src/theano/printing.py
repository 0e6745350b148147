"""`theano.printing`: see `neano.debug`."""

from neano.debug.describe import hex_digest, min_informative_str, position_independent_str, var_descriptor
from neano.debug.pretty import (
    DefaultPrinter,
    FunctionPrinter,
    IgnorePrinter,
    LeafPrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    PrinterState,
)
from neano.debug.pretty_table import pp, pprint
from neano.debug.print_op import Print
from neano.debug.tree import debugprint
