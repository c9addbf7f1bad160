"""Peers of column_median_mad."""

from functools import partial

import numpy as np

from . import peer

SCALE = 1.4826


@peer("column_median_mad", "numpy", data="clean")
def median(x):
    return partial(_median_mad, np.median, x)


@peer("column_median_mad", "numpy", data="missing")
def nanmedian(x):
    return partial(_median_mad, np.nanmedian, x)


@peer("column_median_mad", "bottleneck")
def bottleneck_nanmedian(x):
    import bottleneck

    return partial(_median_mad, bottleneck.nanmedian, x)


def _median_mad(median, x):
    center = median(x, axis=0)
    return center, SCALE * median(np.abs(x - center), axis=0)


@peer("column_median_mad", "numpy")
def column_by_column(x):
    return partial(median_mad_by_column, x)


def median_mad_by_column(x):
    """NumPy's partition on one contiguous column after the other."""
    result = np.empty((2, x.shape[1]), x.dtype)
    for j in range(x.shape[1]):
        column = x[:, j]
        values = column[~np.isnan(column)]
        result[0, j] = np.median(values, overwrite_input=True)
        values -= result[0, j]
        result[1, j] = SCALE * np.median(np.abs(values, out=values), overwrite_input=True)
    return result[0], result[1]


@peer("column_median_mad", "scipy", data="clean")
def median_abs_deviation(x):
    from scipy.stats import median_abs_deviation

    return lambda: (np.median(x, axis=0), SCALE * median_abs_deviation(x, axis=0))


@peer("column_median_mad", "pandas", finish=lambda result: tuple(map(np.asarray, result)))
def frame_median(x):
    import pandas

    frame = pandas.DataFrame(x)

    def call():
        center = frame.median()
        return center, SCALE * (frame - center).abs().median()

    return call


def _rows(frames):
    return tuple(frame.to_numpy()[0] for frame in frames)


@peer("column_median_mad", "polars", finish=_rows)
def expressions(x):
    import polars

    frame = polars.from_numpy(x).fill_nan(None)
    every = polars.all()
    deviation = (every - every.median()).abs().median() * SCALE
    return lambda: (frame.select(every.median()), frame.select(deviation))


@peer("column_median_mad", "numba")
def parallel_loops(x):
    from .numba_loops import column_median_mad

    return partial(column_median_mad, x)
