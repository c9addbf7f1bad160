"""Peers of sparse_correlation and of products of CSR matrices."""

from functools import partial

import numpy as np

from ..arguments import THRESHOLD
from . import peer


@peer("sparse_correlation", "numpy")
def dense_corrcoef(x):
    from scipy.sparse import csr_array

    def call():
        dense = np.corrcoef(x, rowvar=False)
        dense[np.abs(dense) < THRESHOLD] = 0
        return csr_array(dense)

    return call


def _matrix(data, indices, indptr, columns):
    from scipy.sparse import csr_array

    return csr_array((data, indices, indptr), shape=(len(indptr) - 1, columns))


@peer("csr_matvec", "scipy")
def scipy_csr_times_vector(data, indices, indptr, v):
    return partial(_matrix(data, indices, indptr, len(v)).__matmul__, v)


@peer("csr_matmul", "scipy")
def scipy_csr_times_matrix(data, indices, indptr, b):
    return partial(_matrix(data, indices, indptr, len(b)).__matmul__, b)


@peer("csr_matvec", "torch", finish=lambda result: result.numpy())
def torch_csr_times_vector(data, indices, indptr, v):
    return _torch_product(data, indices, indptr, v)


@peer("csr_matmul", "torch", finish=lambda result: result.numpy())
def torch_csr_times_matrix(data, indices, indptr, b):
    return _torch_product(data, indices, indptr, b)


def _torch_product(data, indices, indptr, other):
    import torch

    parts = [torch.from_numpy(array) for array in (indptr, indices, data)]
    matrix = torch.sparse_csr_tensor(*parts, size=(len(indptr) - 1, len(other)))
    return partial(matrix.matmul, torch.from_numpy(other))


@peer("csr_matmul", "numba")
def numba_rows(data, indices, indptr, b):
    from .numba_loops import csr_matmul

    return partial(csr_matmul, data, indices, indptr, b)
