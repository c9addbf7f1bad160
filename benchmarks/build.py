"""Whether the Rust extension was built for speed, which no test of results can tell."""

from __future__ import annotations

from typing import Any

from .process import run_python

#: NumPy's time over that of the z-scores of a Rust kernel on one thread. Without inlining across units of code, which
#: is how such builds come about, these take 17 times as long.
NEED_RATIO = 1.0

_PROGRAM = """
import json, statistics, time
import numpy as np
from acm_rs import _core

x, center, scale = (np.random.default_rng(0).normal(5.0, 1.0, size) for size in ((10_000, 50), 50, 50))
ways = {
    "rust": lambda: _core.zscore(1, x, center, scale),
    "numpy": lambda: (x - center) / scale,
}
times = {name: [] for name in ways}
for _ in range(101):
    for name, way in ways.items():
        start = time.perf_counter()
        way()
        times[name].append(time.perf_counter() - start)
rust, numpy = (statistics.median(times[name]) for name in ("rust", "numpy"))
print(json.dumps({"build": _core.build(), "ratio": numpy / rust}))
"""


def measure() -> dict[str, Any]:
    """How the extension was built and how fast it is, or what failed."""
    return run_python("-c", _PROGRAM, threads=1)
