"""The names of the migration plan exist, and give what NumPy, SciPy and scikit-learn give."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.stats import median_abs_deviation
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.metrics import pairwise_distances_argmin, silhouette_score

import acm_dispatch

acm_rs = pytest.importorskip("acm_rs")
if acm_rs.backend.available() is not None:
    pytest.skip("the Rust library is not built", allow_module_level=True)

RNG = np.random.default_rng(42)
X, Y = RNG.standard_normal((1000, 50)), RNG.standard_normal((100, 50))
LABELS = RNG.integers(0, 4, size=1000)
GAPPY = np.where(RNG.random(X.shape) < 0.05, np.nan, X)


def test_distances_equal_scipy():
    assert_allclose(acm_rs.pairwise_euclidean_f64(X, Y), cdist(X, Y), rtol=1e-10, atol=1e-12)
    nearest = acm_rs.pairwise_distances_argmin_f64(X, Y)
    assert nearest.dtype == np.int32
    assert_array_equal(nearest, pairwise_distances_argmin(X, Y))


def test_silhouette_equals_scikit_learn():
    assert abs(acm_rs.silhouette_score_euclidean(X, LABELS) - silhouette_score(X, LABELS)) < 1e-10
    assert -1 <= acm_rs.silhouette_score_euclidean(X, LABELS, sample_size=200) <= 1


def test_columns_equal_numpy():
    median, mad = acm_rs.column_median_mad_f64(GAPPY)
    assert_allclose(median, np.nanmedian(GAPPY, axis=0), rtol=1e-12)
    assert_allclose(mad, 1.4826 * np.nanmedian(np.abs(GAPPY - median), axis=0), rtol=1e-12)
    levels = [0.05, 0.5, 0.95]
    assert_allclose(acm_rs.multi_quantile_f64(GAPPY, levels), np.nanquantile(GAPPY, levels, axis=0), 1e-10, 1e-12)
    assert_allclose(acm_rs.multi_quantile_f64(X[:, 0], levels), np.quantile(X[:, 0], levels), 1e-10, 1e-12)
    assert_allclose(acm_rs.zscore_normalize_f64(GAPPY), (GAPPY - median) / mad, 1e-10, 1e-12)
    assert_allclose(acm_rs.zscore_normalize_f64(X, X.mean(axis=0), X.std(axis=0)), (X - X.mean(0)) / X.std(0), 1e-10)
    assert_array_equal(acm_rs.median_impute_f64(GAPPY, median), np.where(np.isnan(GAPPY), median, GAPPY))


def test_lags_stand_side_by_side():
    lagged = acm_rs.build_lagged_features_f64(X, 2)
    assert_array_equal(lagged[2:, :3], np.column_stack([X[2:, 0], X[1:-1, 0], X[:-2, 0]]))


def test_products_equal_numpy_and_scikit_learn():
    assert_allclose(acm_rs.matmul_f64(X, Y.T), X @ Y.T, rtol=1e-10, atol=1e-12)
    model = PCA(5).fit(X)
    scores = model.transform(X)
    rebuilt = acm_rs.pca_reconstruct_f64(scores, model.components_) + model.mean_
    assert_allclose(rebuilt, model.inverse_transform(scores), rtol=1e-10, atol=1e-12)


def test_triplets_equal_numpy_and_scikit_learn():
    u, s, vt = acm_rs.truncated_svd_f64(X, 6)
    full = np.linalg.svd(X, full_matrices=False)
    assert_allclose(s, full.S[:6], rtol=1e-10)
    assert_allclose((u * s) @ vt, (full.U[:, :6] * full.S[:6]) @ full.Vh[:6], rtol=1e-8, atol=1e-10)
    theirs = TruncatedSVD(6, algorithm="arpack", tol=1e-12, random_state=0).fit(X)
    assert_allclose(s, theirs.singular_values_, rtol=1e-10)
    assert_allclose(vt, theirs.components_, rtol=1e-6, atol=1e-8)


def test_autoregression_equals_least_squares():
    phi, mu = acm_rs.compute_ar1_coefficients(X, 1e-12)
    c = X - X.mean(axis=0)
    assert_allclose(mu, X.mean(axis=0), rtol=1e-10, atol=1e-12)
    slopes = [
        np.linalg.lstsq(before[:, None], after, rcond=None)[0][0]
        for before, after in zip(c[:-1].T, c[1:].T, strict=True)
    ]
    assert_allclose(phi, slopes, rtol=1e-9, atol=1e-12)
    assert_array_equal(acm_rs.compute_ar1_coefficients(X, 1e9)[0], np.zeros(50))


@pytest.mark.parametrize("min_periods", [1, 7])
def test_windows_equal_pandas(min_periods):
    rolling = pd.DataFrame(GAPPY).rolling(20, min_periods=min_periods)
    options = {} if min_periods == 1 else {"min_periods": min_periods}
    assert_allclose(acm_rs.rolling_median_f64(GAPPY, 20, **options), rolling.median(), rtol=1e-12)
    mean, std = acm_rs.rolling_mean_std_f64(GAPPY, 20, **options)
    assert_allclose(mean, rolling.mean(), rtol=1e-9, atol=1e-12)
    assert_allclose(std, rolling.std(), rtol=1e-9, atol=1e-12)
    mad = acm_rs.rolling_mad_f64(GAPPY, 20, **options)
    windows = np.lib.stride_tricks.sliding_window_view(GAPPY, 20, axis=0)
    assert_allclose(mad[19:], median_abs_deviation(windows, axis=2, nan_policy="omit"), rtol=1e-12)


def test_streams_give_what_numpy_gives():
    statistics = acm_rs.StreamingStatistics(50)
    for chunk in np.array_split(X, 7):
        statistics.update(chunk)
    result = statistics.result()
    assert_allclose(result.mean, X.mean(axis=0), rtol=1e-10, atol=1e-12)
    assert_allclose(result.variance, X.var(axis=0, ddof=1), rtol=1e-10)


def test_every_name_is_there():
    from acm_rs import migration

    assert acm_rs.StreamingStatistics is acm_dispatch.StreamingStatistics
    assert all(getattr(acm_rs, name) is getattr(migration, name) for name in migration.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fast_f64'"):
        _ = acm_rs.fast_f64
