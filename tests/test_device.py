"""On a real CUDA device: arrays that stay there, its layouts, streams and memory. Skipped, with the reason, elsewhere.

What a backend owes on NumPy arrays is the conformance kit's matter: ``--backend=cupy``.
"""

from __future__ import annotations

import numpy as np
import pytest
from acm_cupy.device import unavailable
from acm_cupy.kernels import KERNELS

import acm_dispatch
from acm_dispatch import InvalidInput, registry
from acm_dispatch.testing.cases import in_dtype, sample, sample_names
from acm_dispatch.testing.checks import assert_equivalent, expected

if unavailable() is not None:
    pytest.skip(f"no GPU: {unavailable()}", allow_module_level=True)
cupy = pytest.importorskip("cupy")

pytestmark = pytest.mark.gpu

KERNEL_NAMES = {kernel.__name__ for kernel in KERNELS}
OPERATIONS = [operation for name, operation in registry.operations.items() if name in KERNEL_NAMES]
SUBJECTS = [*OPERATIONS, *(made for made in registry.compositions.values() if KERNEL_NAMES.issuperset(made.operations))]
X = np.random.default_rng(0).normal(size=(4000, 8))


def _strided(array):
    roomy = cupy.empty([2 * size for size in array.shape], array.dtype)
    view = roomy[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = cupy.asarray(array)
    return view


ARRANGE = {
    "contiguous": lambda array: cupy.asarray(array, order="C"),
    "fortran": lambda array: cupy.asarray(array, order="F"),
    "strided": _strided,
}


def _on_device(value, arrange):
    """Arguments with their arrays, and those of the models among them, on the device."""
    if isinstance(value, dict):
        return {name: _on_device(part, arrange) for name, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_on_device(part, arrange) for part in value))
    if hasattr(value, "tocsr"):
        from cupyx.scipy.sparse import csr_matrix

        return csr_matrix(value)
    return arrange(value) if isinstance(value, np.ndarray) and value.ndim else value


def _parts(result):
    if hasattr(result, "indptr"):
        return result.data, result.indices, result.indptr
    return result if isinstance(result, tuple) else (result,)


def _kept(arguments):
    return {name: cupy.asnumpy(value).tobytes() for name, value in arguments.items() if isinstance(value, cupy.ndarray)}


CASES = [(subject, case) for subject in SUBJECTS for case in sample_names(subject)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("subject", "sample_name"), CASES, ids=[f"{subject.name}-{case}" for subject, case in CASES])
def test_device_arrays_stay_on_the_device_and_mean_what_the_reference_says(subject, sample_name, dtype):
    wanted = expected(subject, sample_name, dtype)
    for layout, arrange in ARRANGE.items():
        arguments = _on_device(in_dtype(sample(subject, sample_name), dtype), arrange)
        before = _kept(arguments)
        try:
            results = _parts(subject.function(**arguments))
        except InvalidInput as error:
            assert isinstance(wanted, InvalidInput), f"{layout}: {error}"
            assert error.argument == wanted.argument
            continue
        assert not isinstance(wanted, InvalidInput), f"{layout} arrays accepted, where the reference refuses: {wanted}"
        assert _kept(arguments) == before, f"{layout}: an input was modified"
        on_host = tuple(_checked(part, other, arguments) for part, other in zip(results, wanted, strict=True))
        assert_equivalent(subject, on_host, wanted, dtype)


def _checked(actual, reference, arguments):
    """A result's copy on the host, of the reference's kind: narrow indices of `cupyx` as wide as SciPy's."""
    if not isinstance(reference, np.ndarray):
        return type(reference)(actual.item() if isinstance(actual, cupy.ndarray) else actual)
    assert isinstance(actual, cupy.ndarray)
    assert actual.flags.c_contiguous
    given = [value for value in arguments.values() if isinstance(value, cupy.ndarray)]
    assert not any(cupy.may_share_memory(actual, value) for value in given)
    copy = cupy.asnumpy(actual)
    return copy.astype(reference.dtype) if copy.dtype.kind == "i" else copy


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.name for operation in OPERATIONS])
def test_gives_the_same_bits_every_time(operation):
    arguments = _on_device(sample(operation, "typical"), cupy.asarray)
    first, *others = [
        [cupy.asnumpy(part).tobytes() for part in _parts(operation.function(**arguments))] for _ in range(4)
    ]
    assert all(other == first for other in others)


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


def test_a_forest_grown_on_the_host_scores_device_rows():
    forest = acm_dispatch.fit_isolation_forest(X, n_trees=20, random_state=0)
    scores = acm_dispatch.isolation_forest_score(cupy.asarray(X), forest)
    np.testing.assert_allclose(cupy.asnumpy(scores), acm_dispatch.isolation_forest_score(X, forest), rtol=1e-12)


@pytest.mark.parametrize("moments", [2, 4])
def test_streams_of_device_chunks_end_on_the_host(moments):
    quantiles = [0.1, 0.5] if moments == 4 else []
    here, there = (acm_dispatch.StreamingStatistics(8, quantiles, covariance=True, moments=moments) for _ in range(2))
    rows = np.where(X > 2.5, np.nan, X).repeat(3, axis=0)
    for chunk in (rows[:100], rows[100:5000], rows[5000:]):
        here.update(chunk)
        there.update(cupy.asarray(chunk))
    for ours, theirs in zip(here.result(), there.result(), strict=True):
        assert isinstance(theirs, np.ndarray)
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-12)
