"""`theano.tensor.subtensor`: indexing; see `neano.tensor.indexing`."""

from neano.tensor.advanced_subtensor import AdvancedIncSubtensor, AdvancedSubtensor
from neano.tensor.indexing import inc_subtensor, set_subtensor
from neano.tensor.subtensor import IncSubtensor, Subtensor
from neano.tensor.take import take
from neano.tensor.take_rows import AdvancedIncSubtensor1, AdvancedSubtensor1

advanced_subtensor1 = AdvancedSubtensor1()
advanced_inc_subtensor1 = AdvancedIncSubtensor1()
advanced_set_subtensor1 = AdvancedIncSubtensor1(set_instead_of_inc=True)
