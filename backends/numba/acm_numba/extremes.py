"""Distances whose squares overflow or underflow although they themselves are ordinary numbers.

Kernels add up squares as they are. What comes out too small to have all its digits, or infinite, is computed again with
differences times a power of two, which changes no digit of them.
"""

from __future__ import annotations

import numpy as np

from .jit import jit

#: From here on sums of squares have lost no digit that shows.
_LEAST = 2.0**-960

#: Makes a large difference one whose square is in range, and its inverse a small one.
_UNIT = 2.0**600

#: Smallest, apart from 0, and largest values whose differences are 0 or have squares in range.
_SMALL, _LARGE = 2.0**-420, 2.0**480


@jit
def is_in_range(squared):
    return _LEAST <= squared < np.inf


@jit
def are_in_range(squared):
    """Whether all of an array are; counted, and not left at the first that is not, so that it takes whole vectors."""
    outside = 0
    for lane in range(len(squared)):
        outside += not _LEAST <= squared[lane] < np.inf
    return outside == 0


@jit
def squares_fit(x):
    """Whether no square of a difference of such numbers overflows or underflows."""
    outside = 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            size = abs(x[i, j])
            outside += not (size == 0 or _SMALL <= size < _LARGE)
    return outside == 0


@jit
def between(a, b):
    """Distance of two rows, of any size."""
    unit = unit_of(farthest(a, b, 1.0))
    return np.sqrt(_squared(a, b, 1.0, unit)) / unit


@jit
def unit_of(largest):
    """What makes the square of the largest difference one in range, where it is not."""
    return _UNIT if largest < 1.0 else 1 / _UNIT


@jit
def farthest(a, b, unit):
    """Largest difference of two rows, both times `unit`; NaN is passed over."""
    most = 0.0
    for k in range(len(a)):
        difference = abs(np.float64(a[k]) * unit - np.float64(b[k]) * unit)
        if difference > most:
            most = difference
    return most


@jit
def _squared(a, b, before, after):
    total = 0.0
    for k in range(len(a)):
        difference = (np.float64(a[k]) * before - np.float64(b[k]) * before) * after
        total += difference * difference
    return total


@jit
def nearest_of_extremes(row, y, guess):
    """The nearest row of `y`, the lowest among equals, where the least square, that to `guess`, is out of range."""
    least = np.inf
    for j in range(len(y)):
        least = min(least, farthest(row, y[j], 1.0))
    # Large numbers are divided before they are subtracted: their differences may overflow, too.
    before, after = (1.0, _UNIT) if least < 1.0 else (1 / _UNIT, 1.0)
    nearest, least = guess, np.inf
    for j in range(len(y)):
        squared = _squared(row, y[j], before, after)
        if squared < least:
            nearest, least = j, squared
    return nearest
