"""Kinds of fault and of recording, simulated: each is found, in time, and nothing where nothing is."""

import numpy as np
import pytest
from acm_monitor.calls import Calls
from acm_monitor.examine import examine
from acm_monitor.recording import Recording

ROWS, START, STOP = 5000, 3500, 3700
TEN_MINUTES = np.timedelta64(10, "m")
GAIN = np.array([10.0, -4.0, 6.0, 3.0, 8.0])


def plant(seed, rows=ROWS, stay=100):
    """Five sensors that follow three loads, with noise of 1 that they share in part."""
    rng = np.random.default_rng(seed)
    stays = rng.integers(round(0.6 * stay), round(1.4 * stay), rows // stay + 1)
    load = np.resize(np.repeat(rng.choice([0.0, 1.0, 2.0], p=[0.2, 0.4, 0.4], size=len(stays)), stays), rows)
    return load[:, None] * GAIN + 0.5 * rng.normal(size=(rows, 1)) + 0.87 * rng.normal(size=(rows, 5))


def examined(x, step=TEN_MINUTES, healthy_rows=None):
    times = np.datetime64("2024-01-01", "us") + np.arange(len(x)) * step
    recording = Recording("simulated", times, tuple("abcde"[: x.shape[1]]), x.round(3), ())
    train = None if healthy_rows is None else (times[0], times[healthy_rows - 1])
    return examine(recording, Calls(timing=False), clusters=(2, 5), train=train, on_step=lambda step: None)


def assert_found(found, sensors, start=START, stop=STOP, delay=16, lasts=40):
    """The worst episode begins within `delay` rows, ends within `lasts` rows of the end, and names only `sensors`."""
    worst = found.episodes[0]
    assert start - 4 <= worst.start <= start + delay
    assert stop - lasts <= worst.stop <= stop + lasts
    assert {found.names[j] for j in worst.sensors} <= set(sensors)


@pytest.fixture(params=[0, 1, 2])
def x(request):
    return plant(request.param)


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_plant_has_no_episode(seed):
    found = examined(plant(seed))
    assert found.episodes == []
    assert found.stuck == []


def test_a_drift_is_found_against_a_healthy_period(x):
    x[START:, 1] += np.linspace(0, 12, ROWS - START)
    found = examined(x, healthy_rows=3000)
    assert_found(found, "abce", stop=ROWS, delay=250)
    assert found.names.index("b") in found.episodes[0].sensors


def test_a_slow_leak_is_found_against_a_healthy_period(x):
    x[START : START + 600, 0] -= np.linspace(0, 14, 600)
    assert_found(examined(x, healthy_rows=3000), "ae", stop=START + 600, delay=120)


def test_a_drift_is_found_without_a_healthy_period(x):
    """Later than against one: half of the drift is part of what is usual then."""
    x[START:, 1] += np.linspace(0, 12, ROWS - START)
    found = examined(x)
    worst = found.episodes[0]
    assert START < worst.start < ROWS - 150
    assert worst.stop == ROWS
    assert min(episode.start for episode in found.episodes) > START
    assert {found.names[j] for episode in found.episodes for j in episode.sensors} == {"b"}


def test_a_slow_leak_is_found_without_a_healthy_period(x):
    x[START : START + 600, 0] -= np.linspace(0, 14, 600)
    found = examined(x)
    assert START < min(episode.start for episode in found.episodes) < START + 600
    assert max(episode.stop for episode in found.episodes) <= START + 600 + 40
    assert {found.names[j] for episode in found.episodes for j in episode.sensors} == {"a"}


def test_a_stuck_sensor(x):
    x[START:STOP, 2] = x[START, 2].round(3)
    found = examined(x)
    assert [run[:3] for run in found.stuck] == [(2, START, STOP)]


def test_swapped_sensors(x):
    x[START:STOP, [0, 4]] = x[START:STOP, [4, 0]]
    assert_found(examined(x), "ae", delay=200)


def test_a_regime_that_comes_once_is_a_suspect(x):
    x[START:STOP] += [20, 15, -12, 10, 9]
    found = examined(x)
    assert_found(found, "abcde")
    assert [(suspect.first, suspect.last) for suspect in found.regimes.suspects] == [(START, STOP - 1)]


def test_a_step_of_calibration(x):
    x[START:, 3] += 8
    found = examined(x)
    assert min(episode.start for episode in found.episodes) in range(START - 4, START + 100)
    assert {j for episode in found.episodes for j in episode.sensors} == {3}


def test_missing_blocks_are_no_episode_and_hide_none(x):
    x[1000:1200], x[2000:2400, 1] = np.nan, np.nan
    x[START:STOP, 3] += 9
    found = examined(x)
    assert_found(found, "acde")
    assert found.names.index("d") in found.episodes[0].sensors
    assert len(found.episodes) == 1


def test_a_single_sensor(x):
    alone = x[:, :1] - 10 * np.round(x[:, :1] / 10)
    alone[START:STOP] += 8
    assert_found(examined(alone), "a")


def test_two_rows_a_day():
    x = plant(0, rows=700, stay=8)
    x[500:530, 2] += 20
    assert_found(examined(x, step=np.timedelta64(12, "h")), "c", 500, 530)


def test_a_row_a_second(x):
    x[START:STOP, 2] += 12
    assert_found(examined(x, step=np.timedelta64(1, "s")), "c")
