"""Rows of several sensors or machines at one time become sensors of their own; counters and labels become none."""

import datetime as dt

import numpy as np
import pytest
from acm_monitor.reading import Reading

ROWS = 60
TIMES = [dt.datetime(2024, 3, 1) + dt.timedelta(minutes=10 * i) for i in range(ROWS)]
STAMPS = np.array(TIMES, "datetime64[us]")
TAGS = ("P1", "T1", "F1")
SENSORS = np.arange(ROWS)[:, None] + np.arange(3) / 4


def long(head, cells, tags=TAGS):
    """A file with a row for each time and tag; `cells` gives the fields of one."""
    rows = [
        ";".join(map(str, cells(time, tag, i + j / 4, j))) for i, time in enumerate(TIMES) for j, tag in enumerate(tags)
    ]
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("time;tag;value", lambda t, tag, value, j: (t, tag, value)),
        ("TagName;Timestamp;Value", lambda t, tag, value, j: (tag, t, value)),
        ("a;b;c", lambda t, tag, value, j: (t, tag, value)),
        ("time;tag;value;quality", lambda t, tag, value, j: (t, tag, value, "Good")),
        ("time;tag;value;unit", lambda t, tag, value, j: (t, tag, value, ["bar", "°C", "l/s"][j])),
        ("time;sensor_id;value", lambda t, tag, value, j: (t, 101 + j, value)),
        ("time;channel;value", lambda t, tag, value, j: (t, j + 1, value)),
        ("time;site;sensor;value", lambda t, tag, value, j: (t, "S1" if j < 2 else "S2", "pTp"[j], value)),
        (";time;tag;value", lambda t, tag, value, j: (TIMES.index(t) * 3 + j, t, tag, value)),
        ("Date;Time;Tag;Value", lambda t, tag, value, j: (t.date(), t.time(), tag, value)),
        ("Zeit;Messstelle;Wert", lambda t, tag, value, j: (f"{t:%d.%m.%Y %H:%M}", tag, str(value).replace(".", ","))),
    ],
)
def test_one_value_a_row(read, head, cells):
    recording = read(long(head, cells))
    np.testing.assert_array_equal(recording.times, STAMPS)
    np.testing.assert_array_equal(recording.values, SENSORS)


def test_blocks_of_one_tag_after_the_other(read):
    rows = [f"{t};{tag};{i + j / 4}" for j, tag in enumerate(TAGS) for i, t in enumerate(TIMES)]
    np.testing.assert_array_equal(read("\n".join(["a;b;c", *rows])).values, SENSORS)


@pytest.mark.parametrize("name", ["device", "machine"])
def test_several_machines_have_sensors_of_their_own(read, name):
    recording = read(long(f"time;{name};flow;rpm", lambda t, tag, value, j: (t, tag, value, 2 * value)))
    assert recording.names == ("P1 flow", "T1 flow", "F1 flow", "P1 rpm", "T1 rpm", "F1 rpm")
    np.testing.assert_array_equal(recording.values, np.hstack([SENSORS, 2 * SENSORS]))
    told = f"several rows a time: '{name}' tells them apart, each has sensors of its own for 'flow', 'rpm'"
    assert told in recording.notes


def wide(name, cell):
    return "\n".join([f"time;flow;{name}", *(f"{t};{i / 8};{cell(i)}" for i, t in enumerate(TIMES))]) + "\n"


@pytest.mark.parametrize("name", ["No.", "index", "#", "Unnamed: 0", "row"])
def test_a_column_that_counts_the_rows_is_no_sensor(read, name):
    recording = read(wide(name, lambda i: i + 1))
    assert recording.names == ("flow",)
    assert f"left out, they count the rows: {name!r}" in recording.notes


LABELS = (
    "Anomaly|is_faulty|fault_type|Fault Code|Machine failure|GT|y_true|Outlier?|ATT_FLAG|Normal/Attack|attack label"
    "|event|anomaly ground truth|label (0/1)|abnormal|Defect|Störung"
)


@pytest.mark.parametrize("name", LABELS.split("|"))
def test_names_of_labels(read, name):
    recording = read(wide(name, lambda i: int(i > 40)))
    assert recording.names == ("flow",)
    assert recording.labels[name].sum() == 19


@pytest.mark.parametrize("name", ["valve_open", "alarm", "status", "y", "fault current", "event counter"])
def test_names_that_are_none(read, name):
    assert read(wide(name, lambda i: int(i > 40))).names == ("flow", name)


def test_a_name_that_may_be_a_label_is_none_with_many_values(read):
    assert read(wide("bearing_fault", lambda i: i / 3)).names == ("flow", "bearing_fault")


def test_labels_in_words(read):
    recording = read(wide("label", lambda i: "bearing" if i > 40 else "Normal"))
    assert recording.labels["label"].sum() == 19


def test_a_column_that_is_asked_for_is_a_sensor(read):
    assert read(wide("anomaly", lambda i: i % 5), Reading(columns=("flow", "anomaly"))).names == ("flow", "anomaly")
