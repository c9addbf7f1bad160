"""Peers of kmeans: the same first centres, one start, Lloyd's algorithm."""

from functools import partial

import numpy as np

from . import peer


def _found(model):
    return model.cluster_centers_, model.labels_, model.inertia_


@peer("kmeans", "sklearn", finish=_found)
def lloyd(x, n_clusters, init):
    from sklearn.cluster import KMeans

    return partial(KMeans(n_clusters, init=init, n_init=1, algorithm="lloyd").fit, x)


@peer("kmeans", "intelex", finish=_found)
def intelex_lloyd(x, n_clusters, init):
    from sklearnex.cluster import KMeans

    return partial(KMeans(n_clusters, init=init, n_init=1, algorithm="lloyd").fit, x)


@peer("kmeans", "scipy", finish=lambda found: found)
def kmeans2(x, n_clusters, init):
    """Without a test for the end: the steps that scikit-learn takes are found outside the clock."""
    from scipy.cluster.vq import kmeans2
    from sklearn.cluster import KMeans

    steps = KMeans(n_clusters, init=init, n_init=1, algorithm="lloyd").fit(x).n_iter_

    def call():
        centers, labels = kmeans2(x, init, iter=steps, minit="matrix", check_finite=False)
        return centers, labels, np.square(x - centers[labels]).sum()

    return call
