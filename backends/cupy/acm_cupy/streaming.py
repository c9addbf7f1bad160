"""Sums of pairs of columns."""

from __future__ import annotations

from typing import Any


def cross_sums(xp: Any, x: Any, origin: Any) -> tuple[Any, Any, Any]:
    finite = xp.isfinite(x)
    shifted = xp.where(finite, xp.subtract(x, origin, dtype=xp.float64), 0.0)
    present = finite.astype(xp.float64)
    return shifted.T @ shifted, shifted.T @ present, (present.T @ present).astype(xp.int64)
