"""What a fan's sensors record (quantised, with gaps, regimes, a stuck and a dead sensor) gives what the libraries give.

The other tests against libraries draw data of their own; here every operation meets the data it was made for.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal, sparse, stats
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.metrics import pairwise_distances_argmin, silhouette_samples, silhouette_score
from sklearn.preprocessing import RobustScaler, StandardScaler

import acm_dispatch as acm


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


@pytest.fixture(scope="session")
def scored(whole_fan):
    """Sensors in units of their own spread, as distances between rows want them."""
    return StandardScaler().fit_transform(whole_fan)


@on_each_backend(acm.pairwise_euclidean)
def test_distances(backend, whole_fan):
    x, y = whole_fan[:400], whole_fan[::37]
    assert_allclose(acm.pairwise_euclidean(x, y, backend=backend), cdist(x, y), rtol=1e-10, atol=1e-12)
    nearest, distance = acm.pairwise_distances_argmin_min(x, y, backend=backend)
    for index in (nearest, acm.pairwise_distances_argmin(x, y, backend=backend)):
        assert_array_equal(index, pairwise_distances_argmin(x, y))
    for found in (distance, acm.assigned_distances(x, y, nearest, backend=backend)):
        assert_allclose(found, cdist(x, y).min(axis=1), rtol=1e-10, atol=1e-12)


@on_each_backend(acm.silhouette_samples)
def test_silhouettes(backend, scored):
    labels = np.digitize(scored[:600, 1], [-0.5, 0.5])
    ours = acm.silhouette_samples(scored[:600], labels, backend=backend)
    assert_allclose(ours, silhouette_samples(scored[:600], labels), rtol=0, atol=1e-10)
    ours = acm.silhouette_score(scored[:600], labels, sample_size=200, random_state=4, backend=backend)
    assert abs(ours - silhouette_score(scored[:600], labels, sample_size=200, random_state=4)) < 1e-10


@on_each_backend(acm.lloyd_step)
def test_regimes(backend, scored):
    ours = acm.kmeans(scored, 3, random_state=0, n_init=2, backend=backend)
    theirs = KMeans(3, algorithm="lloyd", n_init=2, random_state=0).fit(scored)
    assert_array_equal(ours.labels, theirs.labels_)
    assert_allclose(ours.centers, theirs.cluster_centers_, rtol=1e-9, atol=1e-9)
    assert ours.n_iter == theirs.n_iter_


@on_each_backend(acm.spe_t2)
def test_principal_components(backend, scored):
    theirs = PCA(4, svd_solver="full").fit(scored)
    model = acm.PCAModel(theirs.mean_, theirs.components_, theirs.explained_variance_)
    spe, t2 = acm.pca_spe_t2(scored, model, backend=backend)
    scores = theirs.transform(scored)
    assert_allclose(spe, ((scored - theirs.inverse_transform(scores)) ** 2).sum(axis=1), rtol=1e-8)
    assert_allclose(t2, (scores**2 / theirs.explained_variance_).sum(axis=1), rtol=1e-9)


@on_each_backend(acm.pca_reconstruct)
def test_reconstructions(backend, scored):
    theirs = PCA(4, svd_solver="full").fit(scored)
    scores = theirs.transform(scored)
    ours = acm.pca_reconstruct(scores, theirs.components_, theirs.mean_, backend=backend)
    assert_allclose(ours, theirs.inverse_transform(scores), rtol=1e-10, atol=1e-12)


@on_each_backend(acm.matmul)
def test_products(backend, whole_fan):
    weights = np.cov(whole_fan.T)
    assert_allclose(acm.matmul(whole_fan, weights, backend=backend), whole_fan @ weights, rtol=1e-10, atol=1e-9)


@on_each_backend(acm.pca_fit)
def test_fitted_components(backend, whole_fan):
    theirs = PCA(4, svd_solver="full").fit(whole_fan)
    ours = acm.pca_fit(whole_fan, 4, backend=backend)
    assert_allclose(ours.components, theirs.components_, rtol=1e-8, atol=1e-10)
    assert_allclose(ours.explained_variance, theirs.explained_variance_, rtol=1e-10)
    s = acm.truncated_svd(whole_fan, 11, backend=backend)[1]
    assert_allclose(s, np.linalg.svd(whole_fan, compute_uv=False), rtol=1e-10)


@on_each_backend(acm.column_median_mad)
def test_medians_and_deviations(backend, fan):
    median, mad = acm.column_median_mad(fan, scale=1.0, backend=backend)
    assert_array_equal(median, pd.DataFrame(fan).median())
    assert_allclose(mad[:-1], stats.median_abs_deviation(fan[:, :-1], nan_policy="omit"), rtol=1e-12)
    assert np.isnan(mad[-1])


@on_each_backend(acm.column_moments)
def test_moments(backend, fan):
    frame = pd.DataFrame(fan)
    ours = acm.column_moments(fan, ddof=1, backend=backend)
    assert_array_equal(ours.count, frame.count())
    theirs = [frame.mean(), frame.var(), frame.skew(), frame.kurt(), frame.min(), frame.max()]
    for value, expected in zip(ours[1:], theirs, strict=True):
        assert_allclose(value, expected, rtol=1e-9, atol=1e-11)


@on_each_backend(acm.column_quantiles)
@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantiles(backend, fan, method):
    q = [0.01, 0.25, 0.5, 0.99]
    expected = np.nanquantile(fan[:, :-1], q, axis=0, method=method)
    ours = acm.quantiles(fan, q, method=method, backend=backend)
    assert_allclose(ours[:, :-1], expected, rtol=1e-12)
    assert np.isnan(ours[:, -1]).all()


@on_each_backend(acm.zscore)
def test_scores(backend, fan, whole_fan):
    theirs = StandardScaler().fit_transform(fan[:, :-1])
    assert_allclose(acm.zscore(fan, backend=backend)[:, :-1], theirs, rtol=1e-9, atol=1e-11)
    centred = RobustScaler(with_scaling=False).fit_transform(whole_fan)
    ours = acm.zscore(whole_fan, method="robust", backend=backend)
    scale = np.maximum(stats.median_abs_deviation(whole_fan) * 1.4826, 1e-6)
    assert_allclose(ours, centred / scale, rtol=1e-9, atol=1e-11)


@on_each_backend(acm.impute)
def test_imputing(backend, fan):
    theirs = SimpleImputer(strategy="median", keep_empty_features=False).fit_transform(fan[:, :-1])
    assert_array_equal(acm.impute(fan, backend=backend)[:, :-1], theirs)


@on_each_backend(acm.ffill)
@pytest.mark.parametrize("limit", [None, 2])
def test_filling(backend, fan, limit):
    frame = pd.DataFrame(fan)
    assert_array_equal(acm.ffill(fan, limit=limit, backend=backend), frame.ffill(limit=limit))
    assert_array_equal(acm.bfill(fan, limit=limit, backend=backend), frame.bfill(limit=limit))


@on_each_backend(acm.lagged_features)
def test_lags(backend, fan):
    shifted = pd.concat([pd.DataFrame(fan).shift(lag) for lag in range(4)], axis=1)
    assert_array_equal(acm.lagged_features(fan, 3, order="lag", backend=backend), shifted)


@on_each_backend(acm.rolling_mean)
@pytest.mark.parametrize("name", ["mean", "std", "median", "min", "max", "skew", "kurt"])
def test_windows(backend, fan, name):
    x = fan[:1500]
    rolling = pd.DataFrame(x).rolling(48, min_periods=12)
    ours = getattr(acm, f"rolling_{name}")(x, 48, min_periods=12, backend=backend)
    told = np.ones(x.shape, bool)
    if name in ("std", "skew", "kurt"):  # of a window that hardly varies, pandas' running sums leave no digits
        told = ~(acm.rolling_std(x, 48, min_periods=12, backend="numpy") < 1e-2)
    assert_allclose(ours[told], getattr(rolling, name)().to_numpy()[told], rtol=1e-6, atol=1e-8)


@on_each_backend(acm.rolling_mad)
def test_deviations_of_windows(backend, whole_fan):
    windows = np.lib.stride_tricks.sliding_window_view(whole_fan[:400], 48, axis=0)
    mad = acm.rolling_mad(whole_fan[:400], 48, scale=1.0, backend=backend)
    assert_allclose(mad[47:], stats.median_abs_deviation(windows, axis=2), rtol=1e-10, atol=1e-12)


@on_each_backend(acm.rolling_slope)
def test_slopes_of_windows(backend, whole_fan):
    windows = np.lib.stride_tricks.sliding_window_view(whole_fan[:400], 48, axis=0)
    slopes = np.polyfit(np.arange(48), windows.reshape(-1, 48).T, 1)[0]
    ours = acm.rolling_slope(whole_fan[:400], 48, backend=backend)
    assert_allclose(ours[47:].ravel(), slopes, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "backend"),
    [(name, backend) for name in ("pearson", "spearman") for backend in getattr(acm, name).kernels()],
)
def test_correlations(name, backend, fan):
    expected = pd.DataFrame(fan).corr(method=name)
    assert_allclose(getattr(acm, name)(fan, backend=backend), expected, rtol=1e-9, atol=1e-11)


@on_each_backend(acm.sparse_correlation)
def test_sparse_correlation(backend, whole_fan):
    x = acm.lagged_features(whole_fan, 30, backend="numpy")[30:]
    dense = np.corrcoef(x.T)
    found = acm.sparse_correlation(x, 0.5, backend=backend).toarray()
    sure = np.abs(np.abs(dense) - 0.5) > 1e-12
    assert_allclose(found[sure], np.where(np.abs(dense) >= 0.5, dense, 0.0)[sure], rtol=1e-10)


@on_each_backend(acm.csr_matmul)
def test_sparse_products(backend, scored):
    alarms = sparse.csr_array(np.where(np.abs(scored) > 1.5, scored, 0.0))
    weights = scored[: scored.shape[1], :5]
    assert_allclose(acm.sparse_matmul(alarms, weights, backend=backend), alarms @ weights, rtol=1e-10, atol=1e-12)
    ours = acm.sparse_matvec(alarms, weights[:, 0], backend=backend)
    assert_allclose(ours, alarms @ weights[:, 0], rtol=1e-10, atol=1e-12)


@on_each_backend(acm.band_energy)
def test_band_energies(backend, whole_fan):
    windows = np.lib.stride_tricks.sliding_window_view(whole_fan, 96, axis=0)[::24]
    power = np.abs(np.fft.rfft(windows - windows.mean(axis=2, keepdims=True))) ** 2
    low = np.fft.rfftfreq(96) < 0.1
    expected = np.stack([power[:, :, low].sum(axis=2), power[:, :, ~low].sum(axis=2)], axis=2)
    ours = acm.band_energy(whole_fan, 96, [(0.0, 0.1), (0.1, 0.5)], step=24, backend=backend)
    assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


@on_each_backend(acm.power_spectrum)
def test_spectra(backend, whole_fan):
    frequencies, power = acm.power_spectrum(whole_fan, backend=backend)
    theirs = signal.welch(whole_fan, nperseg=256, noverlap=128, axis=0)
    assert_allclose(frequencies, theirs[0], rtol=1e-15)
    assert_allclose(power, theirs[1], rtol=1e-8, atol=1e-12)


@on_each_backend(acm.mean_path_length)
def test_forests(backend, scored):
    model = IsolationForest(n_estimators=20, random_state=0).fit(scored)
    forest = acm.IsolationForest.from_sklearn(model)
    ours = acm.isolation_forest_score(scored[:500], forest, backend=backend)
    assert_allclose(ours, model.score_samples(scored[:500]), rtol=0, atol=1e-12)


@on_each_backend(acm.mahalanobis)
def test_distances_to_the_mean(backend, whole_fan):
    mean, precision = whole_fan.mean(axis=0), np.linalg.inv(np.cov(whole_fan.T))
    expected = cdist(whole_fan[:500], mean[None], "mahalanobis", VI=precision)[:, 0] ** 2
    assert_allclose(acm.mahalanobis(whole_fan[:500], mean, precision, backend=backend), expected, rtol=1e-8)


@pytest.mark.parametrize(
    "backend", [name for name in acm.column_sums.kernels() if name in acm.column_quantiles.kernels()]
)
def test_streams(backend, fan):
    frame, statistics = pd.DataFrame(fan), acm.StreamingStatistics(fan.shape[1], [0.1, 0.5], covariance=True)
    with acm.use(backend):
        for chunk in np.array_split(fan, 9):
            statistics.update(chunk)
    ours = statistics.result()
    for name in ("count", "mean"):
        assert_allclose(getattr(ours, name), getattr(frame, name)(), rtol=1e-12)
    for name, theirs in (("variance", "var"), ("skewness", "skew"), ("kurtosis", "kurt"), ("covariance", "cov")):
        assert_allclose(getattr(ours, name), getattr(frame, theirs)(), rtol=1e-8, atol=1e-10)
    assert_allclose(ours.quantiles, frame.quantile([0.1, 0.5]), rtol=1e-12)
