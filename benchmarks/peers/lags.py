"""Peers of lagged_features."""

from functools import partial

import numpy as np

from . import peer


@peer("lagged_features three", "numpy")
@peer("lagged_features ten", "numpy")
def slices_by_column(x, max_lag):
    def call():
        features = np.full((len(x), x.shape[1], max_lag + 1), np.nan, x.dtype)
        for lag in range(max_lag + 1):
            features[lag:, :, lag] = x[: len(x) - lag]
        return features.reshape(len(x), -1)

    return call


@peer("lagged_features lag", "numpy")
def slices_by_lag(x, max_lag):
    def call():
        features = np.full((len(x), max_lag + 1, x.shape[1]), np.nan, x.dtype)
        for lag in range(max_lag + 1):
            features[lag:, lag] = x[: len(x) - lag]
        return features.reshape(len(x), -1)

    return call


@peer("lagged_features lag", "numba")
def loops_by_lag(x, max_lag):
    from .numba_loops import lags_by_lag

    return partial(lags_by_lag, x, max_lag)


@peer("lagged_features three", "numba")
@peer("lagged_features ten", "numba")
def loops_by_column(x, max_lag):
    from .numba_loops import lags_by_column

    return partial(lags_by_column, x, max_lag)


def _interleaved(frame):
    """What pandas gives lag by lag, column by column."""
    values = np.asarray(frame)
    columns = len({name.rpartition("_")[0] for name in frame.columns})
    return values.reshape(len(values), -1, columns).swapaxes(1, 2).reshape(values.shape)


@peer("lagged_features three", "pandas", finish=_interleaved)
@peer("lagged_features ten", "pandas", finish=_interleaved)
def shift(x, max_lag):
    import pandas

    frame = pandas.DataFrame(x, columns=[str(column) for column in range(x.shape[1])])
    return partial(frame.shift, range(max_lag + 1))
