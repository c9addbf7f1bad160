"""Units for kernels whose sums of powers would leave the range of numbers: powers of two, which cost no digit.

Ordinary data are counted in 1. `FITTING` is the size of values whose fourth powers, and those of their least
differences, stay within that range in any sum; for larger and smaller ones `exponents` gives a unit of which no value
has as much as one. References have units of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: Least and largest magnitude. Of two numbers the difference is 0 or at least 2**-54 of the larger.
FITTING = 2.0**-100, 2.0**100

#: What sums of squares are between wherever values fit, or larger ones make up for those that do not.
_SQUARES = 2.0**-400, 2.0**400

#: Numbers that add up to infinity with none but larger ones.
LARGE = 2.0**900


def exponents(xp: Any, largest: Any) -> Any:
    """Of units for columns, or windows, of which `largest` is the largest magnitude; 0 where it fits or is 0."""
    fits = (largest == 0.0) | ((largest >= FITTING[0]) & (largest <= FITTING[1]))
    return xp.where(fits, 0, xp.frexp(largest)[1]).astype(xp.int32)


def largest(xp: Any, x: Any) -> Any:
    """The largest finite magnitude of each column, in float64."""
    return xp.where(xp.isfinite(x), xp.abs(x), 0.0).max(axis=0).astype(xp.float64)


def counted(xp: Any, numbers: Any, exponents: Any) -> Any:
    """`numbers` counted in units of these exponents, finite where they are, and more than 0."""
    largest, least = np.finfo(np.float64).max, np.finfo(np.float64).smallest_subnormal
    scaled = xp.clip(xp.ldexp(numbers, -exponents), -largest, largest)
    scaled = xp.where((scaled == 0.0) & (numbers > 0.0), least, scaled)
    return xp.where(xp.isfinite(numbers), scaled, numbers)


def with_ends(xp: Any, exponents: Any, ends: Any) -> Any:
    """Larger units than these where a difference from such large `ends` could be larger than all numbers."""
    return xp.where(are_ends(xp, ends), xp.maximum(exponents, xp.frexp(ends)[1] + 2), exponents).astype(xp.int32)


def are_ends(xp: Any, numbers: Any) -> Any:
    """Which finite numbers are so large that a difference from them could be larger than all numbers."""
    return (xp.abs(numbers.astype(xp.float64)) > LARGE) & xp.isfinite(numbers)


def out_of_range(squares: Any) -> Any:
    """Which sums of squares are too large, too small (those of equal values, too), or NaN."""
    return ~((squares > _SQUARES[0]) & (squares < _SQUARES[1]))


def fitted(
    sums: Callable[[Any], tuple[Any, ...]], x: Any, found: tuple[Any, ...], squares: Any
) -> tuple[Any, tuple[Any, ...]]:
    """What `sums` `found` of the columns of `x`, with that of columns whose sums are out of range found in their units.

    `squares` are the sums that show it: too small, too large, or NaN. Columns that are constant look like it, so these
    are looked at twice. Answers the exponents of the units, all 0 as a rule, too.
    """
    units = np.zeros(x.shape[1], np.int32)
    columns = np.flatnonzero(out_of_range(squares))
    if len(columns):
        units[columns] = exponents(np, largest(np, x[:, columns]))
        columns = np.flatnonzero(units)
    if len(columns):
        again = sums(np.ascontiguousarray(np.ldexp(x[:, columns].astype(np.float64), -units[columns])))
        found = tuple(map(np.copy, found))
        for one, other in zip(found, again, strict=True):
            one[columns] = other
    return units, found
