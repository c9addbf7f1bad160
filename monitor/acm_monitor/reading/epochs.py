"""Times that are counted: seconds, milliseconds, ticks, days since some epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recording import Times
from .arrow import pa, pc
from .fields import SECOND, UNIT, ParsedTimes

#: Counted times: what one is counted in, the least and the most plausible number, ticks a second, seconds to 1970.
_COUNTED = (
    ("seconds since 1970", 3e8, 2.6e9, 1.0, 0),
    ("seconds since 1904 (LabVIEW)", 2.6e9, 4.5e9, 1.0, 2_082_844_800),
    ("milliseconds since 1970", 3e11, 5e12, 1e3, 0),
    ("microseconds since 1970", 3e14, 5e15, 1e6, 0),
    ("100 ns since the year 1 (.NET ticks)", 6.2e17, 6.6e17, 1e7, 62_135_596_800),
    ("100 ns since 1601 (Windows file time)", 1.2e17, 1.5e17, 1e7, 11_644_473_600),
    ("nanoseconds since 1970", 3e17, 5e18, 1e9, 0),
)
#: Days may as well be the values of a sensor: only a column that is named like a time is taken for them.
_COUNTED_DAYS = (
    ("days since 1899-12-30 (a spreadsheet's)", 2.5e4, 5.1e4, 1 / 86_400, 2_209_161_600),
    ("days since 1858-11-17 (modified Julian days)", 5.1e4, 7.3e4, 1 / 86_400, 3_506_716_800),
    ("days since the year 0 (MATLAB)", 7.1e5, 7.6e5, 1 / 86_400, 62_167_305_600),
    ("Julian days", 2.43e6, 2.49e6, 1 / 86_400, 210_866_760_000),
)
_COUNT = r"^\d+(?:\.\d*)?(?:[eE]\+?\d+)?$"
#: A column is counted times where so many of its filled cells are; the others cannot be read.
_MOST_COUNTED = 0.9


def counts_of(text: Any) -> Any:
    """Cells that hold a count, as texts with a decimal point and nothing around them; null elsewhere."""
    bare = pc.replace_substring_regex(text, r"^(?:@|/Date\()|\)/$", "")
    grouped = pc.match_substring_regex(bare, r"^\d{1,3}(?:[,.' \x{a0}\x{202f}]\d{3}){2,}$")
    bare = pc.if_else(grouped, pc.replace_substring_regex(bare, r"\D", ""), pc.replace_substring(bare, ",", "."))
    return pc.if_else(pc.match_substring_regex(bare, _COUNT), bare, pa.scalar(None, bare.type))


def numbers_of(counts: Any) -> Any:
    """Counts as integers where all are (so that ticks keep their digits), else as floats; 0 or NaN elsewhere."""
    whole = pc.fill_null(pc.match_substring_regex(counts, r"^\d{1,18}$"), False)
    if pc.sum(whole).as_py() == len(counts) - counts.null_count:
        return pc.cast(pc.if_else(whole, counts, "0"), pa.int64()).to_numpy()
    return np.asarray(pc.cast(counts, pa.float64()), np.float64)


def from_numbers(values: Any, *, days: bool = True) -> ParsedTimes | None:
    """Times counted from an epoch in a usual unit; None if most of the numbers are not.

    Parameters
    ----------
    values : array or Arrow array
        Integers are read exactly, also beyond 2**53.
    days : bool
        Whether they may be days.
    """
    numbers = np.asarray(values)
    known = np.isfinite(numbers.astype(np.float64))
    size = numbers[known].astype(np.float64)
    for name, least, most, per_second, origin in (*_COUNTED, *(_COUNTED_DAYS if days else ())):
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
        if per_second < 1:
            micros = (micros + 500) // 1000 * 1000  # a day's fraction is hardly written more exactly
    return (micros - origin * SECOND).astype(f"datetime64[{UNIT}]")
