"""Peers of matmul, mahalanobis and cross_sums."""

from functools import partial

import numpy as np

from . import peer


@peer("matmul", "numpy")
def product(a, b):
    return partial(np.matmul, a, b)


@peer("matmul", "numba")
def product_by_rows(a, b):
    from .numba_loops import product

    return partial(product, a, b, np.zeros(b.shape[1], b.dtype))


@peer("matmul", "torch", finish=np.asarray)
def torch_product(a, b):
    import torch

    return partial(torch.matmul, torch.from_numpy(a), torch.from_numpy(b))


@peer("mahalanobis", "numpy")
def einsum_of_three(x, mean, precision):
    def call():
        deviations = x - mean
        return np.einsum("ij,jk,ik->i", deviations, precision, deviations)

    return call


@peer("mahalanobis", "numpy")
def product_and_einsum(x, mean, precision):
    def call():
        deviations = x - mean
        return np.einsum("ij,ij->i", deviations @ precision, deviations)

    return call


@peer("mahalanobis", "numpy")
def product_and_einsum_in_blocks(x, mean, precision, rows=1024):
    def call():
        out = np.empty(len(x), x.dtype)
        for start in range(0, len(x), rows):
            deviations = x[start : start + rows] - mean
            out[start : start + rows] = np.einsum("ij,ij->i", deviations @ precision, deviations)
        return out

    return call


@peer("mahalanobis", "sklearn")
def empirical_covariance(x, mean, precision):
    from sklearn.covariance import EmpiricalCovariance

    model = EmpiricalCovariance()
    model.location_, model.precision_, model.store_precision = mean, precision, True
    return partial(model.mahalanobis, x)


@peer("mahalanobis", "numba")
def mahalanobis_by_rows(x, mean, precision):
    from .numba_loops import mahalanobis

    return partial(mahalanobis, x, mean, precision)


@peer("cross_sums", "numpy", data="clean")
def products_of_differences(x, origin):
    def call():
        shifted = x - origin
        sums = np.broadcast_to(shifted.sum(axis=0)[:, None], (x.shape[1],) * 2)
        return shifted.T @ shifted, sums, np.full((x.shape[1],) * 2, len(x))

    return call


@peer("cross_sums", "numpy", data="missing")
def products_of_masks(x, origin):
    def call():
        present = np.isfinite(x)
        shifted, present = np.where(present, x - origin, 0), present.astype(x.dtype)
        return shifted.T @ shifted, shifted.T @ present, (present.T @ present).astype(np.int64)

    return call
