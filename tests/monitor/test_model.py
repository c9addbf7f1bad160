"""What was learnt of healthy rows judges others, and comes back from its file as it was."""

import numpy as np
import pytest
from acm_monitor.calls import Calls
from acm_monitor.errors import UnusableData
from acm_monitor.examine import examine
from acm_monitor.model import load_model, save_model
from acm_monitor.simulate import simulate

HALF = 4000


@pytest.fixture(scope="module")
def recording():
    return simulate(2 * HALF)


def part(recording, rows):
    return recording._replace(times=recording.times[rows], values=recording.values[rows], truth=None)


def examined(recording, **options):
    return examine(recording, Calls(timing=False), clusters=(2, 4), on_step=lambda step: None, **options)


@pytest.fixture(scope="module")
def trained(recording):
    """Learnt of the first half; the fault is in the second."""
    return examined(recording, train=(recording.times[0], recording.times[HALF - 1]))


def test_the_fault_is_found_by_what_the_healthy_half_taught(recording, trained):
    truth, worst = recording.truth, trained.episodes[0]
    assert truth.fault_start <= recording.times[worst.start] <= truth.fault_start + np.timedelta64(9, "h")
    assert {trained.names[j] for j in worst.sensors} == set(truth.fault_sensors)


def test_what_is_learnt_is_of_the_period_alone(recording, trained):
    alone = examined(part(recording, slice(0, HALF)), train=(recording.times[0], recording.times[HALF - 1]))
    np.testing.assert_array_equal(alone.model.regimes.medians, trained.model.regimes.medians)
    np.testing.assert_allclose(alone.health, trained.health[:HALF], atol=5)


def test_a_saved_model_judges_as_the_one_it_was(recording, trained, tmp_path):
    save_model(tmp_path / "model.npz", trained.model)
    again = examined(recording, model=load_model(tmp_path / "model.npz"))
    np.testing.assert_array_equal(again.health, trained.health)
    assert again.episodes == trained.episodes
    later = examined(part(recording, slice(HALF, None)), model=trained.model)
    assert {later.names[j] for j in later.episodes[0].sensors} == set(recording.truth.fault_sensors)


def test_a_recording_without_a_sensor_of_the_model_is_refused(recording, trained):
    other = recording._replace(names=tuple(name.upper() for name in recording.names))
    with pytest.raises(UnusableData, match="lacks sensors of the model: 'Damper position"):
        examined(other, model=trained.model)


def test_a_period_without_rows_is_refused(recording):
    with pytest.raises(UnusableData, match="has 0 rows from 1999-01-01 00:00 to 1999-02-01 00:00 to learn from"):
        examined(recording, train=(np.datetime64("1999-01-01"), np.datetime64("1999-02-01")))


def test_no_model_is_refused_as_a_sentence(trained, tmp_path):
    path = tmp_path / "model.npz"
    with pytest.raises(UnusableData, match="does not exist"):
        load_model(path)
    path.write_text("no archive")
    with pytest.raises(UnusableData, match="is no model; expected a file that --save-model wrote"):
        load_model(path)
    np.savez(path, about=np.array({"pickled": 1}))
    with pytest.raises(UnusableData, match="is no model"):
        load_model(path)
    save_model(path, trained.model._replace(names=("one",)))
    with pytest.raises(UnusableData, match=r"is damaged: regimes.medians has shape \(3, 11\); expected \(3, 1\)"):
        load_model(path)
