"""What a row is judged by: the sensors' levels, and how they moved in the window that ends at it."""

from __future__ import annotations

import numpy as np

import acm_dispatch

from .calls import Calls
from .recording import Floats
from .scoring import CLIP, robust_scores

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


def row_features(levels: Floats, calls: Calls) -> Floats:
    """The features of each row as robust scores.

    Parameters
    ----------
    levels : array of shape (n, d), finite
        The sensors as robust scores within their regimes: without that, every change of load would be an event.
    calls : Calls
        Makes the dispatched calls.

    Returns
    -------
    array of shape (n, d * PER_SENSOR), finite
        A feature that a row has too short a past for scores 0.
    """
    n_rows, width = levels.shape
    window = window_of(n_rows)
    features = np.zeros((n_rows, width * PER_SENSOR))
    features[:, :width] = levels
    for number, rolling in enumerate(_ROLLING, 1):
        rolled = calls(rolling, levels, window, min_periods=window // 2)
        features[:, number * width : (number + 1) * width] = robust_scores(rolled, calls, CLIP)[0]
    if n_rows >= window:
        features[:, (1 + len(_ROLLING)) * width :] = _spectral(levels, window, calls)
    return features


def _spectral(levels: Floats, window: int, calls: Calls) -> Floats:
    """Scores of the amplitudes in each band, each row taking those of the last window that has ended."""
    energies = calls(acm_dispatch.band_energy, levels, window, BANDS, step=_STEP)
    scores, _ = robust_scores(np.sqrt(energies.reshape(len(energies), -1)), calls, CLIP)
    ended = (np.arange(len(levels)) - (window - 1)) // _STEP
    return np.where(ended[:, None] >= 0, scores[np.maximum(ended, 0)], 0.0)
