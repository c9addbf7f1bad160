"""What a kernel takes for how much work: measured points, and what lies between and beyond them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from math import exp, log
from typing import NamedTuple

#: Steepness of time over work, in logarithms, that is believed beyond the largest point: work is declared to be
#: proportional to time, and two points that both cost little more than a call itself say that it stays the same.
_LEAST_SLOPE, _MOST_SLOPE = 0.9, 1.3


class Point(NamedTuple):
    """Seconds that a call of so much work took on arrays of so many columns."""

    work: int
    width: int
    seconds: float


class Curve:
    """Seconds over work and width, interpolated in logarithms.

    Work alone does not tell time where a kernel handles columns one by one: 1,000 columns of 1,000 numbers cost NumPy
    a thousand calls. So points stand in lines of equal width.
    """

    __slots__ = ("_lines", "_widths")

    def __init__(self, points: Iterable[Point]) -> None:
        lines: dict[int, dict[float, float]] = {}
        for work, width, seconds in points:
            lines.setdefault(width, {})[log(work)] = log(seconds)
        self._lines = [(sorted(line), [line[work] for work in sorted(line)]) for _, line in sorted(lines.items())]
        self._widths = [log(width) for width in sorted(lines)]

    def seconds(self, work: int, width: int) -> float:
        """About how long a call takes.

        Between two points of a line time is a power of work; before the first it is that of the first, since a call
        costs something however small; beyond the last it goes on as steeply as between the last two.
        """
        x, at = log(work), log(width)
        widths = self._widths
        right = bisect_left(widths, at)
        if right == 0 or right == len(widths):
            return exp(_on_line(*self._lines[max(0, right - 1)], x))
        share = (at - widths[right - 1]) / (widths[right] - widths[right - 1])
        below, above = self._lines[right - 1], self._lines[right]
        return exp((1 - share) * _on_line(*below, x) + share * _on_line(*above, x))


def _on_line(works: list[float], times: list[float], x: float) -> float:
    right = bisect_left(works, x)
    if right == 0:
        return times[0]
    if right < len(works):
        share = (x - works[right - 1]) / (works[right] - works[right - 1])
        return (1 - share) * times[right - 1] + share * times[right]
    slope = 1.0
    if len(works) > 1:
        slope = (times[-1] - times[-2]) / (works[-1] - works[-2])
    return times[-1] + min(max(slope, _LEAST_SLOPE), _MOST_SLOPE) * (x - works[-1])
