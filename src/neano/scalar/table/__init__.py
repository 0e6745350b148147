"""The table of scalar functions, grouped by kind; each row is declared once, in one of the modules here."""

from neano.scalar.table.arithmetic import *  # noqa: F403
