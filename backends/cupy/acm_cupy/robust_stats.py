"""Location and spread that outliers do not move: all columns at once, by sorting."""

from __future__ import annotations

from typing import Any

from .columns import total
from .declared import kernel


@kernel("column_median_mad")
def column_median_mad(xp: Any, x: Any, scale: float, missing: str) -> tuple[Any, Any]:
    median, half = median_and_half_mad(xp, x, missing)
    return median.astype(x.dtype, copy=False), (scale * half * 2).astype(x.dtype, copy=False)


def median_and_half_mad(xp: Any, x: Any, missing: str) -> tuple[Any, Any]:
    """Of each column, in float64; the distance of two numbers may be larger than all numbers."""
    absent = is_missing(xp, x, missing)
    count = total(xp, ~absent)
    columns = xp.where(absent, x.dtype.type(xp.nan), x).T.copy()
    median = middle(xp, columns, count)
    deviations = xp.abs(xp.multiply(columns, 0.5, dtype=xp.float64) - median[:, None] / 2)
    # From an infinite median, infinite values deviate by NaN, which sorting would put among the missing ones.
    return median, xp.where(xp.isfinite(median), middle(xp, deviations, count), xp.nan)


def is_missing(xp: Any, x: Any, missing: str) -> Any:
    return xp.isnan(x) if missing == "nan" else ~xp.isfinite(x)


def middle(xp: Any, rows: Any, count: Any) -> Any:
    """Median of the `count` numbers of each row of `rows`, which is left sorted; NaN, missing, comes last.

    The mean of the two middle values is taken by halves, which cannot overflow.
    """
    rows.sort(axis=1)
    low, high = (
        xp.take_along_axis(rows, xp.maximum(place, 0)[:, None], axis=1)[:, 0].astype(xp.float64)
        for place in ((count - 1) // 2, count // 2)
    )
    return xp.where(low == high, low, low / 2 + high / 2)
