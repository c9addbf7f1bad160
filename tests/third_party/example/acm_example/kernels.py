"""The kernels: imported when the first call needs them."""

import numpy as np
from acm_dispatch import Unsupported

from . import backend


@backend.kernel("column_median_mad", supports=lambda call: None if call.options["missing"] == "nan" else "only NaN")
def column_median_mad(x, scale, missing):
    if np.isinf(x).any():
        raise Unsupported("infinities are not supported")
    wide = x.astype(np.float64)
    median = np.array([_median(column) for column in wide.T])
    mad = np.array([scale * _median(column) for column in np.abs(wide - median).T])
    return median.astype(x.dtype), mad.astype(x.dtype)


def _median(values):
    ordered = np.sort(values[~np.isnan(values)])
    if len(ordered) == 0:
        return np.nan
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else low / 2 + high / 2


@backend.kernel("impute", accuracy="bitwise", supports=lambda call: None)
def impute(x, fill, missing):
    if fill is None:
        raise Unsupported("a fill has to be given")
    return np.where(np.isnan(x) if missing == "nan" else ~np.isfinite(x), fill, x)
