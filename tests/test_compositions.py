"""Compositions explain, plan and promise what they are made of."""

import numpy as np
import pandas
import pytest

import acm_dispatch
from acm_dispatch import DeclarationError, InvalidInput, OperationNotFoundError, impute, registry, use
from acm_dispatch.contract.samples import Samples
from acm_dispatch.execution.composition import composition

X = np.random.default_rng(0).normal(size=(40, 3))
COMPOSITIONS = list(registry.compositions.values())
IDS = [composed.name for composed in COMPOSITIONS]


def _typical(composed):
    return dict(composed.samples.typical(np.random.default_rng(0), 60))


@pytest.mark.parametrize("composed", COMPOSITIONS, ids=IDS)
def test_the_explanation_is_of_the_calls_that_are_made(composed):
    arguments = _typical(composed)
    explained = composed.function.explain(**arguments)
    with acm_dispatch.trace() as trace:
        composed.function(**arguments)
    assert set(explained.parts) == {record.operation for record in trace.records} <= set(composed.operations)
    assert set(explained.chosen.items()) <= {(record.operation, record.backend) for record in trace.records}
    assert acm_dispatch.explain(composed.name, **arguments) == explained
    assert acm_dispatch.explain(composed.function, **arguments) == explained
    text = str(explained)
    assert text.startswith(f"{composed.name} is made of\n")
    assert all(str(part) in text for part in explained.parts.values())


@pytest.mark.parametrize("composed", COMPOSITIONS, ids=IDS)
def test_the_explanation_heeds_policy_and_keyword(composed):
    arguments = _typical(composed)
    with use("numpy"):
        assert set(composed.function.explain(**arguments).chosen.values()) == {"numpy"}
    named = composed.function.explain(**arguments, backend="numpy")
    assert set(named.chosen.values()) == {"numpy"}
    assert all(set(verdicts) == {"numpy"} for verdicts in named.verdicts.values())
    assert set(named.decided_by) == set(named.parts)


@pytest.mark.parametrize("composed", COMPOSITIONS, ids=IDS)
def test_contract_and_plans_are_those_of_the_operations(composed):
    contracts = {name: acm_dispatch.__dict__[name].contract for name in composed.operations}
    assert composed.function.contract == contracts
    arguments = _typical(composed)
    plans = composed.function.plan(**arguments)
    assert {name: plan.backend for name, plan in plans.items()} == composed.function.explain(**arguments).chosen


def test_a_plan_runs():
    plan = acm_dispatch.pca_spe_t2.plan(X, acm_dispatch.pca_fit(X, 2))["spe_t2"]
    model = acm_dispatch.pca_fit(X, 2)
    for actual, wanted in zip(plan(X, *model), acm_dispatch.pca_spe_t2(X, model), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-12)


def test_kmeans_explains_its_draw_only_where_it_draws():
    assert "pairwise_euclidean" in acm_dispatch.kmeans.explain(X, 3).parts
    given = acm_dispatch.kmeans.explain(X, 3, init=X[:3])
    assert list(given.parts) == ["lloyd_step", "pairwise_distances_argmin_min"]
    assert given.parts["lloyd_step"].dims == {"n": 40, "d": 3, "k": 3}


def test_a_silhouette_of_a_sample_is_explained_at_its_size():
    labels = np.arange(40) % 4
    assert acm_dispatch.silhouette_score.explain(X, labels, sample_size=9).parts["silhouette_samples"].dims["n"] == 9
    assert acm_dispatch.silhouette_score.explain(X, labels).parts["silhouette_samples"].dims["n"] == 40


@pytest.mark.parametrize(
    ("explain", "message"),
    [
        (lambda: acm_dispatch.explain("kmeans", [["a"]], 3), "^kmeans: `x` has dtype"),
        (lambda: acm_dispatch.kmeans.explain(X, 0), "^kmeans: `n_clusters` is 0; expected at least 1"),
        (lambda: acm_dispatch.kmeans.explain(X, 2, init=X[:2, :2]), "^kmeans: `init` has shape"),
        (lambda: acm_dispatch.kmeans.plan(X[0], 2), "^kmeans: `x` has shape"),
        (lambda: acm_dispatch.pca_spe_t2.explain(X, 3), "^pca_spe_t2: `model` is not a PCAModel"),
        (lambda: acm_dispatch.silhouette_score.explain(X, [0, 1]), "^silhouette_score: `labels` has shape"),
        (lambda: acm_dispatch.sparse_matmul.explain(X, X), "^sparse_matmul: `a` is a ndarray"),
        (lambda: acm_dispatch.quantiles.explain(X, 2.0), "^quantiles: `q` is"),
        (
            lambda: acm_dispatch.kmeans.explain(
                pandas.DataFrame(X, columns=list("abc")), 2, init=pandas.DataFrame(X[:2], columns=list("abz"))
            ),
            "^kmeans: `init` is labelled",
        ),
    ],
)
def test_arguments_are_blamed_as_in_a_call(explain, message):
    with pytest.raises(InvalidInput, match=message):
        explain()


def test_wrong_signatures_are_type_errors():
    with pytest.raises(TypeError, match="n_clusters"):
        acm_dispatch.kmeans.explain(X)
    with pytest.raises(TypeError, match="typo"):
        acm_dispatch.explain("kmeans", X, 3, typo=1)


def test_what_is_unknown_is_compared_with_compositions_too():
    with pytest.raises(OperationNotFoundError, match="no operation is called 'kmean'; did you mean 'kmeans'"):
        acm_dispatch.explain("kmean", X, 3)


@pytest.fixture
def own_compositions():
    before = dict(registry.compositions)
    yield
    registry.compositions.clear()
    registry.compositions.update(before)


def test_compositions_of_others_are_explained_by_the_names_of_their_arguments(own_compositions):
    @composition(impute, samples=Samples(lambda rng, n: {"x": X}))
    def toy_filled(x, fill=None, *, backend=None):
        return impute(x, fill, backend=backend).sum()

    assert toy_filled(X) == X.sum()
    assert list(toy_filled.explain(X, X[0]).parts) == ["impute"]

    @composition(impute, samples=Samples(lambda rng, n: {"data": X}))
    def toy_renamed(data, *, backend=None):
        return impute(data, backend=backend)

    with pytest.raises(
        DeclarationError, match=r"^toy_renamed: needs calls=, since `x` of impute is none of its arguments"
    ):
        toy_renamed.explain(X)
