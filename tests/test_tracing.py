"""What traces keep of calls, and how they compare them with the reference."""

import json

import numpy as np
from acm_cupy.testing import StrictNumpy

import acm_dispatch
from acm_dispatch import registry
from acm_dispatch.execution import tracing
from acm_dispatch.policy import scopes

X = np.random.default_rng(1).normal(size=(30, 4))


def test_the_process_trace_sees_calls_inside_blocks(fresh_settings):
    scopes.set_process_tracing("time")
    before = len(tracing.process_trace().records)
    with acm_dispatch.trace() as trace:
        acm_dispatch.impute(X)
    acm_dispatch.impute(X)
    assert len(trace.records) == 1
    assert len(tracing.process_trace().records) == before + 2


def test_an_inner_trace_leaves_the_outer_one_its_comparison():
    with acm_dispatch.trace(compare=True) as outer, acm_dispatch.trace():
        acm_dispatch.impute(X, backend="numpy")
    assert outer.records[0].deviation == 0


def test_trace_records_and_ends(tmp_path):
    with acm_dispatch.trace(compare=True) as outer, acm_dispatch.trace() as inner:
        acm_dispatch.pairwise_euclidean(X, X, backend="numpy")
    acm_dispatch.impute(X)
    (record,) = outer.records
    assert inner.records == outer.records
    assert (record.operation, record.shape, record.backend) == ("pairwise_euclidean", "30x4, 30x4", "numpy")
    assert record.decided_by == "backend="
    assert record.seconds > 0
    assert "pairwise_euclidean" in str(outer)
    outer.to_chrome(tmp_path / "trace.json")
    assert '"pairwise_euclidean"' in (tmp_path / "trace.json").read_text()
    assert '"decided_by": "backend="' in outer.to_json()


def test_trace_of_a_wrong_result_is_valid_json():
    trace = tracing.Trace()
    trace.records.append(tracing.Record("zscore", ((2, 2),), "float64", "mine", "work", {}, 0.0, 1.0, 1, 1.0, np.inf))
    assert json.loads(trace.to_json())[0]["deviation"] is None


def test_comparison_shows_deviation_and_reference_time():
    with acm_dispatch.trace(compare=True) as trace:
        acm_dispatch.zscore(X, backend="numpy")
    assert trace.records[0].reference_seconds > 0
    assert trace.records[0].deviation < 1e-12


def test_comparison_takes_device_arrays():
    with acm_dispatch.trace(compare=True) as trace:
        acm_dispatch.zscore(StrictNumpy.asarray(X))
    assert trace.records[0].backend == "cupy_on_strict"
    assert trace.records[0].deviation < 1e-12


def test_comparison_takes_results_of_every_kind():
    assert tracing._deviation(np.float64(2.0), np.float64(2.5)) == 0.5
    assert tracing._deviation(np.array([np.inf, 1.0]), np.array([np.inf, np.nan])) == np.inf
    assert tracing._deviation(np.array([1, 2]), np.array([1, 3])) == 1
    for subject in registry.operations.values():
        arguments = subject.samples.typical(np.random.default_rng(0), 400)
        with acm_dispatch.trace(compare=True) as trace:
            subject.function(**arguments)
        assert np.isfinite(trace.records[-1].deviation), subject.name
