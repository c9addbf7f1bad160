"""The report shows all that was found, to a reader on any screen, and nothing that a recording holds breaks it."""

import re

import numpy as np
import pytest
from acm_monitor import analyse
from acm_monitor.section import named
from acm_monitor.sections import sections
from acm_monitor.show import show
from rich.console import Console

pd = pytest.importorskip("pandas")
EPISODES, SENSORS = 12, 9


@pytest.fixture(scope="module")
def findings():
    """A recording of one-second data in which a lot happens."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6000, SENSORS))
    for episode in range(EPISODES):
        values[300 + 450 * episode : 312 + 450 * episode, : 1 + episode % SENSORS] += 30.0
    times = pd.date_range("2024-03-09 10:34:33", periods=len(values), freq="s")
    frame = pd.DataFrame(values, index=times, columns=[f"sensor {j}" for j in range(SENSORS)])
    return analyse(frame).findings


def test_a_terminal_shows_the_first_rows_and_says_how_many_there_are(findings):
    parts = sections(findings, [], 0.0)
    found = len(findings.episodes)
    assert len(parts["episodes"].table.rows) == found > 9
    console = Console(width=200)
    with console.capture() as captured:
        show(console, [parts["episodes"]])
    text = captured.get()
    assert f"and {found - 8} more episodes, all in the report" in text
    assert f"{found} episodes, the most severe first" in text
    assert re.fullmatch(r"2024-03-09 1\d:\d\d:\d\d", parts["episodes"].table.rows[0][1])


def test_the_calls_come_last(findings):
    assert list(sections(findings, [], 0.0))[-1] == "calls"


def test_of_many_sensors_some_are_named_and_the_others_counted():
    assert named(["a", "b"]) == "a, b"
    assert named(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"
