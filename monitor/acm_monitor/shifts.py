"""Lasting shifts: a sensor that stays where it otherwise only passes, each row in its range."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import acm_dispatch

from .blocks import column_blocks, thinned
from .calls import Calls
from .recording import Booleans, Floats, Integers
from .scoring import levels_of

#: Rows over which a sensor's median is taken; more than a tenth of the recording say nothing.
WINDOWS = (64, 256)
_LEAST_WINDOWS = 10
#: A row takes part where the sensor has been off to the same side by so much in its last rows, the very last included:
#: the median of a long window lags behind its return.
_STILL_OFF, _LAST = 1.0, (4, 16)


class ShiftModel(NamedTuple):
    """The usual medians of each of `WINDOWS` that is short enough, and their usual deviation; a row a window."""

    windows: Integers
    centre: Floats
    scale: Floats


def fit_shifts(z: Floats, trusted: Booleans, calls: Calls) -> ShiftModel:
    """What the median of a window usually is.

    Parameters
    ----------
    z : array of shape (n, d), finite
        The sensors as robust scores within their regimes.
    trusted : array of shape (n,)
        The rows of which what is usual is learnt.
    calls : Calls
        Makes the dispatched calls.
    """
    windows = tuple(window for window in WINDOWS if window * _LEAST_WINDOWS <= len(z))
    centre, scale = (np.zeros((len(windows), z.shape[1])) for _ in range(2))
    learnt = thinned(np.flatnonzero(trusted))
    for columns in column_blocks(*z.shape):
        for i, window in enumerate(windows):
            medians = calls(acm_dispatch.rolling_median, np.ascontiguousarray(z[:, columns]), window)
            centre[i, columns], scale[i, columns] = levels_of(medians[learnt], calls, wider=1.0)
    return ShiftModel(np.array(windows, np.int64), centre, scale)


def lasting_shifts(z: Floats, model: ShiftModel, calls: Calls) -> Floats:
    """How unusual the median of the window that ends at each row is: of all sensors and windows the most unusual.

    Returns
    -------
    array of shape (n,), not negative
        Robust deviations of the window's median from its usual value, the autocorrelation of the sensor included; 0
        where the shift has passed.
    """
    largest = np.zeros(len(z))
    for columns in column_blocks(*z.shape) if len(model.windows) else ():
        part = np.ascontiguousarray(z[:, columns])
        now = [calls(acm_dispatch.rolling_median, part, last, min_periods=1) for last in _LAST]
        for window, centre, scale in zip(model.windows, model.centre[:, columns], model.scale[:, columns], strict=True):
            score = calls(acm_dispatch.rolling_median, part, int(window))
            with np.errstate(divide="ignore", invalid="ignore"):
                score = np.nan_to_num((score - centre) / scale, nan=0.0, posinf=0.0, neginf=0.0)
            for recent in now:
                score[np.sign(score) * recent < _STILL_OFF] = 0.0
            largest = np.maximum(largest, np.abs(score).max(axis=1))
    return largest
