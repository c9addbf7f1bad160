"""Peers of isolation_forest_score: the same trees, which scikit-learn grew."""

from functools import partial

import numpy as np

from ..arguments import forest_model
from . import peer


@peer("isolation_forest_score", "sklearn")
def score_samples(x, forest):
    return partial(forest_model(x).score_samples, x)


@peer("isolation_forest_score", "sklearn")
def score_samples_in_two_threads(x, forest):
    import joblib

    model = forest_model(x).set_params(n_jobs=2)

    def call():
        with joblib.parallel_backend("threading", n_jobs=2):
            return model.score_samples(x)

    return call


@peer("isolation_forest_score", "numba")
def flattened_trees(x, forest):
    from acm_dispatch.ops.isolation_trees import average_path_length

    from .numba_loops import mean_path_length

    usual = float(average_path_length(forest.max_samples))
    nodes = forest[:5]
    return lambda: -(2.0 ** -(mean_path_length(x, *nodes) / usual))


@peer("isolation_forest_score", "treelite")
def general_tree_inference(x, forest):
    import treelite

    model = treelite.sklearn.import_model(forest_model(x))
    return lambda: -treelite.gtil.predict(model, x.astype(np.float32), nthread=2).reshape(-1)
