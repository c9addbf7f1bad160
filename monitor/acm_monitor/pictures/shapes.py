"""Shapes of a plot as SVG paths, in whole units of a plot that is stretched to the width of the page."""

from __future__ import annotations

import numpy as np

from ..episodes import runs
from ..recording import Booleans, Floats, Integers, Times

#: Units of a plot: the larger one is along the time, which is what a reader zooms.
WIDTH, HEIGHT = 4000, 1000


def across(times: Times, span: tuple[np.datetime64, np.datetime64]) -> Floats:
    """Where `times` are in the plot of a span of time; fractions of the width."""
    start, length = span[0], max((span[1] - span[0]) / np.timedelta64(1, "us"), 1.0)
    return (times - start) / np.timedelta64(1, "us") / length


def up(values: Floats, low: float, high: float) -> Floats:
    """Where `values` are between the lower and the upper edge of a plot; fractions of the height."""
    return (values - low) / ((high - low) or 1.0)


def line(x: Floats, y: Floats) -> str:
    """A path through points, given as fractions; it is broken where there is no `y`."""
    across_units, down_units = _units(x, y)
    parts: list[str] = []
    for start, stop in runs(np.isfinite(y)):
        points = np.column_stack([across_units[start:stop], down_units[start:stop]])
        steps = np.diff(points, axis=0)
        steps = steps[steps.any(axis=1)]
        told = " ".join(map(str, steps.ravel().tolist())) or "0 0"  # a point alone is a dot
        parts.append(f"M{points[0, 0]} {points[0, 1]}l{told}")
    return "".join(parts).replace(" -", "-")


def between(x: Floats, low: Floats, high: Floats) -> str:
    """The area between two lines."""
    return line(np.r_[x, x[::-1]], np.r_[high, low[::-1]]) + "z"


def blocks(x: Floats, mask: Booleans, low: Floats | float = 0.0, high: Floats | float = 1.0) -> str:
    """Rectangles where `mask` is true, from each of `x` to the next; neighbours of one height are one.

    `x` has an element more than `mask`.
    """
    left, bottom = _units(x, np.broadcast_to(low, len(mask)))
    _, top = _units(x, np.broadcast_to(high, len(mask)))
    same = (np.diff(bottom) == 0) & (np.diff(top) == 0) & mask[1:] & mask[:-1]
    starts = np.flatnonzero(mask & np.r_[True, ~same])
    stops = np.flatnonzero(mask & np.r_[~same, True]) + 1
    return "".join(
        f"M{left[i]} {top[i]}h{max(left[j] - left[i], 1)}v{bottom[i] - top[i]}h{-max(left[j] - left[i], 1)}z"
        for i, j in zip(starts, stops, strict=True)
    )


def dots(x: Floats, y: Floats) -> str:
    """A dot at each point, where lines have round ends."""
    return "".join(f"M{i} {j}h0" for i, j in zip(*(part.tolist() for part in _units(x, y)), strict=True))


def _units(x: Floats, y: Floats) -> tuple[Integers, Integers]:
    """Fractions as whole units, counted from the upper left corner."""
    down = np.clip(np.nan_to_num(1.0 - y), -1.0, 2.0)
    return np.rint(x * WIDTH).astype(np.int64), np.rint(down * HEIGHT).astype(np.int64)
