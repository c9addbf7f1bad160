"""Events that are known from elsewhere, and how well the episodes meet them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .episodes import joined, runs
from .recording import Floats, Times

#: An alarm that begins within so many rows after an event ended still belongs to it.
GRACE = 16
_WEEK = np.timedelta64(7, "D")

Stretch = tuple[int, int]


class Score(NamedTuple):
    """Events found of those there are, alarms that belong to none, the weeks that passed, the median delay in rows."""

    found: int
    events: int
    false_alarms: int
    weeks: float
    delay: float

    @property
    def precision(self) -> float:
        """The share of the alarms that belong to an event, each event counted once; 1 where there is no alarm."""
        alarms = self.found + self.false_alarms
        return self.found / alarms if alarms else 1.0

    @property
    def recall(self) -> float:
        """The share of the events that were found; 1 where there is none."""
        return self.found / self.events if self.events else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing and nothing is told."""
        total = self.found + self.false_alarms + self.events
        return 2 * self.found / total if total else 1.0


def events_of_label(label: Floats) -> list[Stretch]:
    """The stretches of rows, short pauses bridged, in which a label is beyond 0."""
    return joined(runs(np.nan_to_num(label) > 0))


def scored(events: list[Stretch], alarms: list[Stretch], times: Times) -> Score:
    """An event is found if an alarm overlaps it; an alarm is false if it overlaps none."""
    hits = [[alarm for alarm in alarms if alarm[0] < stop + GRACE and alarm[1] > start] for start, stop in events]
    belonging = {alarm for found in hits for alarm in found}
    delays = [max(found[0][0] - start, 0) for found, (start, _) in zip(hits, events, strict=True) if found]
    weeks = float((times[-1] - times[0]) / _WEEK)
    delay = float(np.median(delays)) if delays else float("nan")
    return Score(sum(map(bool, hits)), len(events), len(alarms) - len(belonging), weeks, delay)
