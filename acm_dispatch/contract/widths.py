"""Four widths that stand for all: what a call costs depends on its columns, but not on the last of them.

Calls are measured at these widths, planned as if they had the nearest of them, and one plan serves all that share it.
So few that telling them apart costs a call two comparisons.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import isqrt

#: Single signals, a few, some, and as many as leave a few rows in a cache line's worth of memory.
WIDTHS = (1, 5, 30, 200)

#: The widest of those that the first, the second and the third stand for: half-way to the next, in logarithms. But one
#: column stands for itself alone: it is contiguous, which two are not, and many times faster for some kernels.
WIDEST = (1, *(isqrt(width * wider) for width, wider in pairwise(WIDTHS[1:])))


def nearest_width(width: int) -> int:
    """The one that stands for arrays of so many columns."""
    return WIDTHS[bisect_left(WIDEST, width)]


def magnitudes(work: str, width: str) -> str:
    """An expression that is equal for calls of about as much work with about as many columns."""
    few, some, many = WIDEST
    # Amounts of work have fewer than 64 bits.
    narrow = f"64 if {width} > {few} else 0"
    return f"{work}.bit_length() + (({narrow}) if {width} <= {some} else 128 if {width} <= {many} else 192)"
