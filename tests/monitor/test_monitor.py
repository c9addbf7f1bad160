"""The monitor finds what was put into its simulation and writes a whole report."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from acm_monitor.calls import Calls
from acm_monitor.config import Config
from acm_monitor.detectors import DETECTORS
from acm_monitor.episodes import find_episodes, find_stuck
from acm_monitor.errors import UnusableData
from acm_monitor.examine import examine
from acm_monitor.features import PER_SENSOR, WINDOW, features_of
from acm_monitor.fusion import fit_usual, fuse
from acm_monitor.job import Options, run_job
from acm_monitor.recording import Recording
from acm_monitor.regimes import Regimes, find_regimes
from acm_monitor.report import write_findings
from acm_monitor.scoring import CLIP, scales_of, scored
from acm_monitor.sections import sections
from acm_monitor.simulate import simulate
from acm_monitor.thresholds import Thresholds
from rich.console import Console

import acm_dispatch

UNUSUAL = Thresholds().detectors
HOUR = np.timedelta64(1, "h")
HALF_AN_HOUR = np.timedelta64(30, "m")


def analysed(recording, backend=None, clusters=(2, 4)):
    calls = Calls()
    with acm_dispatch.use(*([backend] if backend else []), strict=True if backend else None):
        return examine(recording, calls, clusters=clusters, on_step=lambda step: None), calls


@pytest.fixture(scope="module")
def findings():
    return analysed(simulate())[0]


# What the analysis has to find.


def test_the_fault_is_the_worst_episode_at_its_time_and_in_its_sensors(findings):
    truth, episode = findings.recording.truth, findings.episodes[0]
    start, end = (findings.recording.times[row] for row in (episode.start, episode.stop - 1))
    assert truth.fault_start - HALF_AN_HOUR <= start <= truth.fault_start + 9 * HOUR, "half of the growth is 9 hours"
    assert abs(end - truth.fault_end) <= HALF_AN_HOUR
    assert {findings.names[j] for j in episode.sensors} == set(truth.fault_sensors)


def test_nothing_else_is_nearly_as_severe(findings):
    assert sum(episode.severity for episode in findings.episodes[1:]) < 0.2 * findings.episodes[0].severity


def test_the_stuck_sensor_is_found_and_no_other(findings):
    truth = findings.recording.truth
    (run,) = findings.stuck
    assert findings.recording.names[run.sensor] == truth.stuck_sensor
    assert abs(findings.recording.times[run.start] - truth.stuck_start) <= HALF_AN_HOUR
    assert abs(run.stop - run.start - truth.stuck_samples) <= 3


def test_the_regimes_are_the_simulated_ones(findings):
    truth, labels = findings.recording.truth.regimes, findings.regimes.labels
    assert len(findings.regimes.centres) == 3
    assert (np.diff(np.bincount(labels)) <= 0).all(), "numbered from the largest"
    agreeing = sum(np.bincount(truth[labels == j]).max() for j in range(3))
    assert agreeing > 0.99 * len(labels)


def test_health_falls_in_the_fault_and_nowhere_else(findings):
    times, truth = findings.recording.times, findings.recording.truth
    full = (times >= truth.fault_start + 18 * HOUR) & (times <= truth.fault_end)
    around = (times >= truth.fault_start - 1 * HOUR) & (times <= truth.fault_end + 1 * HOUR)
    assert np.median(findings.health[full]) < 20
    assert np.mean(findings.health[~around]) > 98
    assert 0 <= findings.health.min() <= findings.health.max() <= 100


def test_the_detectors_agree_in_the_fault_and_hardly_elsewhere(findings):
    times, truth, fusion = findings.recording.times, findings.recording.truth, findings.fusion
    full = (times >= truth.fault_start + 18 * HOUR) & (times <= truth.fault_end)
    away = (times < truth.fault_start) | (times > truth.fault_end + 12 * HOUR)
    assert fusion.scores.shape == (len(times), len(DETECTORS))
    assert (np.median(fusion.scores[full], axis=0) > UNUSUAL).sum() >= 4
    assert np.median(fusion.fused[full]) > 2 * np.max(fusion.fused[away])
    assert (fusion.fused[away] > UNUSUAL).mean() < 0.003
    assert full[findings.agreements[0].peak]


def test_a_change_of_load_is_no_alarm(findings):
    times, truth, fusion = findings.recording.times, findings.recording.truth, findings.fusion
    assert 0.01 < fusion.moving.mean() < 0.2
    sound = fusion.moving & ((times < truth.fault_start) | (times > truth.fault_end + 12 * HOUR))
    assert (fusion.fused[sound] > UNUSUAL).mean() < 0.03


def test_the_dead_channel_is_left_out(findings):
    assert [sensor.name for sensor in findings.sensors if sensor.verdict == "dead"] == ["Spare channel"]
    assert "Spare channel" not in findings.names
    assert np.isfinite(findings.regime_scores).all()


def test_simulations_are_reproducible():
    first, second = simulate(3000, seed=3), simulate(3000, seed=3)
    np.testing.assert_array_equal(first.values, second.values)
    assert (first.values != simulate(3000, seed=4).values).any()


def test_every_backend_tells_the_same_story(usable):
    recording = simulate(6000)
    expected, _ = analysed(recording, "numpy", clusters=(3, 3))
    for name in set(usable) - {"numpy", "recorder"}:
        with acm_dispatch.use(name):
            found = examine(recording, Calls(), clusters=(3, 3), on_step=lambda step: None)
        np.testing.assert_array_equal(found.regimes.labels, expected.regimes.labels, err_msg=name)
        np.testing.assert_allclose(found.health, expected.health, atol=1e-6, err_msg=name)
        assert [episode[:3] for episode in found.episodes] == [episode[:3] for episode in expected.episodes]


def test_a_small_cluster_is_an_excursion_and_not_a_regime():
    """As a regime of its own a fault would be healthy."""
    rng = np.random.default_rng(0)
    blobs = np.repeat([[0.0, 0.0], [5.0, 5.0], [40.0, -40.0]], [500, 400, 9], axis=0)
    order = rng.permutation(len(blobs))
    found = find_regimes((blobs + rng.normal(size=blobs.shape))[order], (3, 3), Calls(), lambda k: None)
    assert found.chosen[:2] == (3, 2)
    np.testing.assert_array_equal(np.unique(found.labels), [0, 1])


def test_a_cluster_that_comes_once_and_late_is_a_suspect_and_judged_by_the_others():
    rng = np.random.default_rng(0)
    load = np.repeat(np.tile([0.0, 6.0], 10), 50)
    values = np.column_stack([load, -load]) + rng.normal(size=(1000, 2))
    values[700:900] += 30.0
    found, _ = analysed(recording_of(values))
    (suspect,) = found.regimes.suspects
    assert (suspect.first, suspect.last, suspect.visits) == (700, 899, 1)
    (episode,) = found.episodes
    assert abs(episode.start - 700) <= 2
    assert abs(episode.stop - 900) <= 8, "what looks back sees it a little longer"
    assert set(episode.sensors) == {0, 1}
    said = " ".join(sections(found, [], 0.0)["regimes"].paragraphs)
    assert "suspect: 20.0% of the rows" in said


def test_a_quantised_sensor_and_one_of_two_levels_are_in_range():
    rng = np.random.default_rng(1)
    quantised = np.where(rng.random(2000) < 0.1, rng.choice([-0.01, 0.01], 2000), 0.0) + 5.0
    levels = np.where(rng.random(2000) < 0.3, 20.0, 10.0) + rng.normal(size=2000) * 0.1
    found, _ = analysed(recording_of(np.column_stack([quantised, levels, rng.normal(size=2000)])), clusters=(1, 1))
    assert (np.abs(found.regime_scores) > 5).mean(axis=0).max() < 0.001
    assert (found.health < 50).mean() < 0.005


def test_sections_never_contradict_each_other(findings):
    """Health is low where, and only where, an episode is told."""
    told = np.zeros(len(findings.health), bool)
    for episode in findings.episodes:
        told[episode.start : episode.stop] = True
    low = findings.health < 50
    assert low[told].mean() > 0.9
    assert low[~told].mean() < 0.001


def test_a_shift_within_the_range_is_found_when_it_lasts():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(4000, 3))
    values[2500:2680, 1] += 2.0
    found, _ = analysed(recording_of(values), clusters=(1, 1))
    (episode,) = found.episodes
    assert episode.sensors == (1,)
    assert 2500 <= episode.start <= 2560
    assert abs(episode.stop - 2680) <= 20


def recording_of(values, **fields):
    values = np.asarray(values, dtype=float)
    times = np.datetime64("2024-01-01", "ms") + np.arange(len(values)) * HOUR
    names = tuple(f"s{j}" for j in range(values.shape[1]))
    return Recording("test", times, names, values, ())._replace(**fields)


def test_one_regime_constant_columns_and_gaps_are_no_obstacle():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(400, 4)).round(1)
    values[:, 1], values[5, 2], values[::3, 3] = 4.0, np.nan, np.inf
    found, _ = analysed(recording_of(values))
    assert [sensor.verdict for sensor in found.sensors] == ["", "constant", "", ""]
    assert found.health.mean() > 95


def test_a_mostly_constant_sensor_has_no_mad_and_is_scored_all_the_same():
    values = np.zeros((300, 2))
    values[::5, 0] = 1.0
    values[:, 1] = np.random.default_rng(0).normal(size=300)
    found, _ = analysed(recording_of(values))
    assert np.isfinite(found.regime_scores).all()
    assert np.abs(scored(values, found.model.regimes.levels, Calls(), CLIP)).max() < 6


def test_nothing_to_analyse_is_a_sentence():
    with pytest.raises(UnusableData, match="every sensor is dead or constant"):
        analysed(recording_of(np.ones((30, 2))))


def test_more_clusters_than_rows_are_not_tried():
    analysed(recording_of(np.random.default_rng(0).normal(size=(20, 2))), clusters=(30, 40))


@pytest.mark.parametrize(("rows", "sensors"), [(20, 1), (21, 3), (WINDOW - 1, 2), (400, 1)])
def test_short_recordings_and_single_sensors(rows, sensors):
    found, _ = analysed(recording_of(np.random.default_rng(3).normal(size=(rows, sensors))))
    assert found.fusion.fused.shape == found.health.shape == (rows,)
    assert np.isfinite(found.fusion.fused).all()
    assert np.isfinite(found.fusion.correlation).any()
    assert found.health.mean() > 80


def scored_features(x):
    raw = features_of(x, (0, len(x)), WINDOW, Calls())
    return scored(raw, scales_of(raw, Calls()), Calls(), CLIP)


def test_features_in_blocks_are_those_of_the_whole():
    x = np.random.default_rng(4).normal(size=(300, 2))
    whole = features_of(x, (0, 300), WINDOW, Calls())
    for block in [(0, 50), (51, 53), (199, 300)]:
        np.testing.assert_allclose(features_of(x, block, WINDOW, Calls()), whole[slice(*block)], atol=1e-9)


def test_features_of_a_row_look_back_and_not_ahead():
    x = np.random.default_rng(4).normal(size=(300, 2))
    features = scored_features(x)
    assert features.shape == (300, 2 * PER_SENSOR)
    jump = x.copy()
    jump[295:] += 9.0
    change = np.abs(scored_features(jump) - features).max(axis=1)
    assert change[295:].min() > 5
    assert change[:295].max() < 0.5, "the scale changes a little"


def test_a_detector_that_is_alarmed_alone_is_outvoted():
    raw = np.abs(np.random.default_rng(5).normal(size=(500, len(DETECTORS)))) + 5
    raw[100:110, 0], raw[300:310, :3] = 50.0, 50.0
    one = Regimes(np.zeros(500, np.int64), np.zeros((1, 1)), (), None, (), np.ones(500, bool))
    found = fuse(raw, one.labels, fit_usual(raw, one, 10, Calls()), 10, Calls())
    assert found.scores[105, 0] > UNUSUAL > found.fused[105]
    assert found.fused[305] > UNUSUAL


def test_episodes_bridge_short_pauses_and_forget_single_rows():
    z = np.zeros((200, 3))
    z[20:30, 1], z[33:40, 1], z[25:30, 2], z[100, 0], z[150:160, 0] = 9.0, -9.0, 7.0, 20.0, 6.0
    worst, other = find_episodes(z, (np.abs(z) > 5).any(axis=1))
    assert worst[:3] == (20, 40, (1, 2))
    assert worst.peak == 9.0
    assert other[:3] == (150, 160, (0,))


def test_a_gap_does_not_end_a_stuck_run_and_usual_repeats_are_no_run():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(2000, 2)).round(2)
    values[300:360, 0], values[320, 0] = 1.25, np.nan
    values[:, 1] = np.repeat(rng.normal(size=50), 40)
    (run,) = find_stuck(recording_of(values), [0, 1])
    assert (run.sensor, run.start, run.stop, run.value) == (0, 300, 360, 1.25)


# What is said of the dispatched calls.


def test_every_call_is_recorded_measured_and_checked():
    _, calls = analysed(simulate(2000), clusters=(2, 2))
    operations = {"column_median_mad", "ffill", "impute", "zscore", "silhouette_samples", "lloyd_step", "band_energy"}
    operations |= {f"rolling_{name}" for name in ("mean", "std", "median", "mad", "slope")}
    operations |= {"pca_fit", "spe_t2", "ar1_coefficients", "ar1_residuals", "mean_path_length", "mahalanobis"}
    measured = {row.operation: row for row in calls.measured(again=True)}
    assert operations <= measured.keys()
    assert all(row.deviation < 1e-9 and row.milliseconds > 0 and row.calls > 0 for row in measured.values())
    assert all((row.speed_up is None) == (row.backend == "numpy") for row in measured.values())


def test_calls_of_one_shape_are_one_row_and_the_backend_is_named(recorder):
    x = np.random.default_rng(0).normal(size=(50, 3))
    calls = Calls()
    with acm_dispatch.use("recorder"):
        for _ in range(3):
            calls(acm_dispatch.zscore, x, method="robust")
        calls(acm_dispatch.zscore, x[:20])
        first, second = calls.measured(again=True)
    assert (first.operation, first.shape, first.calls) == ("zscore", "50x3", 3)
    assert (first.backend, first.decided_by) == ("recorder", "use()")
    assert first.speed_up > 0
    assert second.shape == "20x3"
    assert calls.warm_up > 0


def test_blocks_of_about_one_size_are_one_row(recorder):
    x = np.random.default_rng(0).normal(size=(40, 3))
    calls = Calls()
    with acm_dispatch.use("recorder"):
        for rows in (33, 40, 36):
            calls(acm_dispatch.zscore, x[:rows])
        (row,) = calls.measured(again=True)
    assert (row.shape, row.calls) == ("40x3", 3)


def test_what_iterates_is_repeated_briefly():
    x = np.random.default_rng(0).normal(size=(300, 3))
    calls = Calls()
    result = calls.iterated(acm_dispatch.kmeans, {"max_iter": 1}, x, 4, random_state=0)
    assert result.n_iter > 1
    row = next(row for row in calls.measured(again=True) if row.operation == "lloyd_step")
    assert (row.calls, row.shape) == (result.n_iter + 1, "300x3, 4x3")


def test_numpy_is_not_compared_with_itself():
    calls = Calls()
    with acm_dispatch.use("numpy", strict=True):
        calls(acm_dispatch.zscore, np.eye(4))
        (row,) = calls.measured(again=True)
    assert row.speed_up is None


def test_a_call_that_the_first_rows_are_none_of_is_not_checked(monkeypatch):
    monkeypatch.setattr("acm_monitor.calls.CHECKED_ROWS", 20)
    x = np.random.default_rng(0).normal(size=(60, 2))
    calls = Calls()
    calls(acm_dispatch.silhouette_score, x, np.repeat([0, 1], 30))
    (row,) = calls.measured(again=True)
    assert row.deviation is None
    assert row.milliseconds > 0


def test_without_timing_every_call_is_made_once(recorder):
    calls = Calls(timing=False)
    with acm_dispatch.use("recorder"):
        calls(acm_dispatch.zscore, np.eye(4))
        (row,) = calls.measured(again=False)
    assert recorder.calls == ["zscore"]
    assert (row.calls, row.speed_up, row.deviation, calls.warm_up) == (1, None, None, 0.0)


# Showing the result.


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    rng = np.random.default_rng(5)
    days = pd.date_range("2024-01-01", periods=600, freq="h")
    frame = pd.DataFrame({"time": days, "<b>[red]a": rng.normal(size=600), "b & c": rng.normal(size=600)})
    frame.iloc[300:340, 1] += 30
    path = tmp_path_factory.mktemp("data") / "plant.csv"
    frame.to_csv(path, index=False)
    return path


def shown(options, width=120):
    console = Console(width=width)
    with console.capture() as captured:
        run_job(options, console)
    return captured.get()


def test_the_whole_job_with_report(small_file, tmp_path):
    report = tmp_path / "out.html"
    text = shown(Options(small_file, report, Config(clusters=(2, 3))))
    assert "<b>[red]a" in text, "names are no markup"
    assert str(report) in text
    page = report.read_text(encoding="utf-8")
    titles = ["Data", "Health", "Operating regimes", "Anomalous episodes", "Detectors", "Where detectors agree"]
    for title in [*titles, "Stuck sensors", "Dispatched calls"]:
        assert title in text
        assert f"<h2>{title}</h2>" in page
    assert "&lt;b&gt;[red]a" in page
    assert "<b>[red]a" not in page
    assert page.count("<svg ") >= 4
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page), "self-contained"
    assert list(tmp_path.iterdir()) == [report], "no temporary file is left"
    assert "speed-up" not in text
    assert "speed-up" in shown(Options(small_file, config=Config(clusters=(2, 3)), timing=True))


def test_the_simulated_truth_is_told(findings):
    said = " ".join(sections(findings, [], 0.0)["episodes"].paragraphs)
    assert "found as episode 1" in said
    assert "in the same sensors" in said
    assert "Winding temperature [C] stuck for 90 rows" in said
    assert "not found" not in said
    agreed = " ".join(sections(findings, [], 0.0)["agreement"].paragraphs)
    assert "of 5 detectors are alarmed in most rows of the grown fault" in agreed
    assert "highest within it" in agreed


def test_a_report_that_cannot_be_finished_leaves_the_old_one(findings, tmp_path, monkeypatch):
    path = tmp_path / "out.html"
    path.write_text("old")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(UnusableData, match="No space left on device"):
            write_findings(path, findings, [], 0.0)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_into_nowhere_is_refused_before_the_work(tmp_path):
    with pytest.raises(UnusableData, match="does not exist"):
        run_job(Options(report=tmp_path / "no" / "out.html"), Console(quiet=True))
    with pytest.raises(UnusableData, match="is a folder"):
        run_job(Options(report=tmp_path), Console(quiet=True))


def test_where_only_numpy_runs_nothing_is_compared(small_file):
    with acm_dispatch.use("numpy", strict=True):
        text = shown(Options(small_file, config=Config(clusters=(2, 2)), timing=True), width=80)
    assert "is NumPy" in text
    assert "on NumPy alone" not in text
    assert "pairwise_distances_argmin_min" in text, "names stay whole on a narrow terminal"
    assert max(map(len, text.splitlines())) <= 80
