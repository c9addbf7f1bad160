"""Models know the columns that they were made from: their number, and a frame's names in order."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.ensemble import IsolationForest as SklearnForest

import acm_dispatch as acm

VALUES = np.random.default_rng(8).normal(size=(60, 3))
FRAME = pd.DataFrame(VALUES, columns=["temperature", "pressure", "speed"])
SWAPPED = FRAME[["pressure", "temperature", "speed"]]
RENAMED = FRAME.rename(columns={"speed": "flow"})


def _pca(frame):
    return acm.pca_fit(frame, 2)


def _forest(frame):
    return acm.fit_isolation_forest(frame, n_trees=5, random_state=0)


def _sklearn_forest(frame):
    return acm.IsolationForest.from_sklearn(SklearnForest(n_estimators=5, random_state=0).fit(frame))


USES = {
    "pca": (_pca, acm.pca_spe_t2, "model"),
    "forest": (_forest, acm.isolation_forest_score, "forest"),
    "sklearn_forest": (_sklearn_forest, acm.isolation_forest_score, "forest"),
}
each_model = pytest.mark.parametrize(("fit", "use", "argument"), USES.values(), ids=USES)


@each_model
@pytest.mark.parametrize("library", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas])
def test_other_columns_are_refused(fit, use, argument, library):
    model = fit(FRAME)
    assert model.feature_names == ("temperature", "pressure", "speed")
    for frame in (SWAPPED, RENAMED):
        with pytest.raises(acm.InvalidInput, match="expected the same labels in that order") as caught:
            use(library(frame), model)
        assert caught.value.argument == argument
    np.testing.assert_array_equal(use(library(FRAME), model), use(VALUES, model))


@each_model
def test_without_names_columns_count_by_position(fit, use, argument):
    for data in (VALUES, pd.DataFrame(VALUES), VALUES.astype("float32")):
        assert fit(data).feature_names is None
        use(SWAPPED, fit(data))
        use(data, fit(FRAME))


@each_model
@pytest.mark.parametrize("width", [1, 2, 4, 9])
def test_another_number_of_columns_is_refused(fit, use, argument, width):
    with pytest.raises(acm.InvalidInput, match=r"columns|shape") as caught:
        use(np.zeros((4, width)), fit(VALUES))
    assert caught.value.argument == argument


@pytest.mark.parametrize("fit", [_pca, _forest, _sklearn_forest])
def test_models_keep_their_names_when_they_are_copied(fit):
    model = fit(FRAME)
    for again in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model), model._replace()):
        assert type(again) is type(model)
        assert again.feature_names == model.feature_names


def test_a_fit_is_still_a_tuple_of_three_arrays():
    mean, components, variance = acm.pca_fit(FRAME, 2)
    assert (mean.shape, components.shape, variance.shape) == ((3,), (2, 3), (2,))


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "256", None, np.nan])
def test_a_forest_was_grown_on_a_number_of_rows(wrong):
    forest = _forest(VALUES)._replace(max_samples=wrong)
    with pytest.raises(acm.InvalidInput, match="`forest` has a `max_samples` that") as caught:
        acm.isolation_forest_score(VALUES, forest)
    assert caught.value.argument == "forest"
