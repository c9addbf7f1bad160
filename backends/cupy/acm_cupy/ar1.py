"""Autoregression of the first order."""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels.prefix_doubling import later
from acm_dispatch.ops.ar1 import FEWEST, LARGEST

from .columns import total
from .declared import kernel
from .moments import in_units, mean_variance_and_distances
from .robust_stats import median_and_half_mad


@kernel("ar1_coefficients")
def ar1_coefficients(xp: Any, x: Any, epsilon: float, center: str, missing: str) -> tuple[Any, Any]:
    exponents, values = in_units(xp, x)
    offset, shift = _center(xp, values, center)
    finite = xp.isfinite(x)
    centred = xp.where(finite, (values - offset) - shift, xp.nan)
    previous = (_last_values(xp, centred) if missing == "drop" else centred)[:-1]
    paired = ~xp.isnan(previous) & finite[1:]
    previous = xp.where(paired, previous, 0.0)
    products = total(xp, xp.where(paired, centred[1:] * previous, 0.0))
    squares = total(xp, previous * previous)
    least = xp.ldexp(xp.full(squares.shape, epsilon), -2 * exponents)
    told = (total(xp, finite) >= FEWEST) & (squares > least)
    phi = xp.where(told, xp.clip(products / squares, -LARGEST, LARGEST), 0.0)
    return phi.astype(x.dtype, copy=False), xp.ldexp(offset + shift, exponents).astype(x.dtype, copy=False)


def _center(xp: Any, x: Any, center: str) -> tuple[Any, Any]:
    """In two parts, the second small: their sum, rounded to the size of an offset, would lose digits."""
    if center == "median":
        return median_and_half_mad(xp, x, "nonfinite")[0], 0.0
    origin, _, mean, *_ = mean_variance_and_distances(xp, x)
    return origin, mean


@kernel("ar1_residuals")
def ar1_residuals(xp: Any, x: Any, phi: Any, mu: Any) -> Any:
    finite = xp.isfinite(x)
    # By eighths: a difference may be larger than all numbers where what is left is not.
    deviations = xp.where(
        finite, xp.multiply(x, 0.125, dtype=xp.float64) - xp.multiply(mu, 0.125, dtype=xp.float64), xp.nan
    )
    residuals = deviations.copy()
    residuals[1:] -= xp.where(finite[:-1], phi.astype(xp.float64, copy=False) * deviations[:-1], 0.0)
    return (residuals * 8).astype(x.dtype, copy=False)


def _last_values(xp: Any, values: Any) -> Any:
    """Each column's last value up to each row that is not NaN."""
    last, reach = values, 1
    while reach < len(values):
        last = xp.where(xp.isnan(last), later(xp, last, reach, xp.nan), last)
        reach *= 2
    return last
