"""Sums of a chunk of rows, its columns counted in units in which powers of their values are numbers.

The units are powers of two: 1 for ordinary data. To merge two chunks they are counted in the larger of their units, of
which what the smaller one's sums lose is nothing compared with the larger one's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from .sums import (
    MeanVariance,
    Sums,
    bridged,
    mean_variance_merged,
    mean_variance_recounted,
    sums_merged,
    sums_recounted,
)

#: Least and largest magnitude of values whose fourth powers, and those of their least differences, are numbers.
_FITTING = 2.0**-100, 2.0**100

#: The exponent of columns without any value but 0: their sums are the same in every unit.
ANY = np.int32(-4096)


def in_unit_of_chunk(measure: Callable[[Any], Any], rows: Any) -> tuple[Any, Any]:
    """The `Sums` or `MeanVariance` that `measure` gives of `rows`, and the exponents of its units."""
    found = _on_host(measure(rows))
    largest = _largest(found, rows)
    exponents = np.where(_fits(largest) | (largest == 0.0), 0, np.frexp(largest)[1]).astype(np.int32)
    if exponents.any():
        again = _on_host(measure(scaled(rows, exponents)))
        kept = {name: getattr(found, name) for name in ("origin", "minimum", "maximum") if hasattr(found, name)}
        found = again._replace(**kept)
    return found, np.where(largest > 0.0, exponents, ANY)


def scaled(rows: Any, exponents: Any) -> Any:
    """`rows` counted in units of these exponents, on their device; in float64, which holds any unit, if not in 1."""
    exponents = np.where(exponents == ANY, 0, exponents)
    if not exponents.any():
        return rows
    rows, half = rows.astype(np.float64), exponents // 2  # the reciprocal of a unit may be more than the largest number
    for part in (half, exponents - half):
        rows = rows * to_device_of(rows, np.ldexp(1.0, -part))
    return rows


class ChunkSums(NamedTuple):
    """`Sums` or `MeanVariance` of rows in units of these exponents, and the first and last of the rows, if any."""

    sums: Any
    exponents: Any
    first: Any = None
    last: Any = None


def sums_of_chunk(measure: Callable[[Any], Any], rows: Any) -> ChunkSums:
    """What `measure` gives of `rows`, in units of their size."""
    if len(rows) == 0:
        return ChunkSums(_on_host(measure(rows)), np.full(rows.shape[1], ANY))
    sums, exponents = in_unit_of_chunk(measure, rows)
    return ChunkSums(sums, exponents, *to_host(rows[[0, -1]]).astype(np.float64))


def chunks_merged(first: ChunkSums, second: ChunkSums) -> ChunkSums:
    """The sums of rows and those that come next."""
    if first.first is None or second.first is None:
        return first if second.first is None else second
    exponents = np.maximum(first.exponents, second.exponents)
    sums, others = (_recounted(part.sums, exponents - part.exponents) for part in (first, second))
    if isinstance(sums, Sums):
        sums = bridged(sums_merged(sums, others, exponents), exponents, first.last, second.first)
    else:
        sums = mean_variance_merged(sums, others, exponents)
    return ChunkSums(sums, exponents, first.first, second.last)


def _recounted(sums: Any, by: Any) -> Any:
    if not by.any():
        return sums
    return sums_recounted(sums, by) if isinstance(sums, Sums) else mean_variance_recounted(sums, by)


def _on_host(sums: Any) -> Any:
    """Sums with their arrays in NumPy: those of a chunk on a device are few numbers, and stay here."""
    return type(sums)(*map(to_host, sums))


def _fits(sizes: Any) -> Any:
    return (sizes >= _FITTING[0]) & (sizes <= _FITTING[1])


def _largest(found: Sums | MeanVariance, rows: Any) -> Any:
    """The largest magnitude of each column, or, where that fits, some size that fits."""
    if isinstance(found, Sums):
        return np.fmax(np.nan_to_num(np.maximum(abs(found.minimum), abs(found.maximum))), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.nan_to_num(abs(found.origin)) + abs(found.mean) + np.sqrt(found.squares)
    columns = np.flatnonzero(~_fits(size))
    if len(columns):
        some = rows[:, columns]
        size[columns] = to_host(np.where(np.isfinite(some), abs(some), 0).max(axis=0))
    return size
