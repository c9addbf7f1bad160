"""Location and spread that outliers do not move.

Medians are selected by their bits: read as integers (with the sign undone) floating-point numbers keep their order, so
counting them in equal ranges of integers and keeping the one range that holds the wanted rank ends after a few passes,
whatever the order of the data and however many ties.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit

#: Columns gathered in one walk over the rows: half a cache line of float64, while they stay within so many numbers.
#: Beyond, waiting for fresh memory costs more than walking over the rows once a column.
_COLUMNS, _ROOM = 4, 1 << 20

#: Nanoseconds that one number takes: gathered once, counted and compared for the median and for the deviation.
_COST = 10

#: Ranges counted in one pass, 2**_BITS: their counters fit the first-level cache.
_BITS = 11
COUNTERS = 1 << _BITS

#: So few are sorted instead.
_FEW = 24

_SIGN = np.uint64(1 << 63)
_ONE = np.uint64(1)


@backend.kernel("column_median_mad")
def column_median_mad(threads: int, x: Any, scale: float, missing: str) -> tuple[Any, Any]:
    median, half = median_and_half_mad(threads, x, missing)
    with np.errstate(over="ignore", under="ignore"):
        return median.astype(x.dtype, copy=False), (scale * half * 2).astype(x.dtype, copy=False)


def median_and_half_mad(threads: int, x: Any, missing: str) -> tuple[Any, Any]:
    """Of each column, in float64; the distance of two numbers may be larger than all numbers."""
    results = np.empty((2, x.shape[1]))
    together = min(max(_ROOM // len(x), 1), _COLUMNS)
    work = parallel.tiles(x.shape[1], len(x) * _COST, together)
    parallel.run(threads, _median_and_mad, work, x, together, missing == "nan", results)
    return results[0], results[1]


@jit
def _median_and_mad(start, stop, x, together, keep_infinities, results):
    values, scratch = np.empty((together, len(x))), np.empty(len(x), np.uint64)
    counts, counters = np.empty(together, np.int64), np.empty(COUNTERS, np.int64)
    for left in range(start, stop, together):
        width = min(together, stop - left)
        gather(x, left, width, keep_infinities, values, counts)
        for c in range(width):
            column = values[c, : counts[c]]
            median = _median(column, scratch, counters)
            results[0, left + c], results[1, left + c] = median, np.nan
            if np.isfinite(median):
                for i in range(len(column)):
                    column[i] = abs(column[i] / 2 - median / 2)
                results[1, left + c] = _median(column, scratch, counters)


@jit
def gather(x, left, width, keep_infinities, values, counts):
    """The values of `width` columns from `left` on that are not missing, side by side."""
    counts[:] = 0
    for i in range(len(x)):
        for c in range(width):
            value = np.float64(x[i, left + c])
            values[c, counts[c]] = value
            counts[c] += np.isfinite(value) or (keep_infinities and not np.isnan(value))


@jit
def _median(values, scratch, counters):
    """The mean of the two middle values by halves, which cannot overflow; leaves `values` as they were."""
    count = len(values)
    if count == 0:
        return np.nan
    keys = values.view(np.uint64)
    for i in range(count):
        keys[i] = key_of(keys[i])
    low = select(keys, (count - 1) // 2, scratch, counters)
    high = low if count % 2 else next_key(keys, low, count // 2)
    for i in range(count):
        keys[i] = bits_of(keys[i])
    scratch[0], scratch[-1] = bits_of(low), bits_of(high)
    middle = scratch.view(np.float64)
    return middle[0] if low == high else middle[0] / 2 + middle[-1] / 2


@jit
def key_of(bits):
    """The bits of a number as an integer that orders as the number does."""
    return ~bits if bits & _SIGN else bits | _SIGN


@jit
def bits_of(key):
    return key & ~_SIGN if key & _SIGN else ~key


@jit
def next_key(keys, low, rank):
    """The key of that rank, given the one before it."""
    at_most = 0
    above = ~np.uint64(0)
    for key in keys:
        at_most += key <= low
        above = min(above, key if key > low else ~np.uint64(0))
    return low if at_most > rank else above


@jit
def select(keys, rank, scratch, counters):
    """The key of that rank, counted from 0; `scratch` holds the keys still in question."""
    low, high = keys.min(), keys.max()
    candidates = keys
    while low < high and len(candidates) > _FEW:
        shift = _shift(high - low)
        rank, found = _range_of(candidates, rank, low, shift, counters)
        low += found << shift
        high = low + min(high - low, (_ONE << shift) - _ONE)
        candidates = scratch[: _keep(candidates, low, high, scratch)]
    return low if low >= high else _sorted(candidates, scratch)[rank]


@jit
def _shift(width):
    """By how many bits to shift numbers of 0 to `width` for a counter each."""
    shift = np.uint64(0)
    while width >> shift >= np.uint64(COUNTERS):
        shift += _ONE
    return shift


@jit
def _range_of(keys, rank, low, shift, counters):
    """Which range holds the key of that rank, and its rank in there."""
    counters[:] = 0
    for key in keys:
        counters[np.int64((key - low) >> shift)] += 1
    found = 0
    while rank >= counters[found]:
        rank -= counters[found]
        found += 1
    return rank, np.uint64(found)


@jit
def _keep(keys, low, high, kept):
    """Copies those from `low` to `high` to the front of `kept`, which may be `keys` itself; answers how many."""
    count = 0
    for key in keys:
        kept[count] = key
        count += low <= key <= high
    return count


@jit
def _sorted(keys, out):
    """`keys`, a few, by insertion."""
    for i in range(len(keys)):
        key, j = keys[i], i
        while j > 0 and out[j - 1] > key:
            out[j] = out[j - 1]
            j -= 1
        out[j] = key
    return out
