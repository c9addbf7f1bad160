"""What is known of the processor, and what limits the threads; each answer has a fallback, none is an error."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any, cast

import numpy as np

from ..backends.threads import usable_cores

_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_vnni", "amx_tile")


def cpu_model() -> str:
    """The processor's name as its maker writes it."""
    return _model_of_this_system() or platform.processor() or platform.machine() or "unknown"


def _model_of_this_system() -> str:
    try:
        if sys.platform.startswith("linux"):
            return _cpuinfo("model name")
        if sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return ""


def _cpuinfo(key: str) -> str:
    """The first processor's entry in Linux's list; empty where there is none."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith(key)), "")
    except OSError:
        return ""


def cpu_features() -> str:
    """The vector instructions that matter to numeric code; on systems that do not list them, NumPy's levels."""
    if known := [flag for flag in _FLAGS if flag in _cpuinfo("flags").split()]:
        return f"{platform.machine()}: {' '.join(known)}"
    extensions = cast("dict[str, Any]", np.show_config(mode="dicts")).get("SIMD Extensions", {})
    parts = [f"{key}: {', '.join(extensions[key])}" for key in ("baseline", "found") if extensions.get(key)]
    return f"{platform.machine()}: {'; '.join(parts) or 'NumPy does not say'}"


def thread_limit() -> str:
    """What decides how many threads may be used."""
    logical = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else logical
    if usable_cores() < allowed:
        return f"limited by the container's CPU quota; {allowed} cores are allowed, {logical} exist"
    if allowed < logical:
        return f"limited by the process's affinity; {logical} cores exist"
    return "all logical cores"
