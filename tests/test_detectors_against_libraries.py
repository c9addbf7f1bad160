"""Isolation forests score as scikit-learn's do, on its trees and on our own."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest, uniform
from sklearn.ensemble import IsolationForest as SklearnForest

import acm_dispatch

RNG = np.random.default_rng(4)
X = np.vstack([RNG.normal(size=(600, 9)), RNG.normal(size=(12, 9)) + 6])


@pytest.fixture(params=list(acm_dispatch.mean_path_length.kernels()))
def backend(request):
    return request.param


@pytest.mark.parametrize(
    "options",
    [{}, {"max_features": 4}, {"max_samples": 1}, {"max_samples": 2}, {"max_samples": 612, "bootstrap": True}],
    ids=str,
)
def test_scores_equal_scikit_learn(backend, options):
    model = SklearnForest(n_estimators=30, random_state=0, **options).fit(X)
    forest = acm_dispatch.IsolationForest.from_sklearn(model)
    fresh = 1.5 * RNG.normal(size=(333, 9))
    ours = acm_dispatch.isolation_forest_score(fresh, forest, backend=backend)
    assert_allclose(ours, model.score_samples(fresh), rtol=0, atol=1e-12)


def test_values_at_thresholds_go_left_as_in_scikit_learn(backend):
    quantised = np.round(X, 1)
    model = SklearnForest(n_estimators=30, random_state=0).fit(quantised)
    forest = acm_dispatch.IsolationForest.from_sklearn(model)
    at = np.repeat(forest.threshold[forest.feature >= 0][:, None], 9, axis=1)
    assert_allclose(
        acm_dispatch.isolation_forest_score(at, forest, backend=backend), model.score_samples(at), rtol=0, atol=1e-12
    )


def test_our_own_forest_finds_what_scikit_learns_finds():
    forest = acm_dispatch.fit_isolation_forest(X, random_state=0)
    ours = acm_dispatch.isolation_forest_score(X, forest)
    theirs = SklearnForest(random_state=0).fit(X).score_samples(X)
    assert set(np.argsort(ours)[:12]) == set(range(600, 612))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97
    assert abs(ours.mean() - theirs.mean()) < 0.01


@pytest.mark.parametrize(
    "again",
    [np.copy, np.asfortranarray, lambda x: np.repeat(x, 2, axis=0)[::2], lambda x: x.astype(np.float32), pd.DataFrame],
    ids=["C", "Fortran", "strided", "float32", "frame"],
)
def test_the_same_seed_and_values_grow_the_same_forest(again):
    x = X.astype(np.float32).astype(float)
    first, second = (acm_dispatch.fit_isolation_forest(y, n_trees=7, random_state=11) for y in (x, again(x)))
    for mine, other in zip(first, second, strict=True):
        assert_array_equal(mine, other)


def test_nodes_split_at_uniform_places_within_the_range_of_their_rows():
    """Of three values the root parts one off, and its child the other two."""
    forest = acm_dispatch.fit_isolation_forest([[0.0], [3.0], [10.0]], n_trees=4000, random_state=0)
    of_roots, left = forest.threshold[forest.roots], forest.left[forest.roots]
    assert kstest(of_roots, uniform(0, 10).cdf).pvalue > 1e-3
    early = of_roots < 3
    assert kstest(forest.threshold[left[early] + 1], uniform(3, 7).cdf).pvalue > 1e-3
    assert kstest(forest.threshold[left[~early]], uniform(0, 3).cdf).pvalue > 1e-3


def test_columns_of_which_few_vary_split_within_their_range():
    """Most draws find a constant column, so all are looked at."""
    x = np.ones((2, 300))
    x[:, 7], x[:, 200] = [0.0, 1.0], [50.0, 90.0]
    forest = acm_dispatch.fit_isolation_forest(x, n_trees=4000, random_state=0)
    feature, threshold = forest.feature[forest.roots], forest.threshold[forest.roots]
    assert set(feature) == {7, 200}
    assert abs((feature == 7).mean() - 0.5) < 0.04
    assert kstest(threshold[feature == 7], uniform(0, 1).cdf).pvalue > 1e-3
    assert kstest(threshold[feature == 200], uniform(50, 40).cdf).pvalue > 1e-3


def test_constant_data_is_one_leaf_a_tree():
    forest = acm_dispatch.fit_isolation_forest(np.ones((50, 3)), n_trees=4, random_state=0)
    assert_array_equal(forest.feature, [-1] * 4)
    assert_allclose(acm_dispatch.isolation_forest_score(np.zeros((2, 3)), forest), [-0.5, -0.5])


@pytest.mark.parametrize("mistake", [{"x": np.empty((0, 3))}, {"n_trees": 0}, {"max_samples": 0}, {"x": [[np.nan]]}])
def test_mistakes_are_refused(mistake):
    arguments = {"x": X, **mistake}
    with pytest.raises(acm_dispatch.InvalidInput) as caught:
        acm_dispatch.fit_isolation_forest(arguments.pop("x"), **arguments)
    assert caught.value.argument == next(iter(mistake))


def test_what_is_no_fitted_forest_or_beyond_float32_is_refused():
    with pytest.raises(acm_dispatch.InvalidInput, match="fitted"):
        acm_dispatch.IsolationForest.from_sklearn(SklearnForest())
    with pytest.raises(acm_dispatch.InvalidInput, match="float32"):
        acm_dispatch.fit_isolation_forest([[1e300], [2e300], [0.0]])
