"""Changing flags: by dotted name, for a while (`change_flags`), and declaring new ones at run time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ContextDecorator
from typing import Any

from neano.config.declared import Config
from neano.config.flags import Flag, Group


class Configuration(Config):
    """All flags, with what concerns them together."""

    def unknown_settings(self) -> list[str]:
        """Return the names that the environment or files set and that no flag has."""
        return list(self._unused)

    def find(self, path: str) -> tuple[Group, str]:
        """Return the group that holds a flag, and the flag's name in it.

        Raises:
            AttributeError: there is no such flag.
        """
        *groups, name = path.split(".")
        holder: Group = self
        for part in groups:
            holder = holder.inner(part)
        getattr(holder, name)
        return holder, name

    def get(self, path: str) -> Any:
        """Return the value of a flag by its dotted name."""
        holder, name = self.find(path)
        return getattr(holder, name)

    def set(self, path: str, value: Any) -> None:
        """Set a flag by its dotted name."""
        holder, name = self.find(path)
        setattr(holder, name, value)

    def declare(self, path: str, declared: Flag) -> None:
        """Add a flag of a user's own; environment and files may already have set it.

        Raises:
            AttributeError: the name is taken.
        """
        *groups, name = path.split(".")
        holder: Group = self
        for part in groups:
            if part not in holder._groups:
                holder.__dict__[part] = holder._groups[part] = Group(f"{holder._path}{part}.")
            holder = holder._groups[part]
        if name in holder._flags or name in holder._groups:
            raise AttributeError(f"the flag {path} is declared already")
        holder._flags[name] = declared
        self._set_first(path, holder, name, declared)

    def change_flags(self, flags: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **named: Any) -> ChangeFlags:
        """Return a context manager, which is also a decorator, that sets flags and puts them back.

        Args:
            flags: dotted names -> values.
            named: the same as keywords; `**{"traceback.limit": 3}` for a dotted name.

        Raises:
            AttributeError: a name is unknown.
        """
        return ChangeFlags(self, {**dict(flags), **named})


class ChangeFlags(ContextDecorator):
    """Sets flags on entry and puts them back on exit; may be entered again before it is left."""

    def __init__(self, config: Configuration, flags: Mapping[str, Any]) -> None:
        self._config = config
        self._changes = [(*config.find(path), value) for path, value in flags.items()]
        self._before: list[list[Any]] = []

    def __enter__(self) -> Configuration:
        self._before.append([getattr(holder, name) for holder, name, _ in self._changes])
        try:
            for holder, name, value in self._changes:
                setattr(holder, name, value)
        except BaseException:
            self._restore()
            raise
        return self._config

    def __exit__(self, *error: object) -> None:
        self._restore()

    def _restore(self) -> None:
        for (holder, name, _), old in zip(self._changes, self._before.pop(), strict=True):
            holder.put(name, old)  # the old value passed its check when it was set
