"""How many threads a call may use: the flag `threads`, `OMP_NUM_THREADS`, or the cores that this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from neano.config import config

_CONTROL_GROUP = Path("/sys/fs/cgroup")


def thread_count(environment: Mapping[str, str] = os.environ) -> int:
    """Return the number of threads that `config.threads` (which `NEANO_NUM_THREADS` sets) asks for; at least 1.

    Where it asks for none, `OMP_NUM_THREADS` decides (the first of a list), then `usable_cores`.
    """
    if config.threads:
        return config.threads
    first = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else usable_cores()


def usable_cores(control_group: Path = _CONTROL_GROUP) -> int:
    """Return how many cores this process may use: its affinity, and the quota of its container."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(affinity, _quota(control_group))))


def _quota(control_group: Path) -> float:
    """Return the cores that a container's quota amounts to (control groups v2, then v1); infinity without one."""
    try:
        quota, period = (control_group / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (control_group / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (control_group / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return math.inf
    limited = quota.isdecimal() and period.isdecimal() and int(period) > 0
    return int(quota) / int(period) if limited else math.inf
