"""Bottleneck's moving mean, where its running sums keep the digits that the contract asks for."""

import bottleneck
import numpy as np

from acm_dispatch import Unsupported

from . import backend

#: Rows after which a sum starts anew, so that rounding errors do not add up.
ROWS = 1024
#: What a large value leaves behind in a sum is relative to it: windows of small values after it lose as many digits.
RANGE = 1e4


# A sum of float32 is float32 in bottleneck.
@backend.kernel("rolling_mean", dtypes=["float64"])
def rolling_mean(x, window, min_periods):
    sizes = np.abs(x)
    in_windows = bottleneck.move_max(sizes, window, min_count=1, axis=0)
    largest, least = np.fmax.reduce(sizes), np.fmin.reduce(in_windows)
    with np.errstate(over="ignore"):
        if np.isinf(largest * window).any() or (largest > RANGE * least).any():
            raise Unsupported("running sums are inexact beside infinities and windows of values 10,000 times as large")
    out = np.full(x.shape, np.nan)
    for start in range(0, len(x), ROWS):
        first, stop = max(start - window + 1, 0), min(start + ROWS, len(x))
        if min_periods <= stop - first:
            means = bottleneck.move_mean(x[first:stop], min(window, stop - first), min_count=min_periods, axis=0)
            out[start:stop] = means[start - first :]
    return out
