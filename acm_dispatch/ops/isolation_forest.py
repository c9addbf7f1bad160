"""Isolation forests: as arrays, taken from scikit-learn or grown here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..contract.arrays import ArrayLike, canonicalise, is_finite, kind_of, not_finite, require_memory
from ..contract.options import integer
from ..contract.shapes import measure, parse
from ..errors import InvalidInput, shown
from .clustering import random_source
from .features import feature_names
from .isolation_trees import average_path_length, grown

#: The shape of the data; what there is for each row is up to `mean_path_length`.
_DATA = parse("n d -> n")


class IsolationForest(NamedTuple):
    """Isolation trees as arrays over all their nodes; `fit_isolation_forest` and `from_sklearn` make one.

    Attributes
    ----------
    roots : array of shape (trees,), integers
        The first node of each tree.
    feature : array of shape (nodes,), integers
        The column that a node looks at; -1 in a leaf.
    threshold : array of shape (nodes,)
        A row whose value, in float32, is at most this goes to the left.
    left : array of shape (nodes,), integers
        The node to the left, behind its parent in the arrays; the node to the right comes right after it.
    path_length : array of shape (nodes,)
        What a leaf counts: its depth, and the average path length of the rows that it was left with.
    max_samples : int
        Rows that each tree was grown on.
    n_features : int, optional
        Columns that the trees were grown on; by default what the nodes look at has to be there, no more.
    feature_names : tuple, optional
        The names of these columns, in order, where the data had any.
    """

    roots: Any
    feature: Any
    threshold: Any
    left: Any
    path_length: Any
    max_samples: int
    n_features: int | None = None
    feature_names: tuple[Any, ...] | None = None

    @classmethod
    def from_sklearn(cls, model: Any) -> IsolationForest:
        """The trees of a fitted `sklearn.ensemble.IsolationForest`; `InvalidInput` if it is none, or not fitted."""
        try:
            estimators = list(zip(model.estimators_, model.estimators_features_, strict=True))
        except Exception:  # whatever an object says that it has
            problem = f"is {shown(model)}; expected a fitted sklearn.ensemble.IsolationForest"
            raise InvalidInput("IsolationForest.from_sklearn", "model", problem) from None
        nodes: list[tuple[int, float, int, float]] = []
        roots: list[int] = []
        for estimator, features in estimators:
            roots.append(len(nodes))
            nodes += _by_level(estimator.tree_, features, len(nodes))
        feature, threshold, left, path_length = map(np.array, zip(*nodes, strict=True))
        arrays = np.array(roots), feature, threshold, left, path_length
        names = getattr(model, "feature_names_in_", None)
        known = int(model.n_features_in_), None if names is None else tuple(names)
        return cls(*arrays, int(model.max_samples_), *known)


def _by_level(tree: Any, features: Any, first: int) -> list[tuple[int, float, int, float]]:
    """Feature, threshold, left child and path length of each node, level by level, siblings side by side."""
    order, depths = [0], [0]
    nodes: list[tuple[int, float, int, float]] = []
    rest = average_path_length(tree.n_node_samples)
    for node, depth in zip(order, depths, strict=True):  # both grow as the loop goes on
        left, right = tree.children_left[node], tree.children_right[node]
        if left == right:
            nodes.append((-1, 0.0, 0, depth + rest[node]))
        else:
            nodes.append((int(features[tree.feature[node]]), tree.threshold[node], first + len(order), 0.0))
            order += [left, right]
            depths += [depth + 1, depth + 1]
    return nodes


def fit_isolation_forest(
    x: ArrayLike,
    *,
    n_trees: int = 100,
    max_samples: int = 256,
    random_state: int | np.random.RandomState | None = None,
) -> IsolationForest:
    """Isolation trees grown on random rows, by random columns and thresholds.

    Parameters
    ----------
    x : array of shape (n, d)
    n_trees : int, default 100
    max_samples : int, default 256
        Rows for each tree, drawn without replacement; all of them where there are fewer.
    random_state : int or numpy.random.RandomState, optional
        Of all draws.

    Returns
    -------
    IsolationForest

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix of at least one row and column or holds NaN, infinity or values beyond float32, or a
        number is below 1.

    References
    ----------
    F. T. Liu, K. M. Ting and Z.-H. Zhou (2008), Isolation forest. Follows `sklearn.ensemble.IsolationForest` but for
    the random numbers themselves.

    Examples
    --------
    >>> forest = fit_isolation_forest([[0.0], [0.1], [0.2], [9.0]], n_trees=50, random_state=0)
    >>> int(isolation_forest_score([[0.0], [0.1], [0.2], [9.0]], forest).argmin())
    3
    """
    names, x = feature_names(x), _data(x)
    n_trees = integer(minimum=1)("fit_isolation_forest", "n_trees", n_trees)
    max_samples = min(integer(minimum=1)("fit_isolation_forest", "max_samples", max_samples), len(x))
    generator = np.random.default_rng(random_source(random_state, "fit_isolation_forest").randint(1 << 31, size=4))
    require_memory("fit_isolation_forest", n_trees, max_samples)
    rows = np.empty((n_trees, max_samples), np.int64)
    for tree in rows:
        tree[...] = generator.choice(len(x), max_samples, replace=False)
    arrays = grown(x, rows.ravel(), n_trees, generator)
    return IsolationForest(np.arange(n_trees), *arrays, max_samples, x.shape[1], names)


def _data(x: Any) -> Any:
    (x,) = canonicalise("fit_isolation_forest", ("x",), _DATA.inputs, (x,))
    if kind_of(x) != "numpy":
        problem = f"is a {kind_of(x)} array; trees are grown on the host, from a NumPy copy of it"
        raise InvalidInput("fit_isolation_forest", "x", problem)
    measure("fit_isolation_forest", _DATA, ("x",), (x,))
    if x.size == 0:
        raise InvalidInput("fit_isolation_forest", "x", f"has shape {x.shape}; expected at least one row and column")
    if not is_finite(x):
        raise not_finite("fit_isolation_forest", "x")
    if max(x.max(), -x.min()) > np.finfo(np.float32).max:
        raise InvalidInput("fit_isolation_forest", "x", "holds values beyond float32, in which trees compare")
    return x
