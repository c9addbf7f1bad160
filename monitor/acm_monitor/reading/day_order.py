"""The order of day, month and a year of two digits, by impossible dates, else by the shortest way through time."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..recording import Integers, Times, counted
from .fields import CLOCK, HALF, SECOND, ZONE, integers, lengths, matches, times_of_fields

_MARKED = (
    r"^(?P<first>\d{1,2})(?P<mark>[-/. ])(?P<other>\d{1,2})[-/. ](?P<third>\d{4}|\d{2})"
    rf"(?:[ T,]+{CLOCK}{HALF}{ZONE})?$"
)
#: Day, month and year without marks between them.
_RUN_TOGETHER = (
    r"^(?P<first>\d{2})(?P<mark>)(?P<other>\d{2})(?P<third>(?:19|20)?\d{2})"
    r"(?:[ T_-]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?$"
)
_LETTERS = {"month": "MDY", "day": "DMY", "year": "YMD"}

#: More combinations of readings than that are not compared.
_MOST_WAYS = 256
#: Of readings that are so many years apart, the later one is assumed: recordings are recent.
_YEARS_APART = 10


def fill_in_order(column: Any, times: Times, day_first: bool | None) -> list[str]:
    """Fill in `times` where numeric dates stand, each format in the order that its evidence speaks for; a note each."""
    patterns, unread = (_MARKED, _RUN_TOGETHER), np.isnat(times)
    formats = [found for pattern in patterns for found in _numeric_formats(column, pattern, unread) if found.customary]
    orders, reasons = _decided(formats, day_first)
    if undecided := [i for i, order in enumerate(orders) if not order]:
        _by_shortest_way(formats, orders, reasons, undecided, times)
    notes: list[str] = []
    for found, order, reason in zip(formats, orders, reasons, strict=True):
        _fill(times, found, order)
        if day_first is None:
            for other in found.readings:
                _fill(times, found, other)  # rows that are a date only the other way round
        if not np.isnat(times[found.rows]).all():
            notes.append(f"{counted(len(found.rows), 'row')} as {found.label(order)}, {order} first ({reason})")
    return notes


class _Format:
    """All rows of one numeric format, read in each order that it may have."""

    def __init__(self, rows: Integers, fields: dict[str, Any]) -> None:
        self.rows = rows
        self.example = {name: column[0].as_py() for name, column in fields.items()}
        self.padded = bool(np.all((lengths(fields["first"]) == 2) & (lengths(fields["other"]) == 2)))
        self.padded_hour = bool(np.all(lengths(fields["hour"]) == 2))
        first, other, third = (integers(fields[name]) for name in ("first", "other", "third"))
        self.readings = {
            "month": times_of_fields(fields, month=first, day=other, year=third),
            "day": times_of_fields(fields, month=other, day=first, year=third),
        }
        if len(self.example["third"]) == 2:
            self.readings["year"] = times_of_fields(fields, month=other, day=third, year=first)

    @property
    def customary(self) -> list[str]:
        """The orders that read most rows, first the one to assume.

        Dates with points have the day first wherever they are written, those without marks the year.
        """
        usual = {".": ("day", "month", "year"), "": ("year", "day", "month")}
        orders = [o for o in usual.get(self.example["mark"], ("month", "day", "year")) if o in self.readings]
        read = {order: int((~np.isnat(self.readings[order])).sum()) for order in orders}
        possible = [order for order in orders if read[order] and read[order] == max(read.values())]
        latest = {order: self.readings[order][~np.isnat(self.readings[order])].max() for order in possible}
        recent = max(latest.values(), default=None)
        return sorted(possible, key=lambda order: recent - latest[order] > np.timedelta64(365 * _YEARS_APART, "D"))

    def label(self, order: str) -> str:
        """The format as it is written: ``M/D/YYYY H:MM``."""
        mark, year = self.example["mark"], "Y" * len(self.example["third"])
        parts = {"M": "MM" if self.padded else "M", "D": "DD" if self.padded else "D", "Y": year}
        date = mark.join(parts[letter] for letter in _LETTERS[order])
        if not self.example["hour"]:
            return date
        if not mark:
            return f"{date}hhmm{'ss' if self.example['second'] else ''}"
        hour = "HH" if self.padded_hour else "H"
        half = " AM/PM" if self.example.get("half") else ""
        return f"{date} {hour}:MM{':SS' if self.example['second'] else ''}{half}"


def _numeric_formats(column: Any, pattern: str, unread: Any) -> list[_Format]:
    """The rows whose order of day and month is to be found out, by the form of what is written."""
    rows, fields = matches(column, pattern)
    if not unread[rows].all():
        kept = np.flatnonzero(unread[rows])
        rows, fields = rows[kept], {name: texts.take(kept) for name, texts in fields.items()}
    if not len(rows):
        return []
    marks = np.unique(fields["mark"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    shapes = marks * 100 + lengths(fields["third"]) * 10
    for i, name in enumerate(name for name in ("hour", "second", "half") if name in fields):
        shapes += (lengths(fields[name]) > 0) * 2**i
    _, first, of_row = np.unique(shapes, return_index=True, return_inverse=True)
    chosen = [np.flatnonzero(of_row == i) for i in np.argsort(first)]
    return [_Format(rows[own], {name: column.take(own) for name, column in fields.items()}) for own in chosen]


def _decided(formats: list[_Format], day_first: bool | None) -> tuple[list[str], list[str]]:
    """The order of each format that the user or an impossible date gives, "" elsewhere; and why."""
    if day_first is not None:
        return ["day" if day_first else "month"] * len(formats), ["asked"] * len(formats)
    decided = [_by_impossible_dates(found) for found in formats]
    return [order for order, _ in decided], [reason for _, reason in decided]


def _fill(times: Times, found: _Format, order: str) -> None:
    times[found.rows] = np.where(np.isnat(times[found.rows]), found.readings[order], times[found.rows])


def _by_impossible_dates(found: _Format) -> tuple[str, str]:
    """The order that dates like 13/25 leave, or "" if every row can be read both ways or they contradict each other."""
    read = {order: ~np.isnat(times) for order, times in found.readings.items()}
    some = np.any(list(read.values()), axis=0)
    whole = [order for order, mask in read.items() if mask[some].all()]
    if len(whole) == 1 and len(read) > 1:
        others = np.any([mask for order, mask in read.items() if order != whole[0]], axis=0)
        no_date = int((some & ~others).sum()) or min(int((some & ~m).sum()) for o, m in read.items() if o != whole[0])
        return whole[0], f"{no_date:,} of them are no date the other way round"
    if not whole:
        only = {order: int((mask & ~read[other]).sum()) for order, other, mask in _both_ways(read)}
        told = f"{only['month']:,} rows can only be month first and {only['day']:,} only day first; for the others: "
        return "", told
    return "", ""


def _both_ways(read: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [("month", "day", read["month"]), ("day", "month", read["day"])]


def _by_shortest_way(
    formats: list[_Format], orders: list[str], reasons: list[str], undecided: list[int], times: Times
) -> None:
    """Choose the orders under which the times, in the order of the file, move least."""
    fixed = times.copy()
    for found, order in zip(formats, orders, strict=True):
        if order:
            _fill(fixed, found, order)
    choices = [formats[i].customary for i in undecided]
    while prod(map(len, choices)) > _MOST_WAYS:
        choices.pop()
    ways: dict[tuple[str, ...], tuple[float, int]] = {}
    for choice in product(*choices):
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
    """Why the best order is the best of those that differ from it in one place."""
    flips = [c for c in ways if [a == b for a, b in zip(c, best, strict=True)].count(False) == 1]
    others = {choice[position]: ways[choice] for choice in flips if choice[position] != best[position]}
    if not others:
        return "the only order that reads all of them"
    flipped = min(others, key=lambda order: others[order])
    other, chosen = others[flipped], ways[best]
    if other == chosen:
        return "assumed: both readings fit equally well; --day-first or --month-first settles it"
    if other[1] > chosen[1]:
        return f"read {flipped} first, time would run backwards {other[1]:,} times instead of {chosen[1]:,}"
    return f"read {flipped} first, the recording would span {other[0]:,.0f} days instead of {chosen[0]:,.0f}"
