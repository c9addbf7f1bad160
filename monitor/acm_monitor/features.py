"""What a row is judged by: the sensors' levels, and how they moved in the window that ends at it."""

from __future__ import annotations

import numpy as np

import acm_dispatch

from .blocks import Block
from .calls import Calls
from .recording import Floats

#: Rows that rolling statistics and spectra look back, and from one spectrum to the next.
WINDOW = 32
_STEP = 4
#: Frequency bands in cycles per row: slow, middling, fast.
BANDS = ((0.0, 0.1), (0.1, 0.25), (0.25, 0.5))

_ROLLING = (
    acm_dispatch.rolling_mean,
    acm_dispatch.rolling_median,
    acm_dispatch.rolling_std,
    acm_dispatch.rolling_mad,
    acm_dispatch.rolling_slope,
)
#: Features of a sensor: its level, the rolling statistics, the amplitude in each band.
PER_SENSOR = 1 + len(_ROLLING) + len(BANDS)


def window_of(n_rows: int) -> int:
    """Rows of the window: fewer in a short recording, so that most of its rows have a whole one."""
    return min(WINDOW, max(n_rows // 10, 4))


def features_of(levels: Floats, rows: Block, window: int, calls: Calls) -> Floats:
    """The features of some rows, in the order of kinds, not scored yet.

    Parameters
    ----------
    levels : array of shape (n, d), finite
        The sensors as robust scores within their regimes: without that, every change of load would be an event.
    rows : (int, int)
        Start and end of those that are wanted; what they look back at may lie before.
    window : int
        Rows that a feature looks back.
    calls : Calls
        Makes the dispatched calls.

    Returns
    -------
    array of shape (stop - start, d * PER_SENSOR)
        NaN where a row has too short a past.
    """
    start, stop = rows
    behind = max(start - window - _STEP, 0) // _STEP * _STEP  # spectra begin at the same rows in every block
    part, width = levels[behind:stop], levels.shape[1]
    features = np.full((stop - start, width * PER_SENSOR), np.nan)
    features[:, :width] = levels[start:stop]
    for number, rolling in enumerate(_ROLLING, 1):
        rolled = calls(rolling, part, window, min_periods=window // 2)
        features[:, number * width : (number + 1) * width] = rolled[start - behind :]
    if len(part) >= window:
        features[:, (1 + len(_ROLLING)) * width :] = _amplitudes(part, window, calls)[start - behind :]
    return features


def _amplitudes(levels: Floats, window: int, calls: Calls) -> Floats:
    """The amplitudes in each band, each row taking those of the last window that has ended."""
    energies = calls(acm_dispatch.band_energy, levels, window, BANDS, step=_STEP)
    amplitudes = np.sqrt(energies.reshape(len(energies), -1))
    ended = (np.arange(len(levels)) - (window - 1)) // _STEP
    return np.where(ended[:, None] >= 0, amplitudes[np.maximum(ended, 0)], np.nan)
