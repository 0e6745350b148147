"""Flags: `config.floatX`, `config.traceback.limit` ...

A flag is set, in order of precedence, in code (`config.floatX = "float32"`, `config.change_flags(floatX="float32")`),
in the environment (`NEANO_FLAGS`, then `THEANO_FLAGS`: `floatX=float32,traceback.limit=3`), or in files (`~/.neanorc`,
then `~/.theanorc`; `NEANORC` and `THEANORC` name others). Flags hold for all threads of the process.

>>> config.floatX
'float64'
>>> with config.change_flags(floatX="float32", **{"traceback.limit": 3}):
...     config.floatX, config.traceback.limit
('float32', 3)
"""

from __future__ import annotations

import os
import warnings

from neano.config.change import Configuration
from neano.config.flags import ConfigWarning, FixedFlagError, Flag, Kind
from neano.config.sources import parse_flags, read_settings

__all__ = [
    "ConfigWarning", "Configuration", "FixedFlagError", "Flag", "Kind", "config", "parse_flags",
]  # fmt: skip

config = Configuration(read_settings(os.environ))
for _unknown in config.unknown_settings():
    warnings.warn(
        f"{_unknown} is not a flag that Neano knows (NEANO_FLAGS, THEANO_FLAGS, files)", ConfigWarning, stacklevel=2
    )
