"""Peers of ar1_coefficients."""

from functools import partial

import numpy as np

from . import peer


@peer("ar1_coefficients", "numpy", data="clean")
def einsum(x):
    return partial(_by_einsum, x)


def _by_einsum(x):
    mean = x.mean(axis=0)
    centred = x - mean
    products = np.einsum("ij,ij->j", centred[1:], centred[:-1])
    squares = np.einsum("ij,ij->j", centred[:-1], centred[:-1])
    return np.clip(products / squares, -0.999, 0.999), mean


@peer("ar1_coefficients", "numpy")
def column_by_column(x):
    return partial(_by_column, x)


def _by_column(x):
    phi, mu = np.empty((2, x.shape[1]), x.dtype)
    for j, column in enumerate(x.T):
        values = column[np.isfinite(column)]
        mu[j] = values.mean()
        values -= mu[j]
        phi[j] = np.clip(values[1:] @ values[:-1] / (values[:-1] @ values[:-1]), -0.999, 0.999)
    return phi, mu
