"""The kernels: imported when the first call needs them."""

import numpy as np

from acm_dispatch import Unsupported

from . import backend


@backend.kernel("column_median_mad")
def column_median_mad(x, scale, missing):
    wide = x.astype(np.float64)
    wide[_missing(wide, missing)] = np.nan
    with np.errstate(all="ignore"):
        pairs = [_median_mad(column[~np.isnan(column)], scale) for column in wide.T]
        median, mad = np.array(pairs).T
        return median.astype(x.dtype), mad.astype(x.dtype)


@backend.kernel(
    "impute", supports=lambda call: "only missing='nonfinite'" if call.options["missing"] == "nan" else None
)
def impute(x, fill, missing):
    if fill is None:
        fill, _ = column_median_mad(x, 1.0, missing)
    elif np.isnan(fill).any():
        raise Unsupported("a fill of NaN is not supported")
    return np.where(_missing(x, missing), fill, x)


def _missing(x, missing):
    return np.isnan(x) if missing == "nan" else ~np.isfinite(x)


def _median_mad(values, scale):
    median = _median(values)
    return median, scale * _median(np.abs(values - median))


def _median(values):
    if len(values) == 0 or np.isnan(values).any():
        return np.nan
    ordered = np.sort(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else low / 2 + high / 2
