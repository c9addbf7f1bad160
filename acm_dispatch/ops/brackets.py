"""Exact quantiles of columns that come in blocks, by two reads: a sketch, then what lies about the places it names.

The first read gives a `QuantileSketch`, whose bound on ranks says between which two values each quantile lies. The
second one counts the values below these brackets and at their ends and collects those within, of which there are few;
the quantile is among them. Of the distances from the medians the same sketch gives brackets as well, so their medians
take one read more.

References
----------
J. I. Munro and M. S. Paterson (1980), Selection and sorting with limited storage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract.parts import Arguments, Fold, Found
from .sketch import QuantileSketch

#: Of the largest magnitude: infinities are not inside of any bracket.
_MOST = np.finfo(np.float64).max


class Seen(NamedTuple):
    """What the first read finds of each column: its values in few points, how many are finite, and infinite."""

    sketch: QuantileSketch
    finite: Any
    lowest: Any
    highest: Any
    infinities_count: bool

    @property
    def before(self) -> Any:
        """How many values that count are below all finite ones."""
        return self.lowest if self.infinities_count else np.zeros_like(self.lowest)

    @property
    def counting(self) -> Any:
        """How many values count."""
        return self.finite + (self.lowest + self.highest if self.infinities_count else 0)

    def places(self, q: float) -> Any:
        """Where the quantile stands among the values, counted from 0: between two of them, if it is no whole number."""
        return q * (self.counting - 1.0)


def _seen(arguments: Arguments, _: Found) -> Seen:
    x = arguments["x"]
    sketch = QuantileSketch(x.shape[1]).updated(x)
    lowest, highest = (to_host((x == end).sum(axis=0)) for end in (-np.inf, np.inf))
    finite = to_host(np.isfinite(x).sum(axis=0))
    return Seen(sketch, finite, lowest, highest, arguments.get("missing", "nonfinite") == "nan")


def _seen_together(first: Seen, second: Seen) -> Seen:
    return first._replace(
        sketch=first.sketch.merged(second.sketch),
        finite=first.finite + second.finite,
        lowest=first.lowest + second.lowest,
        highest=first.highest + second.highest,
    )


class Brackets(NamedTuple):
    """Intervals of columns that do not overlap, k x d, empty where `low` is above `high`; which of them is whose."""

    low: Any
    high: Any
    of_level: Any


def disjoint(low: Any, high: Any) -> Brackets:
    """Intervals that hold these, of which those that overlap become one."""
    levels, width = low.shape
    order = np.argsort(low, axis=0, kind="stable")
    low, high = (np.take_along_axis(np.clip(ends, -_MOST, _MOST), order, axis=0) for ends in (low, high))
    owner = np.broadcast_to(np.arange(levels)[:, None], (levels, width)).copy()
    for i in range(levels - 1, 0, -1):  # into the one before
        overlap = low[i] <= high[i - 1]
        high[i - 1] = np.where(overlap, np.maximum(high[i - 1], high[i]), high[i - 1])
        low[i, overlap], high[i, overlap] = np.inf, -np.inf
        owner[i:][:, overlap] = np.where(owner[i:][:, overlap] == i, i - 1, owner[i:][:, overlap])
    of_level = np.empty_like(owner)
    np.put_along_axis(of_level, order, owner, axis=0)
    return Brackets(low, high, of_level)


class Collected(NamedTuple):
    """Values of a block within the brackets of one level, column by column, and how many each column has."""

    level: int
    values: Any
    counts: Any


class Inside(NamedTuple):
    """How many values lie below each bracket and at its ends, k x d each, and those within.

    What equals an end is counted and not collected: a sensor that sticks has as many equal values as there are rows.
    """

    low: Any
    high: Any
    below: Any
    at_low: Any
    at_high: Any
    within: Sequence[Collected]


def inside(x: Any, brackets: Brackets) -> Inside:
    """What of the values of `x` lies below the brackets of its columns, at their ends, and within them."""
    below, at_low, at_high = (np.zeros(brackets.low.shape, np.int64) for _ in range(3))
    lows, highs = _in_type_of(x, brackets.low, brackets.high)
    within = list[Collected]()
    for i in np.flatnonzero((brackets.low < np.inf).any(axis=1)):
        low, high = (to_device_of(x, ends[i]) for ends in (lows, highs))
        below[i], at_low[i], at_high[i] = (to_host(mask.sum(axis=0)) for mask in (x < low, x == low, x == high))
        mask = (x > low) & (x < high)
        columns, rows = np.nonzero(mask.T)
        within.append(Collected(int(i), to_host(x[rows, columns]), to_host(mask.sum(axis=0))))
    return Inside(lows, highs, below, at_low, np.where(highs > lows, at_high, 0), within)


def _in_type_of(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Ends that hold no less than these, in the type of `x`: float32 is compared twice as fast with its own."""
    if x.dtype != np.float32:
        return low, high
    most = float(np.finfo(np.float32).max)
    down, up = (np.clip(ends, -most, most).astype(np.float32) for ends in (low, high))
    down = np.where(down > low, np.nextafter(down, np.float32(-np.inf)), down)
    up = np.where(up < high, np.nextafter(up, np.float32(np.inf)), up)
    return np.clip(down, -most, most), np.clip(up, -most, most)


def inside_together(first: Inside, second: Inside) -> Inside:
    """Of the rows of both."""
    return first._replace(
        below=first.below + second.below,
        at_low=first.at_low + second.at_low,
        at_high=first.at_high + second.at_high,
        within=[*first.within, *second.within],
    )


class Selected:
    """The values inside of brackets, in order."""

    def __init__(self, found: Inside, brackets: Brackets, lowest: Any) -> None:
        self._brackets, self._found = brackets, found
        width = brackets.low.shape[1]
        parts: list[list[Any]] = [[] for _ in range(brackets.low.size)]
        for level, values, counts in found.within:
            for j, part in enumerate(np.split(values, np.cumsum(counts)[:-1])):
                parts[level * width + j].append(part)
        self._within = [np.sort(np.concatenate(part)) if part else np.empty(0) for part in parts]
        self._below = found.below - lowest  # infinite ones are counted apart

    def at(self, level: int, ranks: Any) -> Any:
        """The finite value of each column that has this rank among its finite ones; infinite beyond these, and NaN."""
        owners = self._brackets.of_level[level]
        return np.array([self._value(int(owner), j, ranks[j]) for j, owner in enumerate(owners)])

    def _value(self, owner: int, j: int, rank: float) -> float:
        place = rank - self._below[owner, j]
        within = self._within[owner * self._brackets.low.shape[1] + j]
        at_low, at_high = self._found.at_low[owner, j], self._found.at_high[owner, j]
        if not 0 <= place < at_low + len(within) + at_high:
            return np.nan
        if place < at_low:
            return self._found.low[owner, j]
        place -= at_low
        return within[int(place)] if place < len(within) else self._found.high[owner, j]


def _ranked(seen: Seen, selected: Selected, level: int, ranks: Any) -> Any:
    """The value of each column of this rank among all that count; NaN in a column without any."""
    found = selected.at(level, ranks - seen.before)
    found = np.where(ranks < seen.before, -np.inf, np.where(ranks >= seen.before + seen.finite, np.inf, found))
    assert not np.isnan(found[seen.counting > 0]).any(), "the sketch's bound on ranks does not hold"
    return np.where(seen.counting > 0, found, np.nan)


def _between(low: Any, high: Any, places: Any, method: str) -> Any:
    """What the method makes of the values on either side of each place."""
    share = places - np.floor(places)
    if method in ("lower", "higher"):
        return low if method == "lower" else high
    if method == "nearest":
        return np.where(np.round(places) == np.floor(places), low, high)  # of halves to the even one
    if method == "midpoint":
        share = np.where(share > 0, 0.5, 0.0)
    return np.where((low == high) | (share == 0), low, low * (1 - share) + high * share)


class Located(NamedTuple):
    """What the first read finds, and between which values the quantiles lie."""

    seen: Seen
    brackets: Brackets


def _located(seen: Seen, q: Sequence[float]) -> Located:
    places = np.array([seen.places(level) - seen.before for level in q]).reshape(len(q), len(seen.counting))
    slack = seen.sketch.rank_error + 1.0
    points = seen.sketch.points
    return Located(seen, disjoint(points.at(np.floor(places) - slack), points.at(np.ceil(places) + slack)))


Levels = Callable[[Arguments], Sequence[float]]


def first_read(levels: Levels) -> Fold:
    """A fold that finds where the quantiles of these levels lie."""

    def located(seen: Seen, arguments: Arguments, _: Found) -> Located:
        return _located(seen, levels(arguments))

    return Fold(_seen, _seen_together, located)


def _inside_of_located(arguments: Arguments, found: Found) -> Inside:
    return inside(arguments["x"], found[0].brackets)


def second_read(levels: Levels) -> Fold:
    """A fold that finds the quantiles, k x d, by the method that the arguments name, after `first_read`."""

    def quantiles(total: Inside, arguments: Arguments, found: Found) -> Any:
        return _quantiles(total, found[0], levels(arguments), arguments["method"])

    return Fold(_inside_of_located, inside_together, quantiles)


def _quantiles(total: Inside, located: Located, q: Sequence[float], method: str) -> Any:
    seen = located.seen
    selected = Selected(total, located.brackets, seen.lowest)
    results = np.empty((len(q), len(seen.counting)))
    for i, level in enumerate(q):
        places = seen.places(level)
        low, high = (_ranked(seen, selected, i, ranks) for ranks in (np.floor(places), np.ceil(places)))
        results[i] = _between(low, high, places, method)
    return results


class Medians(NamedTuple):
    """The median of each column, and between which numbers the median of half the distances from it lies."""

    values: Any
    brackets: Brackets


def _medians(total: Inside, _: Arguments, found: Found) -> Medians:
    located: Located = found[0]
    (medians,) = _quantiles(total, located, (0.5,), "midpoint")
    seen = located.seen
    points = seen.sketch.points
    # Both ends of an interval about the median may be off, and what stands for many values lies on one side.
    slack = 2 * (seen.sketch.rank_error + 1.0) + points.weights.max(axis=0, initial=0.0)
    distances = points._replace(values=_halved_distances(points.values, medians))
    places = seen.places(0.5)[None]
    return Medians(medians, disjoint(distances.at(np.floor(places) - slack), distances.at(np.ceil(places) + slack)))


def _halved_distances(x: Any, medians: Any) -> Any:
    """By halves: the distance of two numbers may be larger than all numbers. From infinite medians there is none."""
    known = to_device_of(x, np.where(np.isfinite(medians), medians, 0.0) / 2)
    return abs(x.astype(np.float64, copy=False) / 2 - known)


def _distances_inside(arguments: Arguments, found: Found) -> Inside:
    medians: Medians = found[1]
    return inside(_halved_distances(arguments["x"], medians.values), medians.brackets)


def _deviations(total: Inside, _: Arguments, found: Found) -> tuple[Any, Any]:
    """The medians, and half the median distance from each: the whole may be more than the largest number."""
    seen, medians = found[0].seen, found[1]
    # Of the distances the infinite ones come last.
    seen = seen._replace(lowest=np.zeros_like(seen.lowest), highest=seen.lowest + seen.highest)
    selected, places = Selected(total, medians.brackets, 0), seen.places(0.5)
    low, high = (_ranked(seen, selected, 0, ranks) for ranks in (np.floor(places), np.ceil(places)))
    deviations = _between(low, high, places, "midpoint")
    return medians.values, np.where(np.isfinite(medians.values), deviations, np.nan)


#: Three reads: where the medians lie; the `Medians`; these, and half the median of the distances from each.
MEDIAN_READS = (first_read(lambda _: (0.5,)), Fold(_inside_of_located, inside_together, _medians))
DEVIATION_READS = (*MEDIAN_READS, Fold(_distances_inside, inside_together, _deviations))
