"""Where flags come from besides code: `NEANO_FLAGS` and `THEANO_FLAGS`, then `~/.neanorc` and `~/.theanorc`.

`read_settings` merges them to one dict from dotted names to text. The later named here give way to the earlier.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import warnings
from collections.abc import Mapping

from neano.config.flags import ConfigWarning

_SUBSTITUTES = ("USER", "LSCRATCH", "TMPDIR", "TEMP", "TMP")


def read_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what environment and files say, from dotted names (`traceback.limit`) to text."""
    settings: dict[str, str] = {}
    for variable, default in (("THEANORC", "~/.theanorc"), ("NEANORC", "~/.neanorc")):
        settings.update(read_files(environment.get(variable, default), environment))
    for variable in ("THEANO_FLAGS", "NEANO_FLAGS"):
        settings.update(parse_flags(environment.get(variable, ""), variable))
    return settings


def parse_flags(text: str, source: str = "flags") -> dict[str, str]:
    """Return the settings of a comma-separated line; quotes protect a comma.

    >>> parse_flags("floatX=float32, traceback.limit=3")
    {'floatX': 'float32', 'traceback.limit': '3'}
    """
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters, lexer.escape = ",", True, "", ""
    settings = {}
    for item in lexer:
        name, equals, value = item.strip().partition("=")
        if not equals:
            if name:
                warnings.warn(f"{source}: {name!r} has no value and is ignored", ConfigWarning, stacklevel=2)
            continue
        settings[name.strip()] = value.strip()
    return settings


def read_files(paths: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of INI files, whose sections are groups and whose section `[global]` is the top.

    Args:
        paths: files, separated as in PATH; of two that set one flag, the later wins; missing ones are passed over.
        environment: gives the values of `%(USER)s`, `%(TMPDIR)s` and the like inside the files.
    """
    substitutes = {**{name: environment.get(name, "") for name in _SUBSTITUTES}, "PID": str(os.getpid())}
    settings = {}
    for path in filter(None, paths.split(os.pathsep)):
        parser = _FlagFile(strict=False, interpolation=None)
        parser.read(os.path.expanduser(path), encoding="utf-8")
        for section in parser.sections():
            prefix = "" if section == "global" else f"{section}."
            for name, value in parser[section].items():
                settings[prefix + name] = substitute(value, substitutes)
    return settings


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Return text with `%(NAME)s` replaced for the names given; others stay as they are.

    >>> substitute("/scratch/%(USER)s/%(hostname)s", {"USER": "ada"})
    '/scratch/ada/%(hostname)s'
    """
    return re.sub(r"%\((\w+)\)s", lambda match: values.get(match[1], match[0]), text)


class _FlagFile(configparser.RawConfigParser):
    """An INI file whose names keep their capitals."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr
