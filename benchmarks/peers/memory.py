"""How much memory a process takes: what is resident, and the most that was since it was last asked (Linux)."""

from __future__ import annotations

from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _field(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


def resident() -> int:
    """Return the bytes that are in memory now."""
    return _field("VmRSS")


def forget_peak() -> None:
    """Let `peak` count from now on."""
    _RESET.write_text("5")


def peak() -> int:
    """Return the most bytes that were in memory since `forget_peak`."""
    return _field("VmHWM")
