"""Sums over pairs of columns by products of blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from . import units


def _shifted_and_present(x: Any, origin: Any) -> tuple[Any, Any]:
    finite = np.isfinite(x)
    return np.where(finite, np.subtract(x, origin, dtype=np.float64), 0.0), finite.astype(np.float64)


#: Multiplications that BLAS does on the calling thread: with more, its number of threads would show in the last digits.
_UNSHARED = 1 << 18


@numpy_backend.kernel("cross_sums")
def _cross_sums_by_blocks(x: Any, origin: Any) -> tuple[Any, Any, Any]:
    with np.errstate(all="ignore"):
        products, sums, counts = _by_blocks(x, origin)
        if units.out_of_range(np.diag(products)).any():
            exponents = cross_units(np, x, origin, products)
            scaled = np.ldexp(x.astype(np.float64), -exponents), np.ldexp(origin.astype(np.float64), -exponents)
            products, sums = in_ones(np, exponents, *_by_blocks(*scaled)[:2])
    return products, sums, counts.astype(np.int64)


def _by_blocks(x: Any, origin: Any) -> tuple[Any, Any, Any]:
    rows = max(_UNSHARED // x.shape[1] ** 2, 1)
    products, sums, counts = np.zeros((3, x.shape[1], x.shape[1]))
    for start in range(0, len(x), rows):
        shifted, present = _shifted_and_present(x[start : start + rows], origin)
        products += shifted.T @ shifted
        sums += shifted.T @ present
        counts += present.T @ present
    return products, sums, counts


def cross_units(xp: Any, x: Any, origin: Any, products: Any) -> Any:
    """Exponents of the units to count columns in whose own sums are out of range."""
    exponents = units.exponents(xp, xp.maximum(units.largest(xp, x), xp.abs(origin)))
    return xp.where(units.out_of_range(xp.diagonal(products)), exponents, 0).astype(xp.int32)


def in_ones(xp: Any, exponents: Any, products: Any, sums: Any) -> tuple[Any, Any]:
    """Products and sums of columns counted in units as they are without."""
    own = exponents[:, None]
    return xp.ldexp(products, exponents + own), xp.ldexp(sums, own)
