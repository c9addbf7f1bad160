"""Peers of pairwise_euclidean and pairwise_distances_argmin. The Gram forms lose digits away from the origin."""

from functools import partial

import numpy as np

from . import peer


@peer("pairwise_euclidean", "numpy")
def gram(x, y):
    return partial(_gram_distances, x, y)


def _gram_distances(x, y):
    squares = x @ y.T
    squares *= -2
    squares += np.einsum("ij,ij->i", x, x)[:, None]
    squares += np.einsum("ij,ij->i", y, y)
    np.maximum(squares, 0, out=squares)
    return np.sqrt(squares, out=squares)


@peer("pairwise_euclidean", "scipy")
def cdist(x, y):
    from scipy.spatial.distance import cdist

    return partial(cdist, x, y)


@peer("pairwise_euclidean", "sklearn")
def euclidean_distances(x, y):
    from sklearn.metrics.pairwise import euclidean_distances

    return partial(euclidean_distances, x, y)


@peer("pairwise_euclidean", "sklearn")
def pairwise_distances_n_jobs_2(x, y):
    from sklearn.metrics import pairwise_distances

    return partial(pairwise_distances, x, y, n_jobs=2)


@peer("pairwise_euclidean", "intelex")
def pairwise_distances(x, y):
    from sklearnex.metrics import pairwise_distances

    return partial(pairwise_distances, x, y)


@peer("pairwise_euclidean", "numba")
def fastmath_loops(x, y):
    from .numba_loops import pairwise_euclidean

    return partial(pairwise_euclidean, x, y)


@peer("pairwise_euclidean", "simsimd", finish=np.asarray)
def cdist_1_thread(x, y):
    import simsimd

    return partial(simsimd.cdist, x, y, metric="euclidean")


@peer("pairwise_euclidean", "simsimd", finish=np.asarray)
def cdist_2_threads(x, y):
    import simsimd

    return partial(simsimd.cdist, x, y, metric="euclidean", threads=2)


@peer("pairwise_euclidean", "faiss", dtypes=("float32",))
def pairwise_distances_and_root(x, y):
    import faiss

    def call():
        squares = faiss.pairwise_distances(x, y)
        return np.sqrt(squares, out=squares)

    return call


@peer("pairwise_euclidean", "torch", finish=np.asarray)
def torch_cdist(x, y):
    import torch

    return partial(torch.cdist, torch.from_numpy(x), torch.from_numpy(y))


@peer("pairwise_distances_argmin", "numpy")
def gram_argmin(x, y):
    def call():
        scores = x @ y.T
        scores *= -2
        scores += np.einsum("ij,ij->i", y, y)
        return scores.argmin(axis=1)

    return call


@peer("pairwise_distances_argmin", "scipy")
def cdist_argmin(x, y):
    from scipy.spatial.distance import cdist

    return lambda: cdist(x, y).argmin(axis=1)


@peer("pairwise_distances_argmin", "sklearn")
def pairwise_distances_argmin(x, y):
    from sklearn.metrics import pairwise_distances_argmin

    return partial(pairwise_distances_argmin, x, y)


@peer("pairwise_distances_argmin", "sklearn")
def kmeans_predict(x, y):
    from sklearn.cluster import KMeans

    return _predict(KMeans, x, y)


@peer("pairwise_distances_argmin", "intelex")
def intelex_kmeans_predict(x, y):
    from sklearnex.cluster import KMeans

    return _predict(KMeans, x, y)


def _predict(estimator, x, y):
    """An estimator whose centres are the rows of `y`; fitted on each of them twice, as fitting wants more rows."""
    fitted = estimator(n_clusters=len(y), init=y, n_init=1, max_iter=1).fit(np.repeat(y, 2, axis=0))
    fitted.cluster_centers_ = y
    return partial(fitted.predict, x)


@peer("pairwise_distances_argmin", "numba")
def fastmath_argmin(x, y):
    from .numba_loops import pairwise_distances_argmin

    return partial(pairwise_distances_argmin, x, y)


@peer("pairwise_distances_argmin", "torch", finish=np.asarray)
def torch_cdist_argmin(x, y):
    import torch

    x, y = torch.from_numpy(x), torch.from_numpy(y)
    return lambda: torch.cdist(x, y).argmin(dim=1)
