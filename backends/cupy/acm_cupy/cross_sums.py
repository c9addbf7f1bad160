"""Sums of pairs of columns."""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels import units
from acm_dispatch.numpy_kernels.cross_sums import in_ones

from .columns import greatest
from .declared import kernel


@kernel("cross_sums")
def cross_sums(xp: Any, x: Any, origin: Any) -> tuple[Any, Any, Any]:
    finite = xp.isfinite(x)
    largest = xp.maximum(greatest(xp, xp.where(finite, xp.abs(x), 0.0)), xp.abs(origin))
    exponents = units.exponents(xp, largest.astype(xp.float64))
    counted = (xp.ldexp(part.astype(xp.float64, copy=False), -exponents) for part in (x, origin))
    shifted = xp.where(finite, xp.subtract(*counted), 0.0)
    present = finite.astype(xp.float64)
    products, sums = in_ones(xp, exponents, shifted.T @ shifted, shifted.T @ present)
    return products, sums, (present.T @ present).astype(xp.int64)
