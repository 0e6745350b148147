"""The table of scalar functions, grouped by kind; each row is declared once, in one of the modules here."""

from neano.scalar.table.activation import *  # noqa: F403
from neano.scalar.table.arithmetic import *  # noqa: F403
from neano.scalar.table.casts import *  # noqa: F403
from neano.scalar.table.comparison import *  # noqa: F403
from neano.scalar.table.exponential import *  # noqa: F403
from neano.scalar.table.logic import *  # noqa: F403
from neano.scalar.table.rounding import *  # noqa: F403
from neano.scalar.table.selection import *  # noqa: F403
from neano.scalar.table.trigonometric import *  # noqa: F403
