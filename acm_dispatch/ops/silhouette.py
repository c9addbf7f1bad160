"""How well clusters hold together."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike, canonicalise
from ..contract.options import integer
from ..contract.parts import Arguments, Count, Iterative, Step, Take, Undivided
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..contract.shapes import measure
from ..errors import InvalidInput
from ..execution.composition import composition
from ..execution.operation import operation
from .distances import lengths
from .random_state import random_source


def _clusters(rng: np.random.Generator, n: int) -> dict[str, Any]:
    labels = np.arange(n) % 4
    return {"x": rng.normal(size=(n, 10)) + labels[:, None], "labels": labels}


_labelled = Samples(_clusters)


@_labelled.case
def any_integers_as_labels(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(60, 5)), "labels": rng.choice([-7, -1, 3, 10**12], size=60)}


@_labelled.case
def singletons(rng: np.random.Generator) -> dict[str, Any]:
    """A cluster of one scores 0."""
    return {"x": rng.normal(size=(20, 3)), "labels": np.array([5, 9, *([1, 2] * 9)])}


@_labelled.case
def identical_points(rng: np.random.Generator) -> dict[str, Any]:
    """Where a = b = 0 the score is 0."""
    return {"x": np.full((12, 4), 0.1), "labels": np.arange(12) % 3}


@_labelled.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + rng.normal(size=(70, 6)), "labels": rng.integers(0, 3, size=70)}


@_labelled.case
def many_labels(rng: np.random.Generator) -> dict[str, Any]:
    """As many as there may be: all rows but two are alone."""
    return {"x": rng.normal(size=(40, 7)), "labels": np.minimum(np.arange(40), 38)}


@_labelled.case
def uneven_clusters(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(301, 11)), "labels": (rng.random(301) < 0.05).astype(int)}


@_labelled.case
def clusters_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    """Squares of the small ones' distances are no float32 numbers; the large one's are."""
    x = np.repeat([[1e-25], [5e-25], [1.0]], 3, axis=0) * (1 + 0.2 * rng.random(size=(9, 2)))
    return {"x": x, "labels": np.repeat([0, 1, 2], 3)}


@_labelled.case
def clusters_of_every_size_in_float64(rng: np.random.Generator) -> dict[str, Any]:
    sizes = np.array([1e-300, 5e-300, 1e-200, 1e-165, 1.0, 1e165, 1e200, 1e300, 1.5e308])
    return {
        "x": np.repeat(sizes, 3)[:, None] * rng.uniform(0.8, 1.2, size=(27, 2)),
        "labels": np.repeat(np.arange(9), 3),
    }


@_labelled.case
def small_columns_tell_clusters_apart(rng: np.random.Generator) -> dict[str, Any]:
    labels = np.arange(40) % 3
    x = np.column_stack([1e-200 * (rng.normal(size=40) + 2 * labels), np.full(40, 1.0), np.full(40, 1e200)])
    return {"x": x, "labels": labels}


@_labelled.case
def differences_beyond_the_largest_number(rng: np.random.Generator) -> dict[str, Any]:
    labels = np.arange(30) % 2
    return {"x": (2 * labels - 1)[:, None] * rng.uniform(0.5, 1.7, size=(30, 3)) * 1e308, "labels": labels}


@_labelled.case
def more_columns_than_rows(rng: np.random.Generator) -> dict[str, Any]:
    """So wide that few rows fill a cache."""
    labels = np.arange(64) % 3
    return {"x": rng.normal(size=(64, 1500)) + labels[:, None], "labels": labels}


@_labelled.case
def many_columns_and_rows(rng: np.random.Generator) -> dict[str, Any]:
    labels = np.arange(330) % 3
    return {"x": rng.normal(size=(330, 420)) + 0.2 * labels[:, None], "labels": labels}


@_labelled.case
def few_distances_many_times(rng: np.random.Generator) -> dict[str, Any]:
    """Sums of equal numbers are rounded the same way each time."""
    return {"x": np.array([[0.0], [0.1], [0.3]])[np.arange(2400) % 3], "labels": (np.arange(2400) >= 1200).astype(int)}


@_labelled.case
def a_large_cluster_nearer_than_a_small_one(rng: np.random.Generator) -> dict[str, Any]:
    """Its sum of distances is the larger one, and leaves the range of numbers first."""
    x = np.concatenate([[0.0, 0.25, 0.3], np.full(2, 1.0), np.full(40, 0.5)])[:, None]
    return {"x": x, "labels": np.repeat([0, 1, 2], [3, 2, 40])}


@_labelled.mistake("labels")
def one_label(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(8, 2)), "labels": np.zeros(8, int)}


@_labelled.mistake("labels")
def every_row_its_own(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(8, 2)), "labels": np.arange(8)}


@_labelled.mistake("labels")
def labels_not_integers(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(4, 2)), "labels": np.array([0.5, 1.5, 0.5, 1.5])}


@_labelled.mistake("labels")
def too_few_labels(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(8, 2)), "labels": np.array([0, 1, 0])}


def _encode(x: Any, labels: Any) -> tuple[Any, Any]:
    """Labels as codes 0..k-1, every code in use."""
    found, codes = np.unique(labels, return_inverse=True)
    if not 2 <= len(found) < len(labels):
        problem = f"holds {len(found)} distinct labels for {len(labels)} rows; expected 2 to n - 1"
        raise InvalidInput("silhouette_samples", "labels", problem)
    return x, codes.astype(np.int64, copy=False)


@operation(
    "n d, int n -> n",
    work="n * n * d",
    parts=Undivided("has rows in parts, of which each needs all others; expected a `silhouette_score` of a sample"),
    nan="forbid",
    samples=_labelled,
    prepare=_encode,
    homogeneous="x -> 0",
)
def silhouette_samples(x: ArrayLike, labels: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Silhouette of each row: (b - a) / max(a, b), with no n x n matrix in memory.

    a is the mean distance to the other rows of the row's own cluster, b the least mean distance to another cluster.

    Parameters
    ----------
    x : array of shape (n, d)
    labels : array of shape (n,), integers
        2 to n - 1 distinct values, any integers.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,)
        Between -1 and 1; 0 for a row that is alone in its cluster and where a = b = 0.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or holds NaN or infinity, `labels` are not n integers, or there are fewer than 2 or
        more than n - 1 distinct labels.

    References
    ----------
    P. J. Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and validation of cluster analysis.
    Follows `sklearn.metrics.silhouette_samples`, also where squares or sums of distances overflow or underflow.

    Examples
    --------
    >>> silhouette_samples([[0.0], [1.0], [8.0]], [0, 0, 1]).round(3)
    array([0.875, 0.857, 0.   ])
    """
    sizes = np.bincount(labels)
    scores = np.zeros(len(x))
    # Ratios know no unit: in a small one no distance is less than a normal number.
    x = np.ldexp(x, max(470 - np.frexp(np.abs(x).max(initial=0.0))[1], 0))
    for i, own in enumerate(labels):
        if sizes[own] > 1:
            sums = _summed_distances(x, i, labels)
            if np.isinf(sums[[own, _nearest(sums, sizes, own)]]).any():
                # In a unit so large that all differences and sums are numbers.
                sums = _summed_distances(x * 2.0**-64, i, labels)
            scores[i] = _silhouette(sums[own] / (sizes[own] - 1), np.delete(sums / sizes, own).min())
    return scores


def _nearest(sums: Any, sizes: Any, own: Any) -> Any:
    """The cluster of least mean distance but for the row's own, an infinite sum taken for the largest number."""
    at_least = np.minimum(sums, np.finfo(np.float64).max) / sizes
    at_least[own] = np.inf
    return at_least.argmin()


def _summed_distances(x: Any, i: int, labels: Any) -> Any:
    """Of row `i` to the rows of each cluster."""
    return np.bincount(labels, weights=lengths(x[i] - x))


def _silhouette(within: Any, between: Any) -> Any:
    with np.errstate(invalid="ignore"):  # 0 / 0 is a score of 0
        return np.nan_to_num((between - within) / np.maximum(within, between))


_sampled = Samples(_clusters, _labelled)


@_sampled.drawn("n d")
def _clusters_of_any_size(drawn: Patterns) -> dict[str, Any]:
    n, d = drawn.sizes("n d")
    size = None if drawn.rng.random() < 0.5 else int(drawn.whole(below=n)) + 1
    labels = drawn.whole(n, below=drawn.few())
    return {"x": drawn.real(n, d), "labels": labels, "sample_size": size, "random_state": int(drawn.whole(below=99))}


@_sampled.case
def a_sample_of_the_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {**_clusters(rng, 300), "sample_size": 100, "random_state": 7}


@_sampled.mistake("sample_size")
def empty_sample(rng: np.random.Generator) -> dict[str, Any]:
    return {**_clusters(rng, 30), "sample_size": 0}


@_sampled.mistake("sample_size")
def sample_beyond_the_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {**_clusters(rng, 30), "sample_size": 31}


@_sampled.mistake("x")
def sample_of_a_number(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 5.0, "labels": np.array([1, 2]), "sample_size": 1}


@_sampled.mistake("random_state")
def negative_seed(rng: np.random.Generator) -> dict[str, Any]:
    return {**_clusters(rng, 30), "sample_size": 9, "random_state": -1}


def _calls(*, x: Any, labels: Any, sample_size: Any, random_state: Any) -> dict[str, dict[str, Any]]:
    """Silhouettes of as many rows as are drawn; which ones does not matter."""
    if sample_size is not None:
        x, labels, size = _sized(x, labels, sample_size)
        x, labels = x[:size], labels[:size]
    return {"silhouette_samples": {"x": x, "labels": labels}}


def _of_a_sample(arguments: Arguments) -> Generator[Step, Any, float]:
    """Of the rows that are drawn of as many in memory, too."""
    rows = yield Step(Count())
    size = _checked_size(arguments["sample_size"], rows)
    chosen = random_source(arguments["random_state"]).permutation(rows)[:size]
    drawn = yield Step(Take(chosen.tolist()))
    return float(silhouette_samples(drawn["x"], drawn["labels"]).mean())


def _parts_by_size(arguments: Arguments) -> Iterative | Undivided:
    if arguments["sample_size"] is None:
        return Undivided("has rows in parts, of which each needs all others; expected a `sample_size`")
    return Iterative(_of_a_sample, "1")


@composition(
    silhouette_samples,
    samples=_sampled,
    calls=_calls,
    homogeneous="x -> 0",
    parts=_parts_by_size,
    rows=("x", "labels"),
)
def silhouette_score(
    x: ArrayLike,
    labels: ArrayLike,
    *,
    sample_size: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    backend: str | None = None,
) -> float:
    """Mean silhouette of all rows, or of a random sample of them.

    Parameters
    ----------
    x : array of shape (n, d)
    labels : array of shape (n,), integers
        2 to n - 1 distinct values, any integers.
    sample_size : int, optional
        Rows to draw, 1 to n; distances are then taken within the sample only.
    random_state : int or numpy.random.RandomState, optional
        Of the draw: ``random_state.permutation(n)[:sample_size]``.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    float
        Between -1 and 1.

    Raises
    ------
    InvalidInput
        As `silhouette_samples` (the sample, too, needs 2 labels), and if `sample_size` is not within 1 to n.

    References
    ----------
    Follows `sklearn.metrics.silhouette_score`, its random draw included.

    Examples
    --------
    >>> round(silhouette_score([[0.0], [1.0], [8.0]], [0, 0, 1]), 3)
    0.577
    """
    if sample_size is not None:
        x, labels, size = _sized(x, labels, sample_size)
        chosen = random_source(random_state).permutation(len(x))[:size]
        x, labels = x[chosen], labels[chosen]
    return float(silhouette_samples(x, labels, backend=backend).mean())


def _sized(x: Any, labels: Any, sample_size: Any) -> tuple[Any, Any, int]:
    """Canonical arrays to draw from, and how many rows."""
    integer(minimum=1)("silhouette_score", "sample_size", sample_size)
    declared = silhouette_samples.operation
    x, labels = canonicalise("silhouette_score", ("x", "labels"), declared.shapes.inputs, (x, labels))
    count = measure("silhouette_score", declared.shapes, ("x", "labels"), (x, labels))["n"]
    return x, labels, _checked_size(sample_size, count)


def _checked_size(sample_size: Any, rows: int) -> int:
    size = integer(minimum=1)("silhouette_score", "sample_size", sample_size)
    if size > rows:
        raise InvalidInput("silhouette_score", "sample_size", f"is {size}; expected 1 to {rows}")
    return size
