"""Fresh processes with the same number of threads for everybody."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

#: Every library's own word for it. OPENBLAS_CORETYPE and OMP_WAIT_POLICY stay as the user has them.
_THREAD_VARIABLES = (
    "ACM_DISPATCH_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "POLARS_MAX_THREADS",
)

_TIMEOUT_SECONDS = 1200

_ROOT = Path(__file__).parent.parent


def environment(threads: int) -> dict[str, str]:
    """The environment of a measuring process."""
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}  # imports are timed of compiled files
    return {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(threads)), **fixed}


def run_python(*arguments: str, threads: int) -> dict[str, Any]:
    """What ``python *arguments`` prints as its last line, a JSON object; ``{"failed": sentence}`` if it does not."""
    command = [sys.executable, "-W", "ignore", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=environment(threads),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {_TIMEOUT_SECONDS} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return json.loads(lines[-1])
    reason = (done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"])[-1]
    return {"failed": without_paths(reason)}


def without_paths(sentence: str) -> str:
    """`sentence` fit for a report: no folders of this machine, no line breaks."""
    return re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+", ".../", " ".join(sentence.split()))[:300]


def pin(threads: int) -> None:
    """Keep this process on as many cores as it has threads: some pools (TBB) ask for nothing but affinity."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def load_average() -> float | None:
    """Of the last minute, where the system keeps one."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
