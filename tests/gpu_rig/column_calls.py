"""Calls of the fused kernels of columns, each held to the operation's reference."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
from acm_cupy.cuda import search
from acm_cupy.cuda.ar1 import ar1_residuals_by_chunks
from acm_cupy.cuda.imputation import bfill_by_chunks, ffill_by_chunks, impute_by_chunks
from acm_cupy.cuda.lags import lagged_features_by_columns
from acm_cupy.cuda.moments import mean_variance_by_chunks, moments_by_chunks, sums_by_chunks
from acm_cupy.cuda.normalization import zscore_by_chunks
from acm_cupy.cuda.quantiles import quantiles_by_rank
from acm_cupy.cuda.robust_stats import median_mad_by_rank

import acm_dispatch

_N, _D = 150, 35


def columns(dtype: str, n: int = _N, d: int = _D) -> Any:
    """Gaps, infinities, offsets, jumps, ties, constants, and columns of one value and of none."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, size=d) + rng.uniform(-100, 100, size=d)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 1], x[:, 2], x[1:, 3], x[:, 4] = np.nan, 0.3, np.nan, rng.integers(0, 3, size=n)
    x[::7, 5], x[3::9, 5], x[:, 6] = np.inf, -np.inf, np.inf
    x[:, 7] = 1e4 + 1e-2 * rng.normal(size=n)
    x[0, 8] = 1e5
    x[:70, 9] = np.nan
    x[:, 33] = rng.exponential(size=n)
    return x.astype(dtype)


def columns_of_every_size() -> Any:
    """Powers of most columns leave the range; some only where rows far down are met."""
    rng = np.random.default_rng(6)
    x = rng.exponential(size=(_N, 11)) * 10.0 ** np.array([-300, -170, -150, -100, -60, 0, 60, 100, 150, 155, 300])
    x[:140, 3:5] = 0.0
    x[100:, 5] *= 1e120
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def held(name: str, found: Any, dtype: str, rtol: float = 1e-11, **arguments: Any) -> tuple[Any, ...]:
    """`found`, where it is what the operation's reference gives for the same numbers in float64."""
    operation = getattr(acm_dispatch, name).operation
    rtol, atol = (rtol, 1e-2 * rtol) if dtype == "float64" else (1e-5, 1e-5)
    with np.errstate(all="ignore"):
        wanted = operation.body(
            **{key: value.astype("f8") if isinstance(value, np.ndarray) else value for key, value in arguments.items()}
        )
    results, expected = (part if isinstance(part, tuple) else (part,) for part in (found, wanted))
    if operation.agrees is not None:
        operation.agrees(results, expected, rtol, atol, *([arguments] if operation.agrees_by_arguments else []))
    else:
        for one, other in zip(results, expected, strict=True):
            np.testing.assert_allclose(one, other.astype(one.dtype), rtol, atol)
    return results


def mean_variance(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = columns(dtype)
    return held("column_mean_variance", mean_variance_by_chunks(xp, x), dtype, x=x)


def moments(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = columns(dtype)
    return held("column_moments", moments_by_chunks(xp, x, 1), dtype, x=x, ddof=1)


def moments_of_every_size(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = columns_of_every_size()
    found = moments_by_chunks(xp, x, 0)
    wanted = acm_dispatch.column_moments.operation.body(x, ddof=0)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, 1e-11)
    return found


def sums(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = columns(dtype)
    return held("column_sums", sums_by_chunks(xp, x), dtype, x=x)


def sums_of_narrow(xp: Any, dtype: str) -> tuple[Any, ...]:
    """Three columns of rows enough for two chunks."""
    x = columns(dtype, 1100)[:, [0, 8, 33]].copy()
    return held("column_sums", sums_by_chunks(xp, x), dtype, x=x)


_OPTIONS = {"method": "standard", "ddof": 1, "floor": 1e-3, "clip": 2.5}


def zscore(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = columns(dtype)
    found = zscore_by_chunks(xp, x, None, None, *_OPTIONS.values())
    return held("zscore", found, dtype, x=x, **_OPTIONS)


def zscore_of_given(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, options = columns(dtype), {**_OPTIONS, "clip": None}
    center, scale = np.linspace(-50, 50, _D).astype(dtype), np.linspace(-0.1, 3, _D).astype(dtype)
    center[0], scale[33] = np.nan, np.inf
    found = []
    for given in ({"center": center, "scale": scale}, {"center": center}, {"scale": scale}):
        scores = zscore_by_chunks(xp, x, given.get("center"), given.get("scale"), *options.values())
        found += held("zscore", scores, dtype, x=x, **given, **options)
    return tuple(found)


def zscore_of_every_size(xp: Any, dtype: str) -> tuple[Any, ...]:
    """Of the least numbers the deviation is less than the floor."""
    x, options = columns_of_every_size(), {**_OPTIONS, "floor": 1e-299, "clip": None}
    x[:40, 10] = np.resize([1.7e308, -1.7e308], 40)
    center, scale = np.zeros(11), np.ones(11)
    center[10], scale[10] = -1.7e308, 1.6e308
    found = []
    for given in ({}, {"center": center}, {"center": center, "scale": scale}):
        scores = zscore_by_chunks(xp, x, given.get("center"), given.get("scale"), *options.values())
        found += held("zscore", scores, "float64", x=x, **given, **options)
    return tuple(found)


def zscore_robust(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, options = columns(dtype), {**_OPTIONS, "method": "robust"}
    return held("zscore", zscore_by_chunks(xp, x, None, None, *options.values()), dtype, x=x, **options)


def zscore_robust_of_every_size(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, options = columns_of_every_size(), {**_OPTIONS, "method": "robust", "floor": 1e-305, "clip": None}
    x[:, 10] = np.resize([1.7e308, -1.7e308, 1.6e308], _N)
    return held("zscore", zscore_by_chunks(xp, x, None, None, *options.values()), "float64", x=x, **options)


def _long_columns(dtype: str) -> Any:
    """More rows than a sample has, in which the sample misleads about some columns."""
    rng = np.random.default_rng(7)
    n, size = 9001, 4096
    x = rng.normal(size=(n, 9)) * 10.0 ** np.arange(9) + 50
    places = np.arange(size, dtype=np.uint64)
    chance = (places * np.uint64(2654435761) % np.uint64(1 << 32)) >> np.uint64(16)  # as in select.cuh
    sampled = ((places * np.uint64(n) + chance * np.uint64(n) // np.uint64(65536)) // np.uint64(size)).astype(int)
    others = np.setdiff1d(np.arange(n), sampled)
    x[others, 0] += 1e6  # the median lies above the sample
    x[others, 1] = 50 + 1e-6 * rng.normal(size=len(others))  # there is no room for what lies in the bracket
    x[:, 2], x[:, 3] = rng.integers(0, 3, size=n), 7.0
    x[:, 4] = np.where(rng.random(n) < 0.4, np.nan, x[:, 4])
    x[:, 5], x[:5000, 6] = np.nan, np.inf
    x[:, 7] = rng.choice([-0.0, 0.0], size=n)
    return x.astype(dtype)


def _medians(xp: Any, x: Any, dtype: str) -> tuple[Any, ...]:
    options = {"scale": 1.5, "missing": "nonfinite"}
    found = held("column_median_mad", median_mad_by_rank(xp, x, *options.values()), dtype, x=x, **options)
    options = {"scale": 1.0, "missing": "nan"}
    return found + held("column_median_mad", median_mad_by_rank(xp, x, *options.values()), dtype, x=x, **options)


def median_mad(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _medians(xp, columns(dtype), dtype)


def median_mad_of_long(xp: Any, dtype: str) -> tuple[Any, ...]:
    with patch.object(search, "MANY", 9000):
        return _medians(xp, _long_columns(dtype), dtype)


_LEVELS = (0.0, 0.01, 0.25, 0.5, 0.87, 1.0)


def quantiles(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _quantiles(xp, columns(dtype, 151)[:, :11].copy(), dtype, ("linear", "nonfinite"), ("nearest", "nan"))


def quantiles_of_long(xp: Any, dtype: str) -> tuple[Any, ...]:
    with patch.object(search, "MANY", 9000):
        return _quantiles(
            xp, _long_columns(dtype), dtype, ("lower", "nonfinite"), ("higher", "nan"), ("midpoint", "nan")
        )


def _quantiles(xp: Any, x: Any, dtype: str, *options: tuple[str, str]) -> tuple[Any, ...]:
    found = []
    for method, missing in options:
        given = {"q": _LEVELS, "method": method, "missing": missing}
        found += held("column_quantiles", quantiles_by_rank(xp, x, *given.values()), dtype, x=x, **given)
    return tuple(found)


def impute(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, fill = columns(dtype), np.linspace(-1, 1, _D).astype(dtype)
    filled = impute_by_chunks(xp, x, None, "nonfinite"), impute_by_chunks(xp, x, fill, "nan")
    return held("impute", filled[0], dtype, x=x, missing="nonfinite") + held(
        "impute", filled[1], dtype, x=x, fill=fill, missing="nan"
    )


def _gaps(dtype: str) -> Any:
    """Longer than a part of a chunk, than a chunk, and than two of them; and as they come."""
    rng = np.random.default_rng(8)
    x = np.where(rng.random((1300, 34)) < 0.7, np.nan, rng.normal(size=(1300, 34)))
    x[20:250, 0], x[10:500, 1], x[2:1250, 2], x[:, 3], x[5, 4] = np.nan, np.nan, np.nan, np.nan, np.inf
    return x.astype(dtype)


def ffill(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = _gaps(dtype)
    return held("ffill", ffill_by_chunks(xp, x, None), dtype, x=x) + held(
        "ffill", ffill_by_chunks(xp, x, 400), dtype, x=x, limit=400
    )


def bfill(xp: Any, dtype: str) -> tuple[Any, ...]:
    x = _gaps(dtype)
    return held("bfill", bfill_by_chunks(xp, x, None), dtype, x=x) + held(
        "bfill", bfill_by_chunks(xp, x, 3), dtype, x=x, limit=3
    )


def lagged(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, found = columns(dtype)[:, :11].copy(), []
    for options in ((3, True, "column"), (2, False, "lag")):
        given = dict(zip(("max_lag", "include_current", "order"), options, strict=True))
        found += held("lagged_features", lagged_features_by_columns(xp, x, *options), dtype, x=x, **given)
    return tuple(found)


def ar1_residuals(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, phi = columns(dtype), np.linspace(-1, 1, _D).astype(dtype)
    mu = np.where(np.arange(_D) == 9, np.nan, x[140]).astype(dtype)
    return held("ar1_residuals", ar1_residuals_by_chunks(xp, x, phi, mu), dtype, x=x, phi=phi, mu=mu)


def ar1_residuals_of_ends(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, phi, mu = np.resize([1.7e308, -1.7e308, 1.2e308], (50, 2)), np.array([0.9, 1.5]), np.array([-1.7e308, 1e308])
    return held("ar1_residuals", ar1_residuals_by_chunks(xp, x, phi, mu), "float64", x=x, phi=phi, mu=mu)


#: With each, how many kernels it may launch.
CALLS = {
    mean_variance: 2,
    moments: 2,
    moments_of_every_size: 2,
    sums: 2,
    sums_of_narrow: 2,
    zscore: 3,
    zscore_of_given: 7,  # of three calls
    zscore_of_every_size: 7,  # of three
    zscore_robust: 3,
    zscore_robust_of_every_size: 3,
    median_mad: 4,  # of two
    median_mad_of_long: 10,  # of two
    quantiles: 2,  # of two
    quantiles_of_long: 9,  # of three
    impute: 3,  # of two
    ffill: 4,  # of two
    bfill: 4,  # of two
    lagged: 2,  # of two
    ar1_residuals: 1,
    ar1_residuals_of_ends: 1,
}
