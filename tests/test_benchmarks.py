"""The benchmarks measure what they say: valid cases, peers that do the same, needs that cannot be missed quietly."""

from __future__ import annotations

import json
import math
from importlib import util

import pytest

pytest.importorskip("rich", reason="the benchmarks' report needs rich")

from benchmarks import build, cold, device, report
from benchmarks.__main__ import ids
from benchmarks.accuracy import Oracle, judge
from benchmarks.case import Case
from benchmarks.cases import CASES, MEMORY_CASES
from benchmarks.measure import OURS, Candidate, interleave, ours
from benchmarks.peers import Peer, all_peers, installed, peers_of
from benchmarks.process import run_python, without_paths
from benchmarks.results import summarise

SMALL = {case.small().id: case.small() for case in CASES}
KEYS = {case.key for case in CASES}


@pytest.fixture(scope="module", autouse=True)
def _numba_without_compiling():
    """The peers' loops are right or wrong in plain Python, too; compiling them takes half a minute."""
    if util.find_spec("numba") is None:
        yield
        return
    import numba

    before, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, True
    yield
    numba.config.DISABLE_JIT = before


def test_ids_are_unique():
    assert len(set(ids())) == len(ids()) == len(CASES) + len(MEMORY_CASES) + 4


@pytest.mark.parametrize("case", SMALL.values(), ids=SMALL)
def test_ours_runs_the_case_and_keeps_the_contract(case):
    arrays = case.draw()
    assert judge(Oracle(case, arrays).deviation(ours(case).start(*arrays)()), []) == "exact"


def _pairs():
    return [
        pytest.param(case, peer, id=f"{peer.name}-{name}") for name, case in SMALL.items() for peer in peers_of(case)[0]
    ]


@pytest.mark.parametrize(("case", "peer"), _pairs())
@pytest.mark.filterwarnings("ignore")  # theirs, not ours
def test_peer_does_the_same_thing(case: Case, peer: Peer):
    arrays = case.draw()
    try:
        call = peer.start(*arrays)
    except ImportError as error:
        pytest.skip(f"{peer.package} is installed and cannot be imported: {error}")
    _, relative = Oracle(case, arrays).deviation(peer.finish(call()))
    divides_by_n_minus_1 = peer.package == "daal4py"
    assert relative < (0.05 if divides_by_n_minus_1 else 1e-5)


def test_every_peer_belongs_to_a_case_and_every_case_has_peers():
    assert {peer.key for peer in all_peers()} == KEYS
    names = [(peer.key, peer.name, peer.data) for peer in all_peers()]
    assert len(set(names)) == len(names)


def test_absent_peers_are_named(monkeypatch):
    monkeypatch.setattr("benchmarks.peers.installed", lambda package: package != "scipy")
    present, absent = peers_of(CASES[0])
    assert "scipy cdist" in {peer.name for peer in absent}
    assert "scipy cdist" not in {peer.name for peer in present}
    assert installed("numpy")


def _raw(ours_ms: float, **peers_ms: float) -> dict:
    def candidate(name, milliseconds):
        times = {str(i): milliseconds / 1e3 * (1 + i / 100) for i in range(5)}
        entry = {"name": name, "package": name, "accuracy": "exact", "deviation": 0.1, "failed": ""}
        return {**entry, "first_seconds": 1.0, "times": times}

    candidates = [candidate(OURS, ours_ms), *(candidate(name, ms) for name, ms in peers_ms.items())]
    return {"backend": "rust", "load_average": [0, 0], "absent": ["torch cdist"], "candidates": candidates}


def _report(case: Case, raw: dict) -> str:
    machine = {"commit": "0", "versions": {"numpy": "2", "torch": None}}
    return report.markdown({"name": "test", "machine": machine, "cases": [summarise(case, raw)], "memory": []})


CASE = Case("zscore", (10_000, 50), {"best": 2, "scipy": 6}, 1.0, "standard")


def test_report_says_met():
    text = _report(CASE, _raw(1.0, numpy=2.1, scipy=6.1))
    assert "MISSED" not in text
    assert "2.10 [2.10, 2.10]" in text
    assert "absent peers: torch" in text


@pytest.mark.parametrize("raw", [_raw(1.0, numpy=1.9, scipy=7.0), _raw(1.0, numpy=2.5, scipy=5.0)])
def test_report_marks_a_missed_need(raw):
    assert f"- MISSED: {CASE.id}" in _report(CASE, raw)


def test_report_marks_a_result_out_of_contract():
    raw = _raw(1.0, numpy=9.0, scipy=9.0)
    raw["candidates"][0]["accuracy"] = "inexact"
    assert "MISSED, OUR RESULT: inexact" in _report(CASE, raw)


def test_report_does_not_let_a_wrong_peer_win():
    raw = _raw(1.0, numpy=0.1, scipy=9.0)
    raw["candidates"][1]["accuracy"] = "wrong"
    assert "MISSED" not in _report(CASE, raw)


def test_report_marks_noise_and_failures():
    raw = _raw(1.0, numpy=3.0, scipy=9.0)
    raw["candidates"][0]["times"] = {str(i): 1e-3 * (i + 1) for i in range(5)}
    assert "noisy" in _report(CASE, raw)
    assert f"- FAILED: {CASE.id}" in _report(CASE, {"failed": "killed"})


def test_interleaving_lets_everybody_play_and_stops():
    calls = {"quick": 0, OURS: 0}

    def count(name):
        calls[name] += 1

    candidates = [Candidate(name, name, lambda: None, call=lambda name=name: count(name)) for name in calls]
    rounds = interleave(candidates, budget=0.2, min_rounds=2)
    assert rounds >= 2
    assert set(candidates[1].times) == set(range(rounds))
    assert min(calls.values()) >= 2


def test_a_case_can_be_measured_in_a_process():
    options = ["--budget", "0.1", "--rounds", "1", "--threads", "1", "--backend", "numpy", "--only", "numpy"]
    raw = run_python("-m", "benchmarks.measure", CASES[0].id, *options, threads=1)
    row = json.loads(json.dumps(summarise(CASES[0], raw)))
    assert (row["failed"], row["backend"], row["accuracy"]) == ("", "numpy", "exact")
    assert row["ms"] > 0


def test_dispatch_overhead_is_finite():
    rows = run_python("-m", "benchmarks.overhead", "1", threads=1)["rows"]
    ratios = [way["plain_calls"] for row in rows for way in row["ways"].values()]
    assert len(ratios) == 8
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in ratios)


def test_a_slow_build_is_a_missed_need():
    pytest.importorskip("acm_rs._core")
    measured = build.measure()
    assert measured["build"].startswith("rustc")
    assert measured["ratio"] > 0
    machine = {"commit": "0", "versions": {}}
    for ratio, state in ((2.5, "met"), (0.3, "MISSED: a slow build")):
        text = report.markdown(
            {"name": "", "machine": machine, "cases": [], "memory": [], "build": {**measured, "ratio": ratio}}
        )
        assert f"| {ratio:.2f} | >= 1 | {state} |" in text


def test_no_folder_of_the_machine_in_a_report():
    assert without_paths("OSError: /home/me/x/lib.so: no\nsuch file") == "OSError: .../lib.so: no such file"


def test_the_report_on_a_device_tells_ratios_and_failures():
    head = {"operation": "zscore", "size": "1k x 5", "dtype": "float64", "backend": "rust"}
    row = {**head, "ms": {"cpu": 2.0, "resident": 1.0}, "failed": {"copied": "MemoryError: full"}}
    assert device.cells(row) == ["zscore", "1k x 5", "float64", "2", "rust", "1", "2.00", "failed", ""]
    text = device.markdown({"device": "a card", "machine": "a machine", "cases": [row]})
    assert text.endswith("\n- zscore 1k x 5, copied: MemoryError: full\n")


def test_a_device_is_measured_on_each_kind_of_case_once():
    kinds = [(case.key, case.dtype) for case in device.cases("")]
    assert len(set(kinds)) == len(kinds)
    assert {case.key for case in CASES if not case.missing} == {key for key, _ in kinds}


def test_a_job_from_cold_caches_is_timed_after_1_10_and_1000_calls(monkeypatch):
    monkeypatch.setattr(cold, "CALLS", (1, 3))
    for backend in ("dispatch", "numpy"):
        done = cold.run_job("zscore", 50, backend)
        assert [*done] == [1, 3]
        assert 0 < done[1] < done[3]
    monkeypatch.setattr(cold, "_MOST_SECONDS", 0.0)
    assert cold.run_job("zscore", 50, "numpy")[3] > 0, "what is missing is told from the last call"


def test_the_worst_of_the_jobs_is_told_by_their_length():
    found = [cold.Job("zscore", 200, calls, *times) for calls, *times in [(1, 3.0, 2.0, 9.0), (10, 4.0, 9.0, 2.0)]]
    assert [job.ratio for job in found] == [1.5, 2.0]
    assert cold.summary([*found, *(job._replace(calls=1000, dispatch=1.0) for job in found)])["worst by calls"] == {
        "1": 1.5,
        "10": 2.0,
        "1000": 0.5,
    }
