"""Lasting shifts: a sensor that stays where it otherwise only passes, each row in its range."""

from __future__ import annotations

import numpy as np

import acm_dispatch

from .calls import Calls
from .recording import Booleans, Floats
from .scoring import levels_of

#: Rows over which a sensor's median is taken; more than a tenth of the recording say nothing.
WINDOWS = (64, 256)
_LEAST_WINDOWS = 10
#: The median of a window is unusual from here on.
SHIFTED = 4.0
#: A row takes part where the sensor has been off to the same side by so much in its last rows, the very last included:
#: the median of a long window lags behind its return.
_STILL_OFF, _LAST = 1.0, (4, 16)


def lasting_shifts(z: Floats, trusted: Booleans, calls: Calls) -> Floats:
    """How unusual the median of the window that ends at each row is, the largest of `WINDOWS`; 0 where it has passed.

    Parameters
    ----------
    z : array of shape (n, d), finite
        The sensors as robust scores within their regimes.
    trusted : array of shape (n,)
        The rows of which what is usual is learnt.
    calls : Calls
        Makes the dispatched calls.

    Returns
    -------
    array of shape (n, d), not negative
        Robust deviations of the window's median from its usual value, the autocorrelation of the sensor included.
    """
    largest = np.zeros_like(z)
    now = [calls(acm_dispatch.rolling_median, z, last, min_periods=1) for last in _LAST]
    for window in WINDOWS:
        if window * _LEAST_WINDOWS > len(z):
            break
        medians = calls(acm_dispatch.rolling_median, z, window)
        centre, scale = levels_of(medians[trusted], calls, wider=1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.nan_to_num((medians - centre) / scale, nan=0.0, posinf=0.0, neginf=0.0)
        still_off = np.all([np.sign(score) * recent >= _STILL_OFF for recent in now], axis=0)
        largest = np.maximum(largest, np.where(still_off, np.abs(score), 0.0))
    return largest
