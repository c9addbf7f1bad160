"""Clusters around means, and the step that finds them."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract.arrays import ArrayLike, canonicalise, is_finite, not_finite
from ..contract.options import integer, real
from ..contract.parts import Arguments, Count, Fold, Found, Iterative, Passes, Rows, Step, Take
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..contract.shapes import measure
from ..errors import InvalidInput
from ..execution.composition import composition
from ..execution.operation import operation
from .distances import assert_as_near, pairwise_distances_argmin, pairwise_distances_argmin_min, pairwise_euclidean
from .random_state import random_source


def groups(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Rows around 8 places; the centres are 8 of the rows."""
    x = rng.normal(size=(n, 50)) + 4 * rng.normal(size=(8, 50))[np.arange(n) % 8]
    return {"x": x, "centers": x[:8].copy()}


_steps = Samples(groups)


@_steps.case
def centre_without_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(50, 3)), "centers": np.array([[1e3, 0.0, 0.0], [0.0, 0.1, 0.2], [-1e3, 5.0, 5.0]])}


@_steps.case
def duplicate_centres(rng: np.random.Generator) -> dict[str, Any]:
    """The first of equals takes all rows."""
    return {"x": rng.normal(size=(64, 4)), "centers": np.repeat(rng.normal(size=(3, 4)), 2, axis=0)}


@_steps.case
def far_from_the_origin(rng: np.random.Generator) -> dict[str, Any]:
    x = 1e6 + rng.normal(size=(300, 7))
    return {"x": x, "centers": x[::60].copy()}


@_steps.case
def one_cluster(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5001, 3)), "centers": np.zeros((1, 3))}


@_steps.case
def sums_beyond_the_largest_number(rng: np.random.Generator) -> dict[str, Any]:
    """Their means are not."""
    x = rng.choice([-1.0, 1.0], size=(60, 1)) * rng.uniform(0.6, 0.9, size=(60, 3)) * 1e308
    return {"x": x, "centers": np.array([[-1e308] * 3, [1e308] * 3, [0.0] * 3])}


@_steps.case
def groups_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    places = np.array([1e-300, 1e-200, 1e-160, 1.0, 1e160, 1e300])[:, None] * np.ones(3)
    return {"x": np.repeat(places, 20, axis=0) * rng.uniform(0.8, 1.2, size=(120, 3)), "centers": places}


@_steps.mistake("x")
def missing_in_both(rng: np.random.Generator) -> dict[str, Any]:
    """The first array is to blame."""
    x = rng.normal(size=(3000, 2))
    x[-1, 1] = np.nan
    return {"x": x, "centers": np.array([[0.0, np.inf], [1.0, 1.0]])}


@_steps.mistake("centers")
def missing_in_the_centres_of_no_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.empty((0, 2)), "centers": np.array([[1.0, np.nan]])}


@_steps.mistake("centers")
def no_centres(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(3, 2)), "centers": np.empty((0, 2))}


def _assert_step(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """Labels of nearest rows, up to rounding, and the means and sizes of the clusters that they make."""
    labels, means, sizes = actual
    x, centers = arguments["x"], arguments["centers"]
    assert_as_near(labels, expected[0], x, centers)
    np.testing.assert_array_equal(sizes, np.bincount(labels, minlength=len(centers)))
    wanted = expected[1] if np.array_equal(labels, expected[0]) else _means(x, labels, centers)
    np.testing.assert_allclose(means, wanted, rtol=rtol, atol=atol)


class ClusterMeans(NamedTuple):
    """Means of the rows nearest to each centre, in float64, and how many these are."""

    means: Any
    sizes: Any


def cluster_means(x: Any, centers: Any) -> ClusterMeans:
    """Of a block."""
    wide = (array.astype(np.float64, copy=False) for array in (x, centers))
    return ClusterMeans(*map(to_host, lloyd_step(*wide)[1:]))


def cluster_means_merged(first: ClusterMeans, second: ClusterMeans) -> ClusterMeans:
    """By shares, as the sum of rows may be more than the largest number."""
    sizes = first.sizes + second.sizes
    share = (second.sizes / np.maximum(sizes, 1))[:, None]
    means = first.means * (1 - share) + second.means * share
    return ClusterMeans(means, sizes)


def _means_of_block(arguments: Arguments, _: Found) -> ClusterMeans:
    return cluster_means(arguments["x"], arguments["centers"])


def _as_it_is(total: ClusterMeans, _: Arguments, __: Found) -> ClusterMeans:
    return total


def _nearest_centres(arguments: Arguments, _: Found, __: int) -> Any:
    return pairwise_distances_argmin(arguments["x"], arguments["centers"])


def _without_labels(found: Found) -> tuple[Any, Any]:
    return tuple(found[0])


@operation(
    "n d, k d -> int n, k d, int k",
    work="n * k * d",
    nan="forbid",
    samples=_steps,
    agrees=_assert_step,
    homogeneous="x, centers -> 0, 1, 0",
    parts=Passes((Fold(_means_of_block, cluster_means_merged, _as_it_is),), Rows(_nearest_centres), _without_labels),
)
def lloyd_step(
    x: ArrayLike, centers: ArrayLike, *, backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """One step of Lloyd's algorithm: each row to its nearest centre, each centre to the mean of its rows.

    Parameters
    ----------
    x : array of shape (n, d)
    centers : array of shape (k, d)
        At least one row.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    labels : ndarray of shape (n,), int64
        The nearest row of `centers`, the first among equally near ones, as `pairwise_distances_argmin` finds it.
    means : ndarray of shape (k, d)
        Of the rows with each label, summed in float64; a centre without rows stays where it is.
    sizes : ndarray of shape (k,), int64
        Rows with each label.

    Raises
    ------
    InvalidInput
        If an array is not a real matrix or holds NaN or infinity, they differ in columns, or `centers` has no rows.

    References
    ----------
    S. P. Lloyd (1982), Least squares quantization in PCM.

    Examples
    --------
    >>> lloyd_step([[0.0], [1.0], [9.0]], [[2.0], [8.0]])
    (array([0, 0, 1]), array([[0.5],
           [9. ]]), array([2, 1]))
    """
    if len(centers) == 0:
        raise InvalidInput("lloyd_step", "centers", "has no rows; expected at least one")
    labels = pairwise_distances_argmin.operation.body(x, centers)
    return labels, _means(x, labels, centers), np.bincount(labels, minlength=len(centers))


def _means(x: Any, labels: Any, centers: Any) -> Any:
    """Of the rows with each label; a centre without rows as it is."""
    means = [_mean(x[labels == k]) if k in labels else center for k, center in enumerate(centers)]
    return np.array(means).reshape(centers.shape)


def _mean(rows: Any) -> Any:
    """Mean of each column, also where their sum overflows."""
    mean = rows.mean(axis=0)
    return np.where(np.isfinite(mean), mean, (rows * 2.0**-64).mean(axis=0) * 2.0**64)


class KMeansResult(NamedTuple):
    """What `kmeans` finds.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, d)
        Means of the clusters.
    labels : ndarray of shape (n,), int64
        The cluster of each row.
    inertia : float
        Sum of squared distances of the rows to their centres.
    n_iter : int
        Steps taken.
    """

    centers: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    inertia: float
    n_iter: int


def _clusters(rng: np.random.Generator, n: int) -> dict[str, Any]:
    x = groups(rng, n)["x"]
    return {"x": x, "n_clusters": 8, "init": x[:8].copy()}


_runs = Samples(_clusters)


@_runs.drawn("n d k")
def _runs_of_any_size(drawn: Patterns) -> dict[str, Any]:
    """From rows, some of which may be equal, or from drawn ones; mostly few steps, as many end by a tie."""
    n, d, k = drawn.sizes("n d k")
    x, rng = drawn.real(n, d), drawn.rng
    n_clusters = max(min(k, n), 1)
    init = "k-means++" if rng.random() < 0.5 or n == 0 else x[rng.integers(0, n, size=n_clusters)]
    numbers = {"n_init": int(rng.integers(1, 3)), "max_iter": int(rng.choice([1, 2, 5, 300]))}
    tol = float(rng.choice([0.0, 1e-4, 0.1]))
    return {
        "x": x,
        "n_clusters": n_clusters,
        "init": init,
        **numbers,
        "tol": tol,
        "random_state": int(rng.integers(99)),
    }


@_runs.case
def drawn_by_distance(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": _clusters(rng, 200)["x"], "n_clusters": 8, "n_init": 3, "random_state": 3}


@_runs.case
def empty_clusters_at_first(rng: np.random.Generator) -> dict[str, Any]:
    """Centres that are nearest to no row move to the rows that are farthest from theirs."""
    x = rng.normal(size=(90, 3)) + np.repeat([[0.0], [10.0], [25.0]], 30, axis=0)
    return {"x": x, "n_clusters": 3, "init": np.array([[10.0] * 3, [1e4] * 3, [-1e4] * 3])}


@_runs.case
def fewer_distinct_rows_than_clusters(rng: np.random.Generator) -> dict[str, Any]:
    x = np.repeat([[0.0, 0.0], [8.0, 8.0]], 10, axis=0)
    return {"x": x, "n_clusters": 3, "init": x[[0, 10, 11]].copy()}


@_runs.case
def stopped_early(rng: np.random.Generator) -> dict[str, Any]:
    return {**_clusters(rng, 400), "max_iter": 2}


@_runs.case
def tolerance_of_wide_spread(rng: np.random.Generator) -> dict[str, Any]:
    """`tol` is a share of the mean variance: taken as it is, it would stop nothing here."""
    return {"x": 1e3 * rng.normal(size=(400, 3)), "n_clusters": 8, "random_state": 0, "tol": 0.05}


@_runs.case
def drawn_by_small_distances(rng: np.random.Generator) -> dict[str, Any]:
    """Squares of the distances are no float32 numbers."""
    return {"x": 1e-24 * _clusters(rng, 200)["x"], "n_clusters": 8, "random_state": 3}


@_runs.case
def runs_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    places = np.array([1e-200, 5e-200, 1.0, 3.0, 1e200, 4e200])[:, None] * np.ones(2)
    x = np.repeat(places, 30, axis=0) * rng.uniform(0.9, 1.1, size=(180, 2))
    return {"x": x, "n_clusters": 6, "init": places, "tol": 0.0}


@_runs.mistake("n_clusters")
def more_clusters_than_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5, 2)), "n_clusters": 6}


@_runs.mistake("n_clusters")
def no_clusters(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5, 2)), "n_clusters": 0}


@_runs.mistake("init")
def init_of_other_shape(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(9, 2)), "n_clusters": 3, "init": np.zeros((2, 2))}


@_runs.mistake("init")
def unknown_init(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(9, 2)), "n_clusters": 3, "init": "best"}


@_runs.mistake("init")
def no_init(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(9, 2)), "n_clusters": 3, "init": None, "n_init": 5}


@_runs.mistake("tol")
def negative_tolerance(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(9, 2)), "n_clusters": 3, "tol": -1.0}


@_runs.mistake("x")
def missing_value(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.array([[0.0], [np.nan], [1.0]]), "n_clusters": 2}


def _calls(*, x: Any, n_clusters: Any, init: Any, **others: Any) -> dict[str, dict[str, Any]]:
    """A step, the nearest centres, and the distances from the candidates of a draw where there is one."""
    x, given = _shaped(x, None if isinstance(init, str) else init)
    count = integer(minimum=1)("kmeans", "n_clusters", n_clusters)
    centers = x[:count] if given is None else given
    calls = {"lloyd_step": {"x": x, "centers": centers}, "pairwise_distances_argmin_min": {"x": x, "y": centers}}
    return calls if given is not None else {**calls, "pairwise_euclidean": {"x": x[: _trials(count)], "y": x}}


class _Size(NamedTuple):
    """The largest magnitude of all numbers, and what they are."""

    largest: float
    dtype: Any


def _size_of_block(arguments: Arguments, _: Found) -> _Size:
    x = _matrices(arguments["x"], None)[0]
    return _Size(float(abs(x).max()) if x.size else 0.0, x.dtype)


def _larger(first: _Size, second: _Size) -> _Size:
    return first if first.largest >= second.largest else second


def _as_found(total: Any, _: Arguments, __: Found) -> Any:
    return total


_SIZE = Fold(_size_of_block, _larger, _as_found)


def _in_share(arguments: Arguments, found: Found) -> tuple[Any, Any]:
    """The block in the unit that all distances are numbers in, and the centres, which are in it."""
    centers, share = found
    x = _matrices(arguments["x"], None)[0]
    return (x if share == 1.0 else x * share), to_device_of(x, centers.astype(x.dtype, copy=False))


def _means_in_share(arguments: Arguments, found: Found) -> ClusterMeans:
    return cluster_means(*_in_share(arguments, found))


def _squares_of_block(arguments: Arguments, found: Found) -> _Squares:
    x, centers = _in_share(arguments, found)
    return _sum_of_squares(to_host(pairwise_distances_argmin_min(x, centers)[1]))


def _squares_together(first: _Squares, second: _Squares) -> _Squares:
    unit = max(first.unit, second.unit)
    return _Squares(sum(part.total * (part.unit / unit) ** 2 for part in (first, second)), unit)


class _Farthest(NamedTuple):
    """The rows that are farthest from their centres, farthest first."""

    distances: Any
    rows: Any
    labels: Any
    most: int


def _farthest_of_block(arguments: Arguments, found: Found) -> _Farthest:
    x, centers = _in_share(arguments, found)
    labels, distances = map(to_host, pairwise_distances_argmin_min(x, centers))
    return _first_farthest(distances, to_host(x), labels, len(centers))


def _first_farthest(distances: Any, rows: Any, labels: Any, most: int) -> _Farthest:
    order = np.argsort(-distances, kind="stable")[:most]
    return _Farthest(distances[order], rows[order], labels[order], most)


def _farthest_together(first: _Farthest, second: _Farthest) -> _Farthest:
    distances, rows, labels = (np.concatenate(pair) for pair in zip(first[:3], second[:3], strict=True))
    return _first_farthest(distances, rows, labels, first.most)


_MEANS = Fold(_means_in_share, cluster_means_merged, _as_found)
_INERTIA = Fold(_squares_of_block, _squares_together, _as_found)
_FARTHEST = Fold(_farthest_of_block, _farthest_together, _as_found)


def _labelled(arguments: Arguments, found: Found, _: int) -> Any:
    return pairwise_distances_argmin(*_in_share(arguments, found))


#: Rows from which starts are drawn where there are more.
_DRAWN_FROM = 10_000


def _start(arguments: Arguments, rows: int, source: Any, share: float) -> Generator[Step, Any, Any]:
    """The given centres, or some drawn of the rows, of a sample of these where they are many."""
    if not isinstance(arguments["init"], str):
        return np.asarray(arguments["init"]) * share
    numbers = np.arange(rows)
    most = max(_DRAWN_FROM, 100 * arguments["n_clusters"])
    if rows > most:
        numbers = np.sort(source.permutation(rows)[:most])
    x = _matrices((yield Step(Take(numbers.tolist())))["x"], None)[0]
    return to_host(_draw(x if share == 1.0 else x * share, arguments["n_clusters"], source, None))


def _moved(centers: Any, found: ClusterMeans, share: float) -> Generator[Step, Any, Any]:
    """The means, empty clusters put to the rows farthest from their centres."""
    means, sizes = np.where(found.sizes[:, None] > 0, found.means, centers), found.sizes.copy()
    empty = np.flatnonzero(sizes == 0)
    if len(empty) == 0:
        return means
    sums, far = means * sizes[:, None], (yield Step(_FARTHEST, (centers, share)))
    if far.distances.max(initial=0.0) > 0:
        for cluster, row, label in zip(empty, far.rows, far.labels, strict=False):
            sums[label] -= row
            sums[cluster] = row
            sizes[label] -= 1
            sizes[cluster] = 1
    refilled = sums / np.maximum(sizes, 1)[:, None]
    refilled[sizes == 0] = refilled[sizes.argmax()]
    return refilled


def _steps_to(arguments: Arguments, centers: Any, least: float, share: float) -> Generator[Step, Any, _Run]:
    """As in memory; labels that do not change leave the means where they are, so that these tell."""
    n_iter, dtype = 0, centers.dtype
    while n_iter < arguments["max_iter"]:
        means = yield from _moved(centers, (yield Step(_MEANS, (centers, share))), share)
        means = means.astype(dtype)
        shift = _sum_of_squares(means - centers).root()
        centers, n_iter = means, n_iter + 1
        if shift <= least:
            break
    return _Run(centers, None, (yield Step(_INERTIA, (centers, share))), n_iter)


def _clusters_by_steps(arguments: Arguments) -> Generator[Step, Any, KMeansResult]:
    rows, size = (yield Step(Count())), (yield Step(_SIZE))
    arguments = _checked_options(arguments, rows)
    source = random_source(arguments["random_state"], "kmeans")
    given = 0.0 if isinstance(arguments["init"], str) else float(np.abs(np.asarray(arguments["init"])).max(initial=0.0))
    share = _SHARE if max(size.largest, given) > _HUGE[str(size.dtype)] else 1.0
    first = _matrices((yield Step(Take([0])))["x"], None)[0] * share
    mean = (yield Step(_MEANS, (to_host(first), share))).means.astype(size.dtype)
    spread = (yield Step(_INERTIA, (mean, share))).root() / max(rows * mean.shape[1], 1) ** 0.5
    best, equal = None, _rounding(size.dtype)
    for _ in range(arguments["n_init"]):
        start = (yield from _start(arguments, rows, source, share)).astype(size.dtype)
        run = yield from _steps_to(arguments, start, arguments["tol"] ** 0.5 * spread, share)
        best = run if best is None or run.is_better_than(best, equal) else best
    assert best is not None
    labels = yield Step(Rows(_labelled), (best.centers, share))
    return KMeansResult(best.centers / share, labels, best.inertia.within(1 / share), best.n_iter)


@composition(
    lloyd_step,
    pairwise_distances_argmin_min,
    pairwise_euclidean,
    samples=_runs,
    calls=_calls,
    homogeneous="x, init -> 1, 0, 2, 0",
    parts=Iterative(_clusters_by_steps, "1 a step, and 5"),
)
def kmeans(
    x: ArrayLike,
    n_clusters: int,
    *,
    init: str | ArrayLike = "k-means++",
    n_init: int = 1,
    max_iter: int = 300,
    tol: float = 1e-4,
    random_state: int | np.random.RandomState | None = None,
    backend: str | None = None,
) -> KMeansResult:
    """Rows in clusters around their means, by Lloyd's algorithm.

    Parameters
    ----------
    x : array of shape (n, d)
    n_clusters : int
        1 to n.
    init : "k-means++" or array of shape (n_clusters, d)
        Drawn from the rows, each with a probability proportional to its squared distance to those drawn before; or
        the first centres themselves.
    n_init : int, default 1
        Drawn starts, of which the one with the least inertia is kept.
    max_iter : int, default 300
        Most steps from each start.
    tol : float, default 1e-4
        Centres that move less than this in a step, squared, together and in units of the mean variance of the columns,
        have arrived.
    random_state : int or numpy.random.RandomState, optional
        Of the draw.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    KMeansResult
        `centers`, `labels`, `inertia` and `n_iter`.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix of at least `n_clusters` rows or holds NaN or infinity, `init` is neither
        "k-means++" nor such a matrix of centres, or a number is out of range.

    References
    ----------
    Follows `sklearn.cluster.KMeans` with ``algorithm="lloyd"`` step by step, its draws and its treatment of empty
    clusters (put to the rows farthest from their centres) included. While it draws, it holds the distances of
    2 + log(`n_clusters`) rows from all others. Centres and labels do not depend on the unit of `x`, also where squares
    of distances overflow or underflow, and with them the inertia. Where a value of `x` exceeds 2^900 (float32: 2^90),
    all are scaled by 2^-32: digits of values below 2^-990 (2^-94) are then lost.

    Examples
    --------
    >>> kmeans([[0.0], [1.0], [9.0]], 2, init=[[0.0], [5.0]])
    KMeansResult(centers=array([[0.5],
           [9. ]]), labels=array([0, 0, 1]), inertia=0.5, n_iter=2)
    """
    drawn = isinstance(init, str)
    x, given = _matrices(x, None if drawn else init)
    asked = {"n_clusters": n_clusters, "init": init, "n_init": n_init, "max_iter": max_iter, "tol": tol}
    n_clusters, _, starts, most, tol = _checked_options(asked, len(x)).values()
    source = random_source(random_state, "kmeans")
    if _is_huge(x) or (given is not None and _is_huge(given)):  # in a unit in which all distances are numbers
        x, given, unit = x * _SHARE, None if given is None else given * _SHARE, 1 / _SHARE
    else:
        unit = 1.0
    least_shift = tol**0.5 * _deviation(x, backend)
    runs = (
        _lloyd(x, given if given is not None else _draw(x, n_clusters, source, backend), most, least_shift, backend)
        for _ in range(starts)
    )
    equal = _rounding(x.dtype)
    centers, labels, inertia, n_iter = reduce(lambda best, run: run if run.is_better_than(best, equal) else best, runs)
    return KMeansResult(centers * unit if unit != 1.0 else centers, labels, inertia.within(unit), n_iter)


def _checked_options(arguments: Arguments, rows: int) -> dict[str, Any]:
    """The options as numbers; one start where it is given."""
    n_clusters = integer(minimum=1)("kmeans", "n_clusters", arguments["n_clusters"])
    init = arguments["init"]
    drawn = isinstance(init, str)
    if n_clusters > rows:
        raise InvalidInput("kmeans", "n_clusters", f"is {n_clusters}; expected at most the number of rows, {rows}")
    if init != "k-means++" if drawn else init is None or len(init) != n_clusters:
        raise InvalidInput("kmeans", "init", f"is not 'k-means++' or an array of {n_clusters} centres")
    starts = integer(minimum=1)("kmeans", "n_init", arguments["n_init"]) if drawn else 1
    most = integer(minimum=1)("kmeans", "max_iter", arguments["max_iter"])
    tol = real(minimum=0.0)("kmeans", "tol", arguments["tol"])
    return {**arguments, "n_clusters": n_clusters, "init": init, "n_init": starts, "max_iter": most, "tol": tol}


def _matrices(x: Any, init: Any) -> tuple[Any, Any]:
    arrays = _shaped(x, init)
    for name, array in zip(("x", "init"), arrays, strict=True):
        if array is not None and not is_finite(array):
            raise not_finite("kmeans", name)
    return arrays


def _shaped(x: Any, init: Any) -> tuple[Any, Any]:
    shapes = lloyd_step.operation.shapes
    arrays = canonicalise(
        "kmeans", ("x", "init"), (shapes.inputs[0], shapes.inputs[1]._replace(optional=True)), (x, init)
    )
    measure("kmeans", shapes, ("x", "init"), arrays)
    return arrays[0], arrays[1]


def _trials(n_clusters: int) -> int:
    """Candidates of a draw, as many as scikit-learn tries."""
    return 2 + int(np.log(n_clusters))


#: Distances between numbers beyond the first of these, by dtype, may be infinite; those between their shares are not.
_HUGE, _SHARE = {"float64": 2.0**900, "float32": 2.0**90}, 2.0**-32


def _is_huge(x: Any) -> bool:
    return x.size > 0 and float(max(x.max(), -x.min())) > _HUGE[str(x.dtype)]


def _deviation(x: Any, backend: str | None) -> float:
    """Root of the mean of the columns' variances: of the mean squared distance to the mean, by column."""
    _, mean, _ = lloyd_step(x, x[:1], backend=backend)
    _, distances = pairwise_distances_argmin_min(x, mean, backend=backend)
    return _sum_of_squares(distances).root() / max(x.size, 1) ** 0.5


class _Squares(NamedTuple):
    """A sum of squares, in a unit in which it is a number."""

    total: float
    unit: float

    def root(self) -> float:
        """Its root, a number also where the sum as it is would overflow or underflow."""
        return self.unit * self.total**0.5

    def within(self, unit: float) -> float:
        """The sum as it is, if the unit itself is measured in another."""
        return self.total * self.unit * self.unit * unit * unit


def _sum_of_squares(numbers: Any) -> _Squares:
    largest = float(abs(numbers).max()) if numbers.size else 0.0
    return _Squares(float(_squares(numbers.astype(np.float64, copy=False), largest).sum()), _unit(largest))


def _unit(largest: float) -> float:
    """A power of two in which squares of numbers up to `largest` are in range: 1 for ordinary ones."""
    if largest == 0 or 2.0**-400 < largest < 2.0**400:
        return 1.0
    return 2.0 ** (math.frexp(largest)[1] - 1)


def _draw(x: Any, n_clusters: int, source: Any, backend: str | None) -> Any:
    """Rows by greedy k-means++: of a few candidates each time the one that leaves the least distance.

    Of several that leave as much, up to rounding, the first.
    """
    trials, equal = _trials(n_clusters), _rounding(x.dtype)
    chosen = [source.choice(len(x), p=np.full(len(x), 1 / len(x)))]
    nearest = _distances(x, chosen, backend)
    for _ in range(1, n_clusters):
        weights = _squares(nearest, float(nearest.max()))
        drawn = source.uniform(size=trials) * float(weights.sum())
        candidates = to_host(np.searchsorted(np.cumsum(weights), to_device_of(weights, drawn))).clip(max=len(x) - 1)
        left = _distances(x, candidates, backend)
        np.minimum(nearest, left, out=left)
        # In the unit of the least of them: a sum that overflows in it is not the least.
        farthest = left.max(axis=1)
        sums = _squares(left, float(farthest.min())).sum(axis=1) if float(farthest.min()) > 0 else farthest
        best = int((sums <= sums.min() * (1.0 + equal)).argmax())
        chosen.append(candidates[best])
        nearest = left[best].copy()
    return x[chosen]


def _rounding(dtype: Any) -> float:
    """By what share sums of squares may differ between backends: of equal ones the first is taken, whoever computes."""
    return 64 * float(np.finfo(dtype).eps)


def _distances(x: Any, rows: Any, backend: str | None) -> Any:
    return pairwise_euclidean(x[rows], x, backend=backend).astype(np.float64, copy=False)


def _squares(numbers: Any, largest: float) -> Any:
    """In the unit for numbers up to `largest`; those of larger ones may be infinite."""
    unit = _unit(largest)
    with np.errstate(over="ignore"):
        return np.square(numbers if unit == 1.0 else numbers / unit)


class _Run(NamedTuple):
    """What a start leads to."""

    centers: Any
    labels: Any
    inertia: _Squares
    n_iter: int

    def is_better_than(self, other: _Run, equal: float) -> bool:
        """Whether its inertia is less, by more than this share."""
        return self.inertia.root() < other.inertia.root() * (1.0 - equal)


def _lloyd(x: Any, centers: Any, max_iter: int, least_shift: float, backend: str | None) -> _Run:
    """Steps until no label changes or the centres hardly move."""
    previous, n_iter = None, 0
    while n_iter < max_iter:
        labels, means, sizes = lloyd_step(x, centers, backend=backend)
        if sizes.min() == 0:
            means = _refilled(x, centers, labels, means, sizes, backend)
        shift = _sum_of_squares(means - centers).root()
        centers, n_iter = means, n_iter + 1
        if (previous is not None and np.array_equal(labels, previous)) or shift <= least_shift:
            break
        previous = labels
    labels, distances = pairwise_distances_argmin_min(x, centers, backend=backend)
    return _Run(centers, labels, _sum_of_squares(distances), n_iter)


def _refilled(x: Any, centers: Any, labels: Any, means: Any, sizes: Any, backend: str | None) -> Any:
    """The means after each empty cluster has got one of the rows that were farthest from their centres."""
    _, distances = pairwise_distances_argmin_min(x, centers, backend=backend)
    labels, distances, means, sizes = map(to_host, (labels, distances, means, sizes))
    sizes, sums = sizes.copy(), means * sizes[:, None]
    empty = np.flatnonzero(sizes == 0)
    if distances.max() > 0:
        farthest = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
        for cluster, row, values in zip(empty, farthest, to_host(x[farthest]), strict=True):
            sums[labels[row]] -= values
            sums[cluster] = values
            sizes[labels[row]] -= 1
            sizes[cluster] = 1
    refilled = sums / np.maximum(sizes, 1)[:, None]
    refilled[sizes == 0] = refilled[sizes.argmax()]
    return to_device_of(x, refilled.astype(x.dtype, copy=False))
