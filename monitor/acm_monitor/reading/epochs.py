"""Times that are counted: seconds, milliseconds, ticks, days since some epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recording import Times
from .fields import SECOND, UNIT, ParsedTimes

#: Counted times: what one is counted in, the least and the most plausible number, ticks a second, seconds to 1970.
_COUNTED = (
    ("seconds since 1970", 3e8, 5e9, 1.0, 0),
    ("milliseconds since 1970", 3e11, 5e12, 1e3, 0),
    ("microseconds since 1970", 3e14, 5e15, 1e6, 0),
    ("100 ns since the year 1 (.NET ticks)", 6.2e17, 6.6e17, 1e7, 62_135_596_800),
    ("100 ns since 1601 (Windows file time)", 1.2e17, 1.5e17, 1e7, 11_644_473_600),
    ("nanoseconds since 1970", 3e17, 5e18, 1e9, 0),
    ("days since 1899-12-30 (a spreadsheet's)", 2.5e4, 7.3e4, 1 / 86_400, 2_209_161_600),
)
#: A column is counted times where so many of its filled cells are; the others cannot be read.
_MOST_COUNTED = 0.9


def from_numbers(values: Any) -> ParsedTimes | None:
    """Times counted from an epoch in a usual unit; None if most of the numbers are not.

    Parameters
    ----------
    values : array or Arrow array
        Integers are read exactly, also beyond 2**53.
    """
    numbers = np.asarray(values)
    known = np.isfinite(numbers.astype(np.float64))
    size = numbers[known].astype(np.float64)
    for name, least, most, per_second, origin in _COUNTED:
        plausible = (size >= least) & (size < most)
        if len(size) and plausible.mean() >= _MOST_COUNTED:
            times = np.full(len(numbers), "NaT", f"datetime64[{UNIT}]")
            rows = np.flatnonzero(known)[plausible]
            times[rows] = _counted(numbers[rows], per_second, origin)
            return ParsedTimes(times, (f"times are counted in {name}, UTC",))
    return None


def _counted(numbers: Any, per_second: float, origin: int) -> Times:
    if numbers.dtype.kind in "iu" and per_second >= SECOND:
        micros = numbers.astype(np.int64) // int(per_second // SECOND)
    else:
        micros = np.round(numbers.astype(np.longdouble) / np.longdouble(per_second) * SECOND).astype(np.int64)
    return (micros - origin * SECOND).astype(f"datetime64[{UNIT}]")
