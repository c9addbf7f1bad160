"""Products, principal components and singular vectors equal those of NumPy, SciPy and scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.utils.extmath import svd_flip

import acm_dispatch

RNG = np.random.default_rng(5)
#: Sensors in other units, with an offset each, that follow four causes.
X = RNG.normal(size=(700, 4)) @ RNG.normal(size=(4, 12)) + 0.1 * RNG.normal(size=(700, 12))
X = X * np.linspace(0.5, 20, 12) + 1e3 * RNG.normal(size=12)


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


@on_each_backend(acm_dispatch.matmul)
@pytest.mark.parametrize("inner", [0, 1, 17])
def test_products_equal_numpy(backend, inner):
    a, b = RNG.normal(size=(301, inner)), RNG.normal(size=(inner, 43))
    assert_allclose(acm_dispatch.matmul(a, b, backend=backend), a @ b, rtol=1e-10, atol=1e-12)


@on_each_backend(acm_dispatch.pca_reconstruct)
@pytest.mark.parametrize("inner", [0, 1, 17])
def test_rebuilt_rows_equal_numpy(backend, inner):
    a, b, mean = RNG.normal(size=(301, inner)), RNG.normal(size=(inner, 43)), RNG.normal(size=43)
    rebuilt = acm_dispatch.pca_reconstruct(a, b, mean, backend=backend)
    assert_allclose(rebuilt, a @ b + mean, rtol=1e-10, atol=1e-12)


@on_each_backend(acm_dispatch.truncated_svd)
@pytest.mark.parametrize("x", [X, X.T.copy(), X[:12]], ids=["tall", "wide", "square"])
def test_triplets_equal_numpy_with_scikit_learns_signs(backend, x):
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    u, vt = svd_flip(u, vt, u_based_decision=False)
    ours = acm_dispatch.truncated_svd(x, 4, backend=backend)
    for actual, expected in zip(ours, (u[:, :4], s[:4], vt[:4]), strict=True):
        assert_allclose(actual, expected, rtol=1e-10, atol=1e-11)


@on_each_backend(acm_dispatch.truncated_svd)
@pytest.mark.parametrize("condition", [1e4, 1e8, 1e12])
def test_singular_values_keep_their_digits(backend, condition):
    known = np.geomspace(1, 1 / condition, 10)
    u, v = (np.linalg.qr(RNG.normal(size=(size, 10)))[0] for size in (5000, 10))
    s = acm_dispatch.truncated_svd((u * known) @ v.T, 10, backend=backend)[1]
    assert_allclose(s, known, rtol=1e-10, atol=1e-15)


@on_each_backend(acm_dispatch.pca_fit)
def test_components_equal_scikit_learn(backend):
    theirs = PCA(4, svd_solver="full").fit(X)
    ours = acm_dispatch.pca_fit(X, 4, backend=backend)
    assert_allclose(ours.mean, theirs.mean_, rtol=1e-12)
    assert_allclose(ours.components, theirs.components_, rtol=1e-9, atol=1e-10)
    assert_allclose(ours.explained_variance, theirs.explained_variance_, rtol=1e-10)


@on_each_backend(acm_dispatch.spe_t2)
def test_errors_equal_scikit_learn(backend):
    theirs = PCA(4, svd_solver="full").fit(X)
    spe, t2 = acm_dispatch.pca_spe_t2(X, acm_dispatch.pca_fit(X, 4, backend="numpy"), backend=backend)
    scores = theirs.transform(X)
    assert_allclose(spe, ((X - theirs.inverse_transform(scores)) ** 2).sum(axis=1), rtol=1e-9)
    assert_allclose(t2, (scores**2 / theirs.explained_variance_).sum(axis=1), rtol=1e-9)


@on_each_backend(acm_dispatch.mahalanobis)
def test_distances_to_the_mean_equal_scipy_and_scikit_learn(backend):
    fitted = EmpiricalCovariance().fit(X)
    ours = acm_dispatch.mahalanobis(X, fitted.location_, fitted.precision_, backend=backend)
    assert_allclose(ours, fitted.mahalanobis(X), rtol=1e-9)
    assert_allclose(ours, cdist(X, fitted.location_[None], "mahalanobis", VI=fitted.precision_)[:, 0] ** 2, rtol=1e-9)


@pytest.mark.parametrize("weakest", [1.0, 1e-6])
def test_wide_matrices_keep_their_digits_by_the_gram_matrix_or_without(weakest):
    rng = np.random.default_rng(5)
    u, v = (np.linalg.qr(rng.normal(size=(rows, 130)))[0] for rows in (600, 130))
    values = np.geomspace(3.0, weakest, 130)
    found = acm_dispatch.truncated_svd((u * values) @ v.T, 120, backend="numpy")
    assert_allclose(found[1], values[:120], rtol=1e-10)
    assert_allclose(np.abs(np.sum(found[2] * v.T[:120], axis=1)), 1.0, rtol=1e-9)
