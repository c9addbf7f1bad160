"""Events, alarms and delays are counted as the benchmark says, and costs are measured at any size."""

import subprocess
import sys

import numpy as np
from acm_monitor.events import scored
from acm_monitor.recording import Recording

from benchmarks.recordings import events_of

HOURS = np.datetime64("2024-01-01", "us") + np.arange(24 * 14) * np.timedelta64(1, "h")


def recording(**fields):
    return Recording("a.csv", HOURS, ("x",), np.zeros((len(HOURS), 1)), ())._replace(**fields)


def test_events_come_from_a_label_or_from_the_truth():
    label = np.zeros(len(HOURS))
    label[50:60] = label[200:210] = 1
    assert events_of(recording(labels={"changepoint": label * 0, "anomaly": label}), {}) == [(50, 60), (200, 210)]
    truth = {"a.csv": [["2024-01-02", "2024-01-03T12:00"]]}
    assert events_of(recording(), truth) == [(24, 60)]
    assert events_of(recording(), {}) == []


def test_an_alarm_is_false_where_it_overlaps_no_event():
    score = scored([(50, 60), (200, 210)], [(10, 12), (53, 70), (100, 101)], HOURS)
    assert (score.found, score.events, score.false_alarms, score.delay) == (1, 2, 2, 3.0)
    assert round(score.weeks, 1) == 2.0
    assert (score.precision, score.recall, score.f1) == (1 / 3, 1 / 2, 2 / 5)
    assert scored([], [], HOURS).f1 == 1.0


def test_costs_are_measured():
    command = [sys.executable, "-m", "benchmarks.monitor_cost", "300x2"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "300 x 2" in result.stdout
    assert "reading, s" in result.stdout
