"""How many threads this process may use."""

from __future__ import annotations

import os
from functools import cache

_CGROUP_V2 = "/sys/fs/cgroup/cpu.max"
_CGROUP_V1 = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"


@cache
def usable_cores() -> int:
    """Cores by affinity and by the container's CPU quota, whichever is fewer; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _container_quota()
    return max(1, cores if quota is None else min(cores, round(quota)))


def _container_quota() -> float | None:
    """Cores' worth of CPU time that the cgroup grants, None where it sets no limit."""
    try:
        if os.path.exists(_CGROUP_V2):
            quota, period = _words(_CGROUP_V2)
        else:
            (quota,), (period,) = map(_words, _CGROUP_V1)
        return float(quota) / float(period) if quota not in ("max", "-1") else None
    except (OSError, ValueError):
        return None


def _words(path: str) -> list[str]:
    with open(path, encoding="ascii") as file:
        return file.read().split()
