"""Gaps held and columns brought to robust scores: what several steps of the analysis begin with."""

from __future__ import annotations

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
#: A median absolute deviation of no more counts as none: it may be rounding.
_NO_SPREAD = 1e-6


def held(x: Floats, calls: Calls) -> Floats:
    """`x` with short gaps held at the last value; longer ones stay, as NaN."""
    return calls(acm_dispatch.ffill, np.where(np.isfinite(x), x, np.nan), limit=HELD_ROWS)


def robust_scores(x: Floats, calls: Calls, clip: float) -> tuple[Floats, Floats]:
    """Each column of `x` as robust scores, a missing value scoring 0, and the columns' scales.

    Where more than half of a column's values are equal there is no MAD; its standard deviation stands in.
    """
    median, mad = calls(acm_dispatch.column_median_mad, x)
    median = np.nan_to_num(median)
    filled = calls(acm_dispatch.impute, x, median)
    scale = np.where(mad > _NO_SPREAD, mad, filled.std(axis=0))
    return calls(acm_dispatch.zscore, filled, median, scale, method="robust", clip=clip), scale
