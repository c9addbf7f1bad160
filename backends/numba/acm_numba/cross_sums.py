"""Sums of products of columns, for running statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch.numpy_kernels import units
from acm_dispatch.numpy_kernels.cross_sums import cross_units, in_ones

from . import backend
from .products import pair_sums


@backend.kernel("cross_sums", opt_in=True)
def cross_sums(threads: int, x: Any, origin: Any) -> tuple[Any, Any, Any]:
    found = pair_sums(threads, x, origin)
    products, sums = found.products, found.sums
    if units.out_of_range(np.diag(products)).any():
        with np.errstate(all="ignore"):
            exponents = cross_units(np, x, origin, products)
            scaled = (np.ldexp(part.astype(np.float64), -exponents) for part in (x, origin))
            products, sums = in_ones(np, exponents, *pair_sums(threads, *scaled)[1:3])
    return products, sums, found.counts.astype(np.int64)
