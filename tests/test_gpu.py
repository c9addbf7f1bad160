"""On a real CUDA device: streams, copies, memory. Skipped, with the reason, elsewhere.

What a backend owes on NumPy arrays is the conformance kit's matter (``--backend=cupy``), what it owes on device arrays
that of `test_device_arrays`.
"""

from __future__ import annotations

import numpy as np
import pytest
from acm_cupy.device import unavailable

import acm_dispatch
from acm_dispatch import InvalidInput

if unavailable() is not None:
    pytest.skip(f"no GPU: {unavailable()}", allow_module_level=True)
cupy = pytest.importorskip("cupy")

pytestmark = pytest.mark.gpu

X = np.random.default_rng(0).normal(size=(4000, 8))


def test_runs_on_the_stream_that_the_caller_chose():
    expected_score = cupy.asnumpy(acm_dispatch.zscore(cupy.asarray(X), backend="cupy"))
    for stream in (cupy.cuda.Stream(non_blocking=True), cupy.cuda.Stream.ptds):
        with stream:
            x = cupy.asarray(X)
            result = acm_dispatch.zscore(x, backend="cupy")
            np.testing.assert_array_equal(cupy.asnumpy(result), expected_score)


def test_numpy_arrays_go_there_and_back_where_asked():
    with acm_dispatch.trace() as trace, acm_dispatch.use("cupy"):
        result = acm_dispatch.pairwise_euclidean(X[:500])
    assert isinstance(result, np.ndarray)
    assert [record.backend for record in trace.records] == ["cupy"]
    np.testing.assert_allclose(
        result, acm_dispatch.pairwise_euclidean(X[:500], backend="numpy"), rtol=1e-12, atol=1e-12
    )


def test_numpy_arrays_go_there_by_themselves_where_the_work_is_quadratic():
    labels = np.arange(len(X)) % 5
    with acm_dispatch.use(transfer="auto"):
        assert acm_dispatch.silhouette_samples.operation.explain(X, labels).chosen == "cupy"
        assert acm_dispatch.zscore.explain(X).chosen != "cupy"


def test_traced_comparison_copies_to_the_host():
    with acm_dispatch.trace(compare=True) as trace:
        acm_dispatch.zscore(cupy.asarray(X))
        acm_dispatch.sparse_correlation(cupy.asarray(X), 0.1)
    assert all(record.deviation is not None and record.deviation < 1e-9 for record in trace.records)


def test_mixing_host_and_device_is_refused():
    with pytest.raises(InvalidInput, match="`y` is a cupy array and `x` a numpy one; move one of them first"):
        acm_dispatch.pairwise_euclidean(X, cupy.asarray(X))


def test_missing_values_are_refused_there_too():
    x = cupy.asarray(X)
    x[3, 3] = cupy.nan
    with pytest.raises(InvalidInput, match="`x` holds NaN or infinity"):
        acm_dispatch.silhouette_samples(x, cupy.arange(len(x)) % 3)


def test_full_memory_is_a_memory_error_after_which_all_goes_on():
    pool = cupy.get_default_memory_pool()
    pool.free_all_blocks()
    x = cupy.asarray(X)
    pool.set_limit(size=pool.used_bytes() + (1 << 20))
    try:
        with pytest.raises(MemoryError):
            acm_dispatch.pairwise_euclidean(x)
    finally:
        pool.set_limit(size=0)
    assert acm_dispatch.pairwise_euclidean(x).shape == (4000, 4000)
