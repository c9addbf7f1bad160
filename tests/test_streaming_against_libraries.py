"""What is gathered chunk by chunk equals what pandas and NumPy make of all data at once."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import acm_dispatch
from acm_dispatch import BackendError, InvalidInput, StreamingStatistics, use

RNG = np.random.default_rng(21)
LEVELS = np.array([0, 1e3, 1e6, -1e6, 1e9])
X = np.where(RNG.random((6000, 5)) < 0.05, np.nan, RNG.gamma(2, size=(6000, 5)) + LEVELS)
X[:, 4] = np.nan
X[2000:2500, 4] = RNG.normal(1e9, 1e-2, size=500)
Q = (0.0, 0.01, 0.5, 0.9, 1.0)


def streamed(x, cuts, **options):
    statistics = StreamingStatistics(x.shape[1], Q, covariance=True, **options)
    for chunk in np.split(x, cuts):
        statistics.update(chunk)
    return statistics


def assert_same(a, b, rtol=1e-9):
    for name, left, right in zip(a._fields, a, b, strict=True):
        if name not in ("quantiles", "rank_error"):
            assert_allclose(left, right, rtol, atol=1e-12 * np.nanmax(np.abs(right)), err_msg=name)


@pytest.mark.parametrize(
    "backend", [name for name in acm_dispatch.column_sums.kernels() if name in acm_dispatch.column_quantiles.kernels()]
)
@pytest.mark.parametrize("cuts", [[], [1, 2, 3, 1000, 1000, 4097], range(7, 6000, 7)], ids=["one", "uneven", "tiny"])
def test_statistics_equal_pandas(backend, cuts):
    frame = pd.DataFrame(X)
    with use(backend):
        ours = streamed(X, cuts).result()
    assert_array_equal(ours.count, frame.count())
    assert_allclose(ours.mean, frame.mean(), rtol=1e-12)
    shifted = frame - np.nanmedian(X, axis=0)  # pandas loses the digits that an offset takes
    assert_allclose(ours.variance, shifted.var(), rtol=1e-9)
    assert_allclose(ours.skewness, shifted.skew(), rtol=1e-8)
    assert_allclose(ours.kurtosis, shifted.kurt(), rtol=1e-8)
    assert_array_equal(ours.minimum, frame.min())
    assert_array_equal(ours.maximum, frame.max())
    assert_allclose(ours.covariance, shifted.cov(), rtol=1e-8, atol=1e-12)
    centred = (X - np.nanmedian(X, axis=0)) - shifted.mean().to_numpy()
    products = np.nansum(centred[1:] * centred[:-1], axis=0)
    assert_allclose(ours.autocovariance, products / frame.count(), rtol=1e-8, atol=1e-12)


def test_quantiles_are_exact_while_few_and_bounded_when_many():
    few = streamed(X[:4000], [100, 900]).result()
    assert_allclose(few.quantiles, np.nanquantile(X[:4000], Q, axis=0), rtol=1e-14)
    x = RNG.exponential(size=(300_000, 2)).cumsum(axis=0) % 1000
    ours = streamed(x, range(5000, 300_000, 5000)).result()
    for j in range(2):
        ranks = np.searchsorted(np.sort(x[:, j]), ours.quantiles[:, j])
        assert (np.abs(ranks - np.multiply(Q, len(x))) <= ours.rank_error[j]).all()
    assert (ours.rank_error < 0.005 * len(x)).all()


@pytest.mark.parametrize("rows", [4, 4000, 50_000])
def test_quantiles_leave_infinities_out(rows):
    x = RNG.normal(size=(rows, 3))
    x[::4, 0], x[::3, 1], x[1::5, 1], x[:, 2] = -np.inf, np.inf, -np.inf, -np.inf
    ours = streamed(x, range(1000, rows, 1000)).result()
    for j in range(2):
        finite = np.sort(x[np.isfinite(x[:, j]), j])
        wanted = np.multiply(Q, len(finite) - 1)
        found = np.interp(ours.quantiles[:, j], finite, np.arange(len(finite)))
        assert (np.abs(found - wanted) <= ours.rank_error[j] + 1e-6).all()
    assert np.isnan(ours.quantiles[:, 2]).all()


def test_memory_does_not_grow():
    statistics, sizes = StreamingStatistics(2, Q), []
    for _ in range(300):
        statistics.update(RNG.normal(size=(4096, 2)))
        sizes.append(len(pickle.dumps(statistics)))
    assert max(sizes[100:]) < 3 * max(sizes[:100])


def test_float32_chunks_lose_nothing():
    x = np.nan_to_num(X[:, :2]).astype(np.float32)
    assert_same(streamed(x, [50]).result(), streamed(x.astype(np.float64), [50]).result())


def test_nothing_known_is_nan():
    result = StreamingStatistics(2, Q).result()
    assert_array_equal(result.count, [0, 0])
    assert np.isnan([result.mean, result.variance, result.minimum, result.autocovariance, result.quantiles[1]]).all()
    one = streamed(np.array([[1.0, np.nan]]), [])
    assert_array_equal(one.result().mean, [1.0, np.nan])
    assert np.isnan(one.result().variance).all()


def test_two_moments_are_those_of_four_and_nothing_else():
    whole, head, tail = (StreamingStatistics(5, covariance=True, moments=moments) for moments in (4, 2, 2))
    for chunk in np.split(X, [7, 7, 900]):
        whole.update(chunk)
        head.update(chunk[: len(chunk) // 2])
        tail.update(chunk[len(chunk) // 2 :])
    head.merge(tail)
    expected, found = whole.result(), head.result()
    assert_array_equal(found.count, expected.count)
    for name in ("mean", "variance", "covariance"):
        wanted = getattr(expected, name)
        assert_allclose(getattr(found, name), wanted, 1e-9, atol=1e-12 * np.nanmax(np.abs(wanted)), err_msg=name)
    for name in ("skewness", "kurtosis", "minimum", "maximum", "autocovariance"):
        assert np.isnan(getattr(found, name)).all()


def test_what_does_not_fit_is_refused():
    statistics = StreamingStatistics(2)
    with pytest.raises(InvalidInput, match="has 3 columns; expected 2"):
        statistics.update(np.zeros((4, 3)))
    with pytest.raises(InvalidInput, match="`other` has other"):
        statistics.merge(StreamingStatistics(2, [0.5]))
    with pytest.raises(InvalidInput, match="`quantiles`"):
        StreamingStatistics(2, [50])
    with pytest.raises(InvalidInput, match="`moments`"):
        StreamingStatistics(2, [0.5], moments=2)
    with pytest.raises(InvalidInput, match="differs in whether"):
        statistics.merge(StreamingStatistics(2, covariance=True))
    with pytest.raises(InvalidInput, match="`other` is a ndarray; expected StreamingStatistics"):
        statistics.merge(np.zeros((4, 2)))


def interrupted(*arguments, **options):
    raise KeyboardInterrupt


STEPS = {
    "update": ["column_sums", "column_mean_variance", "cross_sums", "QuantileSketch.updated"],
    "merge": ["sums_merged", "mean_variance_merged", "cross_shifted", "QuantileSketch.merged"],
}


@pytest.mark.parametrize(("how", "step"), [(how, step) for how, steps in STEPS.items() for step in steps])
def test_what_ends_half_way_leaves_nothing(monkeypatch, how, step):
    options = {"moments": 2} if "mean_variance" in step else {"quantiles": Q}
    statistics, expected, tail = (StreamingStatistics(5, covariance=True, **options) for _ in range(3))
    for one, part in ((statistics, X[:5000]), (expected, X[:5000]), (tail, X[5000:])):
        one.update(part)
    argument = X[5000:] if how == "update" else tail
    with monkeypatch.context() as patch:
        patch.setattr(f"acm_dispatch.ops.streaming.{step}", interrupted)
        with pytest.raises(KeyboardInterrupt):
            getattr(statistics, how)(argument)
    for one in (statistics, expected):
        getattr(one, how)(argument)
    for name, found, wanted in zip(expected.result()._fields, statistics.result(), expected.result(), strict=True):
        assert_array_equal(found, wanted, err_msg=name)


@pytest.fixture
def strict_half():
    """A backend that sums columns and no pairs of them."""
    backend = acm_dispatch.Backend("half")
    backend.kernel("column_sums", opt_in=True)(acm_dispatch.column_sums.operation.run_reference)
    acm_dispatch.register_backend(backend)
    yield "half"
    acm_dispatch.unregister_backend("half")


def test_a_backend_without_every_operation_leaves_nothing(strict_half):
    statistics = StreamingStatistics(2, covariance=True)
    statistics.update(X[:10, :2])
    before = pickle.dumps(statistics.result())
    with use(strict_half, strict=True), pytest.raises(BackendError):
        statistics.update(X[10:20, :2])
    assert pickle.dumps(statistics.result()) == before
