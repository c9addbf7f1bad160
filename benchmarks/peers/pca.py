"""Peers of truncated_svd and of principal component models. Gram forms lose digits of the weaker directions."""

from functools import partial

import numpy as np

from . import peer


def _leading(u, s, vt, n_components):
    return u[:, :n_components], s[:n_components], vt[:n_components]


def _by_gram(x, n_components):
    values, vectors = np.linalg.eigh(x.T @ x)
    s = np.sqrt(np.maximum(values[: -n_components - 1 : -1], 0))
    v = vectors[:, : -n_components - 1 : -1]
    return x @ v / s, s, v.T


def _by_qr(x, n_components):
    q, r = np.linalg.qr(x)
    u, s, vt = np.linalg.svd(r)
    return q @ u[:, :n_components], s[:n_components], vt[:n_components]


@peer("truncated_svd", "numpy")
def gram_eigh(x, n_components):
    return partial(_by_gram, x, n_components)


@peer("truncated_svd", "numpy")
def qr_and_svd(x, n_components):
    return partial(_by_qr, x, n_components)


@peer("truncated_svd", "numpy")
def full_svd(x, n_components):
    return lambda: _leading(*np.linalg.svd(x, full_matrices=False), n_components)


@peer("truncated_svd", "scipy")
def scipy_svd(x, n_components):
    from scipy.linalg import svd

    return lambda: _leading(*svd(x, full_matrices=False, check_finite=False), n_components)


@peer("truncated_svd", "sklearn")
def arpack(x, n_components):
    from sklearn.decomposition import TruncatedSVD

    def call():
        model = TruncatedSVD(n_components, algorithm="arpack")
        scores = model.fit_transform(x)
        return scores / model.singular_values_, model.singular_values_, model.components_

    return call


@peer("truncated_svd", "torch", finish=lambda parts: tuple(map(np.asarray, parts)))
def torch_svd(x, n_components):
    import torch

    x = torch.from_numpy(x)
    return lambda: _leading(*torch.linalg.svd(x, full_matrices=False), n_components)


@peer("pca_fit", "numpy")
def centred_gram_eigh(x, n_components):
    def call():
        mean = x.mean(axis=0)
        centred = x - mean
        values, vectors = np.linalg.eigh(centred.T @ centred)
        return mean, vectors[:, : -n_components - 1 : -1].T, values[: -n_components - 1 : -1] / (len(x) - 1)

    return call


@peer("pca_fit", "numpy")
def centred_qr_and_svd(x, n_components):
    def call():
        mean = x.mean(axis=0)
        _, s, vt = np.linalg.svd(np.linalg.qr(x - mean, mode="r"))
        return mean, vt[:n_components], s[:n_components] ** 2 / (len(x) - 1)

    return call


def _fitted(model):
    return model.mean_, model.components_, model.explained_variance_


@peer("pca_fit", "sklearn", finish=_fitted)
def pca_auto(x, n_components):
    from sklearn.decomposition import PCA

    return partial(PCA(n_components).fit, x)


@peer("pca_fit", "sklearn", finish=_fitted)
def pca_full(x, n_components):
    from sklearn.decomposition import PCA

    return partial(PCA(n_components, svd_solver="full").fit, x)


@peer("pca_fit", "intelex", finish=_fitted)
def intelex_pca(x, n_components):
    from sklearnex.decomposition import PCA

    return partial(PCA(n_components).fit, x)


@peer("pca_reconstruct", "numpy")
def product_plus_mean(scores, components, mean):
    return lambda: scores @ components + mean


@peer("pca_reconstruct", "numpy")
def product_and_mean_in_place(scores, components, mean):
    def call():
        rebuilt = scores @ components
        rebuilt += mean
        return rebuilt

    return call


@peer("pca_reconstruct", "numba")
def rebuilt_by_rows(scores, components, mean):
    from .numba_loops import product

    return partial(product, scores, components, mean)


@peer("pca_spe_t2", "numpy")
def scores_and_errors(x, model):
    weights = 1 / np.maximum(model.explained_variance, 1e-12)

    def call():
        errors = x - model.mean
        scores = errors @ model.components.T
        t2 = (scores * scores) @ weights
        errors -= scores @ model.components
        return np.einsum("ij,ij->i", errors, errors), t2

    return call


@peer("pca_spe_t2", "sklearn")
def transform_and_inverse_transform(x, model):
    from sklearn.decomposition import PCA

    pca = PCA(len(model.components)).fit(np.eye(x.shape[1], dtype=x.dtype))
    pca.mean_, pca.components_, pca.explained_variance_ = model

    def call():
        scores = pca.transform(x)
        errors = x - pca.inverse_transform(scores)
        return (errors**2).sum(axis=1), (scores**2 / pca.explained_variance_).sum(axis=1)

    return call


@peer("pca_spe_t2", "numba")
def judged_by_rows(x, model):
    from .numba_loops import spe_t2

    return partial(spe_t2, x, *model)
