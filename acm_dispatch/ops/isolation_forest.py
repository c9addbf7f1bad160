"""Isolation forests, and how soon they set rows apart."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract.arrays import ArrayLike, as_array, canonicalise, is_finite, kind_of, not_finite, require_memory
from ..contract.options import integer
from ..contract.parts import Rows
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..contract.shapes import measure, parse
from ..errors import InvalidInput, shown
from ..execution.composition import composition
from ..execution.operation import operation
from .features import feature_names, require_features, require_width
from .isolation_trees import average_path_length, grown
from .random_state import random_source

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
        trained_on = int(model.n_features_in_), None if names is None else tuple(names)
        return cls(*arrays, int(model.max_samples_), *trained_on)


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


#: The fields of a forest that are arrays, as `mean_path_length` calls them.
_NODES = ("roots", "feature", "threshold", "left", "path_length")


def _judged(rng: np.random.Generator, n: int) -> dict[str, Any]:
    forest = fit_isolation_forest(rng.normal(size=(400, 50)), n_trees=20, max_samples=128, random_state=1)
    return {"x": rng.normal(size=(n, 50)), **dict(zip(_NODES, forest, strict=False))}


def _forest_of_any_size(drawn: Patterns, d: int, trees: int) -> IsolationForest:
    """Grown on 64 rows; over no columns every tree is a leaf."""
    trees = min(max(trees, 1), 20)
    if d > 0:
        return fit_isolation_forest(drawn.finite(64, d), n_trees=trees, max_samples=drawn.few(), random_state=1)
    leaves = np.full(trees, -1), np.zeros(trees), np.zeros(trees, int), drawn.whole(trees, below=9) / 2
    return IsolationForest(np.arange(trees), *leaves, max_samples=2)


_paths = Samples(_judged)


@_paths.drawn("n d t")
def _walks(drawn: Patterns) -> dict[str, Any]:
    n, d, t = drawn.sizes("n d t")
    return {"x": drawn.real(n, d), **dict(zip(_NODES, _forest_of_any_size(drawn, d, t), strict=False))}


@_paths.case
def trees_of_one_leaf(rng: np.random.Generator) -> dict[str, Any]:
    leaf = {"feature": np.array([-1, -1]), "threshold": np.zeros(2), "left": np.zeros(2, int)}
    return {"x": rng.normal(size=(9, 3)), "roots": np.arange(2), **leaf, "path_length": np.array([1.5, 2.0])}


@_paths.case
def values_at_the_threshold(rng: np.random.Generator) -> dict[str, Any]:
    """What is equal in float32 goes to the left, also where it is larger in float64."""
    x = np.float32(0.1) + np.array([[0.0], [1e-12], [-1e-12], [1e-7], [-1e-7]])
    node = {"feature": np.array([0, -1, -1]), "threshold": np.array([np.float32(0.1), 0, 0], float)}
    return {"x": x, "roots": np.array([0]), **node, "left": np.array([1, 0, 0]), "path_length": np.array([0.0, 1, 2])}


@_paths.case
def one_long_branch(rng: np.random.Generator) -> dict[str, Any]:
    """A tree as deep as it has inner nodes."""
    feature = np.array([0, -1] * 30 + [-1])
    nodes = np.arange(61)
    return {
        "x": rng.uniform(-1, 31, size=(70, 2)),
        "roots": np.array([0]),
        "feature": feature,
        "threshold": np.where(feature == 0, nodes / 2.0, 0.0),
        "left": np.where(feature == 0, nodes + 1, 0),
        "path_length": nodes / 3.0,
    }


def _two_levels(columns: int) -> dict[str, Any]:
    """A tree whose leaves are marked -2 and lie at unequal depths, and a tree that is a leaf."""
    feature = np.array([0, -2, columns - 1, -2, -7, -2])
    return {
        "roots": np.array([0, 5]),
        "feature": feature,
        "threshold": np.array([-0.5, 0.0, 0.5, 0.0, 0.0, 0.0]),
        "left": np.array([1, -4, 3, 99, -1, 0]),
        "path_length": np.array([0.0, 1.0, 0.0, 2.0, 4.0, 8.0]),
    }


@_paths.case
def leaves_marked_otherwise(rng: np.random.Generator) -> dict[str, Any]:
    """What is below 0 is a leaf, whichever number it is and whatever its other fields hold."""
    return {"x": rng.normal(size=(33, 1)), **_two_levels(1)}


@_paths.case
def leaves_marked_beyond_the_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(21, 3)), **_two_levels(3)}


@_paths.case
def no_columns(rng: np.random.Generator) -> dict[str, Any]:
    """Trees that look at nothing are leaves."""
    leaf = {"feature": np.array([-1, -2]), "threshold": np.zeros(2), "left": np.zeros(2, int)}
    return {"x": np.empty((9, 0)), "roots": np.array([0, 1, 1]), **leaf, "path_length": np.array([1.0, 4.0])}


@_paths.case
def no_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.empty((0, 1)), **_two_levels(1)}


@_paths.case
def values_beyond_float32(rng: np.random.Generator) -> dict[str, Any]:
    """They are infinite in float32, and so right of every threshold or left of it."""
    return {"x": np.array([[1e300], [-1e300], [3.5e38], [0.0]]), **_two_levels(1)}


@_paths.mistake("feature")
def column_where_there_is_none(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.empty((9, 0)), **_two_levels(1)}


@_paths.mistake("roots")
def root_of_no_nodes(rng: np.random.Generator) -> dict[str, Any]:
    nothing = {"threshold": np.empty(0), "path_length": np.empty(0), "feature": np.empty(0, int)}
    return {"x": np.ones((3, 2)), "roots": np.array([0]), **nothing, "left": np.empty(0, int)}


@_paths.mistake("roots")
def root_before_the_first_node(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.ones((3, 1)), **_two_levels(1), "roots": np.array([-1])}


@_paths.mistake("left")
def right_child_beyond_the_last_node(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.ones((3, 1)), **_two_levels(1), "left": np.array([1, 0, 5, 0, 0, 0])}


@_paths.mistake("feature")
def column_beyond_the_data(rng: np.random.Generator) -> dict[str, Any]:
    return {**_judged(rng, 8), "x": rng.normal(size=(8, 3))}


@_paths.mistake("left")
def child_before_its_parent(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _judged(rng, 8)
    return {**arguments, "left": np.zeros_like(arguments["left"])}


@_paths.mistake("roots")
def root_beyond_the_nodes(rng: np.random.Generator) -> dict[str, Any]:
    return {**_judged(rng, 8), "roots": np.array([10**6])}


@_paths.mistake("roots")
def no_trees(rng: np.random.Generator) -> dict[str, Any]:
    return {**_judged(rng, 8), "roots": np.empty(0, int)}


def _require_trees(x: Any, roots: Any, feature: Any, threshold: Any, left: Any, path_length: Any) -> tuple[Any, ...]:
    """Every walk from a root ends in a leaf, and looks only at columns that exist."""
    starts, columns, children = map(to_host, (roots, feature, left))
    nodes, leaf = np.arange(len(columns)), columns < 0
    of_nodes = (starts >= 0) & (starts < len(nodes))
    behind = (children > nodes) & (children < len(nodes) - 1)
    for name, holds, rule in (
        ("roots", len(starts) > 0 and of_nodes.all(), "at least one, all of nodes"),
        ("feature", (columns < x.shape[1]).all(), f"columns below {x.shape[1]}"),
        ("left", (leaf | behind).all(), "nodes behind their parents"),
    ):
        if not holds:
            raise InvalidInput("mean_path_length", name, f"breaks the rule of a forest; expected {rule}")
    return x, roots, feature, threshold, left, path_length


@operation(
    "n d, int t, int m, m, int m, m -> n",
    work="n * t",
    nan="forbid",
    samples=_paths,
    prepare=_require_trees,
    parts=Rows(),
)
def mean_path_length(
    x: ArrayLike,
    roots: ArrayLike,
    feature: ArrayLike,
    threshold: ArrayLike,
    left: ArrayLike,
    path_length: ArrayLike,
    *,
    backend: str | None = None,
) -> np.ndarray[Any, Any]:
    """Mean over all trees of the path length of the leaf that each row falls into.

    Parameters
    ----------
    x : array of shape (n, d)
    roots : array of shape (t,), integers
    feature, left : arrays of shape (m,), integers
    threshold, path_length : arrays of shape (m,)
        As the attributes of `IsolationForest`.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or holds NaN or infinity, or the arrays are no forest over its columns.

    Examples
    --------
    >>> mean_path_length([[0.0], [5.0]], [0], [0, -1, -1], [2.0, 0.0, 0.0], [1, 0, 0], [0.0, 1.0, 3.0])
    array([1., 3.])
    """
    total: Any = np.zeros(len(x))
    for i, row in enumerate(x.astype(np.float32)):
        for root in roots:
            node = root
            while feature[node] >= 0:
                node = left[node] + (row[feature[node]] > threshold[node])
            total[i] += path_length[node]
    return total / len(roots)


def _with_forest(rng: np.random.Generator, n: int) -> dict[str, Any]:
    x = rng.normal(size=(n, 50))
    return {"x": x, "forest": fit_isolation_forest(x, n_trees=20, random_state=2)}


_scored = Samples(_with_forest)


@_scored.drawn("n d t")
def _rows_and_forest(drawn: Patterns) -> dict[str, Any]:
    n, d, t = drawn.sizes("n d t")
    return {"x": drawn.real(n, d), "forest": _forest_of_any_size(drawn, d, t)}


@_scored.case
def forest_of_one_row(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5, 2)), "forest": fit_isolation_forest([[0.0, 1.0]], n_trees=3, random_state=0)}


@_scored.mistake("forest")
def forest_is_no_forest(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5, 2)), "forest": None}


@_scored.mistake("forest")
def forest_over_other_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {**_with_forest(rng, 8), "x": rng.normal(size=(8, 2))}


@_scored.mistake("forest")
def forest_over_fewer_columns(rng: np.random.Generator) -> dict[str, Any]:
    """Its trees look at columns that exist, but these need not be the same."""
    return {**_with_forest(rng, 8), "x": rng.normal(size=(8, 51))}


@_scored.mistake("forest")
def forest_of_no_rows(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _with_forest(rng, 8)
    return {**arguments, "forest": arguments["forest"]._replace(max_samples=0)}


def _parts(x: Any, forest: Any) -> dict[str, Any]:
    name = "isolation_forest_score"
    if not isinstance(forest, IsolationForest):
        raise InvalidInput(name, "forest", "is not an IsolationForest")
    integer(minimum=1)(name, "max_samples", forest.max_samples)
    require_features(name, "forest", x, forest.feature_names)
    x = as_array(name, "x", x)
    if x.ndim == 2:
        require_width(name, "forest", x.shape[1], forest.n_features)
    return {"x": x, **{part: to_device_of(x, getattr(forest, part)) for part in _NODES}}


def _calls(*, x: Any, forest: Any) -> dict[str, dict[str, Any]]:
    return {"mean_path_length": _parts(x, forest)}


def _forest_of_shape(shape: tuple[int, ...]) -> IsolationForest:
    """A forest of so many trees of so many nodes, all leaves."""
    trees, nodes = shape
    none = np.zeros(trees * nodes, np.int64)
    return IsolationForest(np.arange(trees) * nodes, none - 1, none * 1.0, none, none * 1.0, nodes)


@composition(
    mean_path_length,
    samples=_scored,
    made_of=dict.fromkeys((*_NODES, "max_samples"), "forest"),
    calls=_calls,
    examples={"forest": _forest_of_shape},
    parts=Rows(),
)
def isolation_forest_score(
    x: ArrayLike, forest: IsolationForest, *, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """How ordinary each row is to a forest: the less, the fewer comparisons isolate it.

    Parameters
    ----------
    x : array of shape (n, d)
    forest : IsolationForest
        Copied to the device of `x` where that is a device array and it is not.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,)
        -2 ** (-mean path length / average path length): from -1 (alone) to 0; about -0.5 where nothing stands out.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or holds NaN or infinity, or `forest` is no forest over its columns: it was grown on
        another number of them, or on columns of other names, or in another order.

    Notes
    -----
    Follows ``score_samples`` of `sklearn.ensemble.IsolationForest`: values are compared in float32, and a forest grown
    on one row gives -0.5. Scores are float64, as the forest is.

    Examples
    --------
    >>> forest = IsolationForest([0], [0, -1, -1], [2.0, 0.0, 0.0], [1, 0, 0], [0.0, 1.0, 1.0], 2)
    >>> isolation_forest_score([[0.0]], forest)
    array([-0.5])
    """
    lengths = mean_path_length(**_parts(x, forest), backend=backend)
    usual = float(average_path_length(int(forest.max_samples)))
    return -(2.0 ** -(lengths / usual if usual > 0 else np.ones_like(lengths)))
