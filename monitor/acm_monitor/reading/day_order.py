"""The order of day and month in numeric dates, format by format: by impossible dates, else by the way through time."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from ..recording import Integers, Times, counted
from .fields import CLOCK, SECOND, ZONE, integers, lengths, matches, times_of_fields

_NUMERIC = (
    rf"^(?P<first>\d{{1,2}})(?P<mark>[-/. ])(?P<other>\d{{1,2}})[-/. ](?P<year>\d{{4}}|\d{{2}})"
    rf"(?:[ T,]+{CLOCK}(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?{ZONE})?$"
)

#: Beyond this many undecided formats the number of readings to compare gets out of hand.
_MOST_UNDECIDED = 8


def fill_in_order(column: Any, times: Times, day_first: bool | None) -> list[str]:
    """Fill in `times` where numeric dates stand, each format in the order that its evidence speaks for; a note each."""
    formats = _numeric_formats(column)
    reasons: list[str] = []
    orders: list[str] = []
    for found in formats:
        order, reason = _by_impossible_dates(found) if day_first is None else ("day" if day_first else "month", "asked")
        orders.append(order)
        reasons.append(reason)
    if undecided := [i for i, order in enumerate(orders) if not order]:
        _by_shortest_way(formats, orders, reasons, undecided, times)
    notes: list[str] = []
    for found, order, reason in zip(formats, orders, reasons, strict=True):
        _fill(times, found, order)
        if day_first is None:
            _fill(times, found, "day" if order == "month" else "month")  # rows that are a date only the other way round
        notes.append(f"{counted(len(found.rows), 'row')} as {found.label(order)}, {order} first ({reason})")
    return notes


class _Format:
    """All rows of one numeric format, read both ways."""

    def __init__(self, rows: Integers, fields: dict[str, Any]) -> None:
        self.rows = rows
        self.example = {name: column[0].as_py() for name, column in fields.items()}
        self.padded = bool(np.all((lengths(fields["first"]) == 2) & (lengths(fields["other"]) == 2)))
        self.padded_hour = bool(np.all(lengths(fields["hour"]) == 2))
        first, other = integers(fields["first"]), integers(fields["other"])
        self.readings = {
            "month": times_of_fields(fields, month=first, day=other),
            "day": times_of_fields(fields, month=other, day=first),
        }

    @property
    def customary(self) -> tuple[str, str]:
        """Both orders, first the one to assume: dates with points have the day first wherever they are written."""
        return ("day", "month") if self.example["mark"] == "." else ("month", "day")

    def label(self, order: str) -> str:
        """The format as it is written: ``M/D/YYYY H:MM``."""
        month, day = ("MM", "DD") if self.padded else ("M", "D")
        parts = (month, day) if order == "month" else (day, month)
        date = self.example["mark"].join([*parts, "Y" * len(self.example["year"])])
        if not self.example["hour"]:
            return date
        hour = "HH" if self.padded_hour else "H"
        return f"{date} {hour}:MM{':SS' if self.example['second'] else ''}{' AM/PM' if self.example['half'] else ''}"


def _numeric_formats(column: Any) -> list[_Format]:
    """The rows whose order of day and month is to be found out, by the form of what is written."""
    rows, fields = matches(column, _NUMERIC)
    if not len(rows):
        return []
    marks = np.unique(fields["mark"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    shapes = marks * 100 + lengths(fields["year"]) * 10
    for i, name in enumerate(("hour", "second", "half")):
        shapes += (lengths(fields[name]) > 0) * 2**i
    _, first, of_row = np.unique(shapes, return_index=True, return_inverse=True)
    chosen = [np.flatnonzero(of_row == i) for i in np.argsort(first)]
    return [_Format(rows[own], {name: column.take(own) for name, column in fields.items()}) for own in chosen]


def _fill(times: Times, found: _Format, order: str) -> None:
    times[found.rows] = np.where(np.isnat(times[found.rows]), found.readings[order], times[found.rows])


def _by_impossible_dates(found: _Format) -> tuple[str, str]:
    """The order that dates like 13/25 leave, or "" if every row can be read both ways or they contradict each other."""
    month, day = ~np.isnat(found.readings["month"]), ~np.isnat(found.readings["day"])
    only_month, only_day = int((month & ~day).sum()), int((day & ~month).sum())
    if only_month and only_day:
        return "", f"{only_month:,} rows can only be month first and {only_day:,} only day first; for the others: "
    if only_month or only_day:
        return "month" if only_month else "day", f"{only_month or only_day:,} of them are no date the other way round"
    return "", ""


def _by_shortest_way(
    formats: list[_Format], orders: list[str], reasons: list[str], undecided: list[int], times: Times
) -> None:
    """Choose the orders under which the times, in the order of the file, move least."""
    fixed = times.copy()
    for found, order in zip(formats, orders, strict=True):
        if order:
            _fill(fixed, found, order)
    ways: dict[tuple[str, ...], tuple[float, int]] = {}
    for choice in product(*(formats[i].customary for i in undecided[:_MOST_UNDECIDED])):
        trial = fixed.copy()
        for i, order in zip(undecided, choice, strict=False):
            _fill(trial, formats[i], order)
        ways[choice] = _way(trial)
    best = min(ways, key=lambda choice: ways[choice])
    for position, i in enumerate(undecided):
        decided = position < len(best)
        orders[i] = best[position] if decided else formats[i].customary[0]
        reasons[i] += _evidence(ways, best, position) if decided else "assumed, there are too many formats to compare"


def _way(times: Times) -> tuple[float, int]:
    """Length of the way through time in days, and how often it runs backwards."""
    steps = np.diff(times[~np.isnat(times)]).astype(np.int64) / (86_400 * SECOND)
    return float(np.abs(steps).sum()), int((steps < 0).sum())


def _evidence(ways: dict[tuple[str, ...], tuple[float, int]], best: tuple[str, ...], position: int) -> str:
    flipped = "day" if best[position] == "month" else "month"
    other = ways[(*best[:position], flipped, *best[position + 1 :])]
    chosen = ways[best]
    if other == chosen:
        return "assumed: both readings fit equally well; --day-first or --month-first settles it"
    if other[1] > chosen[1]:
        return f"read {flipped} first, time would run backwards {other[1]:,} times instead of {chosen[1]:,}"
    return f"read {flipped} first, the recording would span {other[0]:,.0f} days instead of {chosen[0]:,.0f}"
