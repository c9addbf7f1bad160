"""Peers of column_moments: bias-corrected as ours."""

from functools import partial

import numpy as np

from . import peer

_STATISTICS = ("count", "mean", "var", "skew", "kurt", "min", "max")


def _population_variance(result, counts, variance=2):
    """Their variance divides by n - 1, ours by n."""
    parts = list(result)
    parts[variance] = parts[variance] * ((counts - 1) / counts)
    return tuple(parts)


@peer(
    "column_moments", "pandas", finish=lambda parts: _population_variance(map(np.asarray, parts), np.asarray(parts[0]))
)
def frame_statistics(x):
    import pandas

    frame = pandas.DataFrame(x)
    return lambda: tuple(getattr(frame, name)() for name in _STATISTICS)


def _rows(frame):
    counts, *others = np.split(frame.to_numpy()[0], len(_STATISTICS))
    return _population_variance([counts.astype(np.int64), *others], counts)


@peer("column_moments", "polars", finish=_rows)
def column_expressions(x):
    import polars

    frame, every = polars.from_numpy(x).fill_nan(None), polars.all()
    parts = (
        every.count().cast(polars.Float64),
        every.mean(),
        every.var(),
        every.skew(bias=False),
        every.kurtosis(bias=False),
        every.min(),
        every.max(),
    )
    named = [part.name.suffix(f"@{name}") for part, name in zip(parts, _STATISTICS, strict=True)]
    return partial(frame.select, named)


def _described(result):
    extremes = result.minmax
    counts = np.full(len(result.mean), result.nobs)
    parts = [counts, result.mean, result.variance, result.skewness, result.kurtosis, *extremes]
    return _population_variance(parts, counts)


@peer("column_moments", "scipy", dtypes=("float64",), data="clean", finish=_described)
def describe(x):
    from scipy.stats import describe

    return partial(describe, x, bias=False)


@peer("column_moments", "numba")
def two_pass_blocks(x):
    from .numba_loops import column_moments

    return partial(column_moments, x)
