"""k-means equals scikit-learn's Lloyd algorithm: the draw, each step, and what becomes of empty clusters."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

import acm_dispatch

RNG = np.random.default_rng(8)
X = RNG.normal(size=(900, 6)) + 2 * RNG.normal(size=(5, 6))[RNG.integers(0, 5, size=900)]
#: Two centres that no row is nearest to.
STRAY = np.vstack([X[:3], np.full((2, 6), 1e4) * [[1], [-1]]])


@pytest.fixture(params=list(acm_dispatch.lloyd_step.kernels()))
def backend(request):
    return request.param


def assert_same(x, n_clusters, backend, **options):
    ours = acm_dispatch.kmeans(x, n_clusters, backend=backend, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = KMeans(n_clusters, algorithm="lloyd", **{"n_init": 1, **options}).fit(x)
    assert_array_equal(ours.labels, theirs.labels_)
    assert_allclose(ours.centers, theirs.cluster_centers_, rtol=1e-9, atol=1e-9)
    assert_allclose(ours.inertia, theirs.inertia_, rtol=1e-9)
    assert ours.n_iter == theirs.n_iter_
    return ours.n_iter


@pytest.mark.parametrize("max_iter", [1, 2, 3, 300])
@pytest.mark.parametrize("init", [X[:5], STRAY], ids=["rows", "stray"])
def test_steps_equal_scikit_learn(backend, init, max_iter):
    assert_same(X, 5, backend, init=init, max_iter=max_iter)
    assert_same(X, 5, backend, init=init, max_iter=max_iter, tol=0.0)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_tolerance_is_a_share_of_the_spread_as_in_scikit_learn(backend, unit):
    steps = {assert_same(unit * X, 5, backend, init=unit * X[:5], tol=tol) for tol in (0.0, 0.02, 10.0)}
    assert len(steps) == 3


def test_every_tolerance_stops_at_the_step_where_scikit_learn_stops(backend):
    x = np.random.default_rng(5).random((900, 3))  # no clusters, so that it takes many steps
    steps = {assert_same(x, 9, backend, init=x[:9], tol=tol) for tol in np.logspace(-6, 0, 40)}
    assert len(steps) > 8


def test_an_offset_changes_no_step(backend):
    assert_same(X + 1e6, 5, backend, init=X[:5] + 1e6)


@pytest.mark.parametrize("seed", range(4))
def test_draws_equal_scikit_learn(backend, seed):
    assert_same(X, 5, backend, random_state=seed)
    assert_same(X, 7, backend, random_state=seed, n_init=3)


def test_one_cluster_each_row_equals_scikit_learn(backend):
    assert_same(X[:6], 6, backend, init=X[:6])


@pytest.mark.parametrize("exponent", [-1010, -600, 600, 1015])
@pytest.mark.parametrize("start", [{"init": X[:5]}, {"init": X[[0] * 4 + [9]]}, {"random_state": 3, "n_init": 2}])
def test_the_unit_changes_no_step(backend, exponent, start):
    ordinary = acm_dispatch.kmeans(X, 5, backend=backend, **start)
    scaled = {name: np.ldexp(value, exponent) if name == "init" else value for name, value in start.items()}
    extreme = acm_dispatch.kmeans(np.ldexp(X, exponent), 5, backend=backend, **scaled)
    assert_array_equal(extreme.labels, ordinary.labels)
    assert_allclose(np.ldexp(extreme.centers, -exponent), ordinary.centers, rtol=1e-12)
    assert extreme.n_iter == ordinary.n_iter
    assert extreme.inertia == (0.0 if exponent < 0 else np.inf)


@pytest.mark.parametrize("exponent", [-110, -60, 60, 122])
def test_the_unit_changes_no_step_in_float32(backend, exponent):
    narrow = X.astype(np.float32)
    ordinary = acm_dispatch.kmeans(narrow, 5, random_state=3, backend=backend)
    extreme = acm_dispatch.kmeans(np.ldexp(narrow, exponent), 5, random_state=3, backend=backend)
    assert_array_equal(extreme.labels, ordinary.labels)
    assert_allclose(np.ldexp(extreme.centers, -exponent), ordinary.centers, rtol=1e-5)
    assert_allclose(extreme.inertia * 2.0 ** (-2 * exponent), ordinary.inertia, rtol=1e-5)
