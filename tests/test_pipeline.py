"""Both chains of the pipeline benchmark find the same, and its report hides nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="their chain needs pandas")
pytest.importorskip("sklearn", reason="their chain needs scikit-learn")
pytest.importorskip("rich", reason="the benchmarks' report needs rich")

from benchmarks import pipeline, pipeline_report
from benchmarks.chains import STAGES, last_window, ours, plant, run, theirs
from benchmarks.chains.agreement import compare
from benchmarks.measure import OURS


@pytest.fixture(scope="module")
def outcomes():
    x = plant(3_000, 6)
    return run(ours, x), run(theirs, x)


def test_both_chains_agree(outcomes):
    assert [check for check in compare(*outcomes) if not check.holds] == []


def test_the_fault_is_found(outcomes):
    for outcome in outcomes:
        health = outcome.regimes.health
        assert health.shape == (3_000,)
        assert health[2_405:2_455].mean() < np.delete(health, slice(2_395, 2_520)).mean() - 10


def test_a_recording_shorter_than_a_window():
    our, their = (run(chain, plant(40, 3)) for chain in (ours, theirs))
    np.testing.assert_allclose(our.features.scores, their.features.scores, atol=1e-6)


def test_a_window_counts_from_the_row_that_ends_it():
    np.testing.assert_array_equal(last_window(400, 256)[[0, 254, 255, 382, 383, 399]], [0, 0, 1, 1, 2, 2])


def test_stages_are_timed_in_turns():
    raw = pipeline.measure(600, budget=0.1, rounds=2, sensors=5)
    assert list(raw["stages"]) == [*STAGES, "total"]
    assert all(row["ratio"][1] > 0 and row["rounds"] == 2 for row in raw["stages"].values())
    assert list(raw["parts"]) == [part for parts in STAGES.values() for part in parts]
    assert {"rolling_mad", "spe_t2", "lloyd_step"} <= raw["backends"].keys()


def _report(ratio: float, our_mb: float, deviation: float = 0.0) -> str:
    row = {"ms": 1.0, "their_ms": ratio, "ratio": [ratio] * 3, "rounds": 3}
    size = {
        "rows": 10_000,
        "sensors": 50,
        "load_average": [0, 0],
        "agreement": [{"what": "spe", "deviation": deviation, "allowed": 1e-6, "holds": deviation <= 1e-6}],
        "backends": {"zscore": "rust"},
        "stages": dict.fromkeys((*STAGES, "total"), row),
        "parts": {"MAD": row | {"ms": 0.5, "their_ms": 0.5}},
        "memory": {OURS: {"peak_mb": our_mb}, pipeline.THEIRS: {"peak_mb": 100.0}},
    }
    return pipeline_report.markdown({"name": "test", "machine": {"versions": {}}, "sizes": [size]})


def test_report_says_what_was_met_and_missed():
    assert "MISSED" not in _report(3.7, 44)
    assert "| 10,000 x 50 | total | 1 | 3.5 | 3.50 [3.50, 3.50] | >= 3.6 | MISSED |" in _report(3.5, 44)
    assert "46% of theirs | <= 45% | MISSED" in _report(3.7, 46)
    assert "DIFFERENT" in _report(3.7, 44, deviation=1e-3)
    failed = pipeline_report.markdown(
        {"name": "", "machine": {"versions": {}}, "sizes": [{"rows": 9, "failed": "killed"}]}
    )
    assert "FAILED: killed" in failed
