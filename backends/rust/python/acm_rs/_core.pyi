"""Kernels: the number of threads first, then the operation's arguments, all by position."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["isa", "pairwise_distances_argmin", "pairwise_distances_argmin_min", "pairwise_euclidean"]

_Float = TypeVar("_Float", np.float32, np.float64)

def isa() -> str: ...
def pairwise_euclidean(
    threads: int, x: NDArray[_Float], y: NDArray[_Float] | None = None, /
) -> NDArray[_Float]: ...
def pairwise_distances_argmin(threads: int, x: NDArray[_Float], y: NDArray[_Float], /) -> NDArray[np.int64]: ...
def pairwise_distances_argmin_min(
    threads: int, x: NDArray[_Float], y: NDArray[_Float], /
) -> tuple[NDArray[np.int64], NDArray[_Float]]: ...
def silhouette_samples(threads: int, x: NDArray[_Float], codes: NDArray[np.int64], /) -> NDArray[_Float]: ...
