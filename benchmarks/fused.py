"""``python -m benchmarks.fused``: on a device, each fused kernel against the array code of its operation.

Both in turns on resident arrays, until the device is idle; medians of the rounds. With ``--small`` once on few rows,
for `compute-sanitizer`. `benchmarks.device` compares with the CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any

from acm_cupy.cuda.declared import FUSED
from acm_cupy.cuda.program import HEADERS
from acm_cupy.declared import KERNELS

ROUNDS = 7


def arguments(xp: Any, n: int, dtype: str, d: int = 50) -> dict[str, tuple[Any, ...]]:
    """Of each operation, on `n` rows of `d` columns."""
    x = xp.random.default_rng(0).standard_normal((n, d)).astype(dtype)
    centers, labels = x[: min(256, n)].copy(), xp.arange(n) % 8
    return {
        "pairwise_euclidean": (x, None),
        "pairwise_distances_argmin": (x, centers),
        "pairwise_distances_argmin_min": (x, centers),
        "assigned_distances": (x, centers, labels),
        "lloyd_step": (x, centers),
        "silhouette_samples": (x, labels),
        "column_mean_variance": (x,),
        "column_moments": (x, 0),
        "column_sums": (x,),
        "column_median_mad": (x, 1.4826, "nonfinite"),
        "column_quantiles": (x, (0.25, 0.5, 0.75), "linear", "nonfinite"),
        "impute": (x, None, "nonfinite"),
        **dict.fromkeys(("ffill", "bfill"), (x, None)),
        "lagged_features": (x, 3, False, "column"),
        "ar1_residuals": (x, x[0], x[1]),
        "zscore": (x, None, None, "standard", 0, 1e-6, None),
        **dict.fromkeys(("rolling_mean", "rolling_skew", "rolling_kurt", "rolling_slope"), (x, 60, 30)),
        **dict.fromkeys(("rolling_min", "rolling_max"), (x, 60, 30)),
        "rolling_std": (x, 60, 1, 30),
    }


def seconds(xp: Any, function: Callable[[], Any]) -> float:
    """Of a call, until the device is idle."""
    start = perf_counter()
    function()
    xp.cuda.runtime.deviceSynchronize()
    return perf_counter() - start


def compare(xp: Any, n: int, dtype: str, rounds: int) -> None:
    """Print a line for each operation."""
    array_code = dict(KERNELS)
    given = arguments(xp, n, dtype)
    for operation, function in FUSED:
        calls = [partial(each, xp, *given[operation]) for each in (function, array_code[operation])]
        for call in calls:  # compiles
            call()
        times = [[seconds(xp, call) for call in calls] for _ in range(rounds)]
        fused, other = (median(column) * 1e6 for column in zip(*times, strict=True))
        print(f"| `{operation}` | {n} | {dtype} | {fused:.0f} | {other:.0f} | {other / fused:.1f} |", flush=True)


def main() -> None:
    """Compare on the current device."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="once, on few rows")
    small = parser.parse_args().small
    import cupy

    for family in HEADERS:
        import_module(f"acm_cupy.{family}")
        import_module(f"acm_cupy.cuda.{family}")
    print("| operation | rows | data | fused, us | array code, us | ratio |\n|---|---|---|---|---|---|")
    for dtype in ("float64", "float32"):
        for n in (200,) if small else (10_000, 30_000):
            compare(cupy, n, dtype, 1 if small else ROUNDS)


if __name__ == "__main__":
    main()
