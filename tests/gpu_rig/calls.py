"""Calls of every fused kernel on shapes that are multiples of nothing, each held to NumPy."""

from __future__ import annotations

from typing import Any

import column_calls
import numpy as np
import rolling_calls
from acm_cupy.cuda.distances import (
    argmin_by_tiles,
    argmin_min_by_tiles,
    assigned_distances_by_half_warps,
    pairwise_euclidean_by_tiles,
)
from acm_cupy.cuda.kmeans import lloyd_step_by_chunks
from acm_cupy.cuda.silhouette import silhouettes_by_tiles

import acm_dispatch

#: Threads and blocks forward, backward, and backward with the threads shuffled at each barrier.
SCHEDULES = ("0", "1", "2")

_N, _M, _D = 150, 130, 19


def _rows(dtype: str) -> tuple[Any, Any]:
    """With ties between threads, within one, and between tiles."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(_N, _D)), rng.normal(size=(_M, _D))
    y[5] = y[17] = y[100] = y[1]
    y[66] = y[2]
    x[7], x[9] = y[1], y[66]
    return x.astype(dtype), y.astype(dtype)


def _extreme_rows() -> tuple[Any, Any]:
    """Most squares of differences leave the range."""
    rng = np.random.default_rng(2)
    sizes = np.repeat([1e-300, 1e-200, 1e-165, 1.0, 1e165, 1e200, 1e300], 10)[:, None]
    x, y = sizes * rng.normal(size=(70, 5)), sizes * rng.normal(size=(70, 5))
    x[3], x[40] = y[68], y[5]
    return x, y


def _tolerance(dtype: str) -> dict[str, float]:
    return {"rtol": 1e-12, "atol": 1e-14} if dtype == "float64" else {"rtol": 1e-6, "atol": 1e-6}


def pairwise(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, y = _rows(dtype)
    wanted = acm_dispatch.pairwise_euclidean.operation.body
    found = pairwise_euclidean_by_tiles(xp, x, y)
    np.testing.assert_allclose(found, wanted(x.astype("f8"), y.astype("f8")), **_tolerance(dtype))
    return (found,)


def pairwise_with_itself(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, _ = _rows(dtype)
    found = pairwise_euclidean_by_tiles(xp, x, None)
    np.testing.assert_array_equal(found, found.T)
    assert not found.diagonal().any()
    wanted = acm_dispatch.pairwise_euclidean.operation.body(x.astype("f8"))
    np.testing.assert_allclose(found, wanted, **_tolerance(dtype))
    return (found,)


def pairwise_of_every_size(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, y = _extreme_rows()
    wanted = acm_dispatch.pairwise_euclidean.operation.body
    both = np.vstack([x, y])
    found = pairwise_euclidean_by_tiles(xp, x, y), pairwise_euclidean_by_tiles(xp, both, None)
    np.testing.assert_allclose(found[0], wanted(x, y), rtol=1e-12)
    np.testing.assert_allclose(found[1], wanted(both), rtol=1e-12)
    return found


def nearest(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _nearest(xp, *_rows(dtype), dtype)


def nearest_of_every_size(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _nearest(xp, *_extreme_rows(), "float64")


@np.errstate(over="ignore")
def _nearest(xp: Any, x: Any, y: Any, dtype: str) -> tuple[Any, ...]:
    indices, distances = acm_dispatch.pairwise_distances_argmin_min.operation.body(x.astype("f8"), y.astype("f8"))
    found = argmin_min_by_tiles(xp, x, y)
    np.testing.assert_array_equal(found[0], indices)
    np.testing.assert_array_equal(argmin_by_tiles(xp, x, y), indices)
    np.testing.assert_allclose(found[1], distances, rtol=_tolerance(dtype)["rtol"])
    return found


def assigned(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, y = _rows(dtype)
    labels = np.arange(_N) * 7 % (_M + 5) - 2
    wanted = acm_dispatch.assigned_distances.operation.body(x.astype("f8"), y.astype("f8"), labels)
    found = assigned_distances_by_half_warps(xp, x, y, labels)
    np.testing.assert_allclose(found, wanted, **_tolerance(dtype))
    return (found,)


def lloyd(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, y = _rows(dtype)
    centers = np.vstack([y[:9], np.full((1, _D), 1e3, dtype)])  # of the last one there are no rows
    labels, means, sizes = lloyd_step_by_chunks(xp, x, centers)
    wanted = acm_dispatch.lloyd_step.operation.body(x.astype("f8"), centers.astype("f8"))
    np.testing.assert_array_equal(labels, wanted[0])
    np.testing.assert_allclose(means, wanted[1], **_tolerance(dtype))
    np.testing.assert_array_equal(sizes, wanted[2])
    return labels, means, sizes


def lloyd_in_chunks(xp: Any, dtype: str) -> tuple[Any, ...]:
    """Rows enough for two chunks, and columns for two blocks."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4200, 33)).astype(dtype)
    labels, means, sizes = lloyd_step_by_chunks(xp, x, x[:2].copy())
    wanted = [x[labels == k].mean(axis=0, dtype="f8") for k in range(2)]
    np.testing.assert_allclose(means, wanted, **_tolerance(dtype))
    np.testing.assert_array_equal(sizes, np.bincount(labels))
    return labels, means, sizes


def silhouettes(xp: Any, dtype: str) -> tuple[Any, ...]:
    x, _ = _rows(dtype)
    codes = np.random.default_rng(4).permutation(np.repeat([0, 1, 2, 3], [70, 64, 15, 1]))
    wanted = acm_dispatch.silhouette_samples.operation.body(x.astype("f8"), codes)
    found = silhouettes_by_tiles(xp, x, codes)
    np.testing.assert_allclose(found, wanted, **_tolerance(dtype))
    return (found,)


#: With each, how many kernels it may launch.
CALLS = {
    pairwise: 1,
    pairwise_with_itself: 1,
    pairwise_of_every_size: 2,
    nearest: 2,
    nearest_of_every_size: 2,
    assigned: 1,
    lloyd: 3,
    lloyd_in_chunks: 3,
    silhouettes: 2,  # and one sort of labels, CuPy's
    **column_calls.CALLS,
    **rolling_calls.CALLS,
}
