"""Gaps held and columns brought to robust scores: what several steps of the analysis begin with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import acm_dispatch

from .calls import Calls
from .recording import Floats

#: A sensor's last value stands for so many missing rows; what is missing longer says nothing.
HELD_ROWS = 6
#: Scores are clipped: to search regimes and to fit models, so that no outlier pulls them; elsewhere to keep sums
#: finite.
CLIP_SEARCH = 6.0
CLIP = 25.0
#: Where the middle of a sensor's values is so much wider than its MAD says of a normal distribution, it has heavy tails
#: or two levels; its scale is then what covers that middle, or it would be out of its range much of the time.
_MIDDLE, _NORMAL_WIDTH, WIDER = (0.05, 0.95), 3.2897, 1.5
#: A median absolute deviation of no more counts as none: it may be rounding.
_NO_SPREAD = 1e-6


def held(x: Floats, calls: Calls) -> Floats:
    """`x` with short gaps held at the last value; longer ones stay, as NaN."""
    return calls(acm_dispatch.ffill, np.where(np.isfinite(x), x, np.nan), limit=HELD_ROWS)


def levels_of(x: Floats, calls: Calls, wider: float = WIDER) -> tuple[Floats, Floats]:
    """Each column's median, and its scale: the MAD, or what its middle nine tenths or its resolution ask for."""
    median, mad = calls(acm_dispatch.column_median_mad, x)
    low, high = calls(acm_dispatch.column_quantiles, x, _MIDDLE)
    middle = (high - low) / _NORMAL_WIDTH
    scale = np.where(middle > wider * mad, middle, mad)
    return median, np.fmax(scale, [resolution(column) for column in x.T])


def resolution(values: Floats) -> float:
    """The usual difference between neighbouring values of a sensor: the last digit of one that is quantised."""
    distinct = np.unique(values[np.isfinite(values)])
    return float(np.median(np.diff(distinct))) if len(distinct) > 1 else 0.0


class Scales(NamedTuple):
    """What columns are scored by: the middle of each, and its unit."""

    centre: Floats
    scale: Floats


def scales_of(x: Floats, calls: Calls) -> Scales:
    """Median and MAD of each column.

    Where more than half of a column's values are equal there is no MAD; its standard deviation stands in.
    """
    median, mad = calls(acm_dispatch.column_median_mad, x)
    median = np.nan_to_num(median)
    if (flat := ~(mad > _NO_SPREAD)).any():
        mad[flat] = calls(acm_dispatch.impute, x[:, flat], median[flat]).std(axis=0)
    return Scales(median, mad)


def scored(x: Floats, scales: Scales, calls: Calls, clip: float) -> Floats:
    """`x` as robust scores; a missing value scores 0."""
    filled = calls(acm_dispatch.impute, x, scales.centre)
    return calls(acm_dispatch.zscore, filled, scales.centre, scales.scale, method="robust", clip=clip)
