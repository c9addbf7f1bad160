"""What ``import acm_dispatch`` costs beyond ``import numpy``, and what the first call costs, in fresh processes."""

from __future__ import annotations

import statistics
from typing import Any

from .process import run_python

_PROGRAM = """
import json, sys, time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
before = set(sys.modules)
import acm_dispatch
end = time.perf_counter()
after = set(sys.modules)
acm_dispatch.pairwise_euclidean(numpy.ones((64, 50)), numpy.ones((64, 50)))
called = time.perf_counter()
print(json.dumps({
    "numpy_ms": (middle - start) * 1e3,
    "acm_dispatch_ms": (end - middle) * 1e3,
    "first_call_ms": (called - end) * 1e3,
    "modules": len(after - before),
    "heavy": sorted(after & {"scipy", "pandas", "polars", "numba", "cupy", "rich", "typer", "matplotlib"}),
}))
"""


def measure(processes: int, threads: int) -> dict[str, Any]:
    """Medians over fresh processes, files in the cache of the system."""
    run_python("-c", _PROGRAM, threads=threads)
    runs = [run_python("-c", _PROGRAM, threads=threads) for _ in range(processes)]
    if failed := next((run for run in runs if "failed" in run), None):
        return failed
    last = runs[-1]
    timed = [name for name in last if name.endswith("_ms")]
    return {**last, **{name: statistics.median(run[name] for run in runs) for name in timed}, "processes": processes}
