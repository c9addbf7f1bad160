"""Principal components, and rows judged by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike
from ..contract.options import integer
from ..contract.parts import Arguments, Fold, Found, Rows
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.composition import composition
from ..execution.operation import operation
from .features import feature_names, require_features
from .matmul import assert_product
from .svd import assert_directions, assert_pairs, decomposed, factors, require_components, scaled_to_one, signs_of


class _Parts(NamedTuple):
    mean: Any
    components: Any
    explained_variance: Any


class PCAModel(_Parts):
    """What `pca_fit` finds and `pca_spe_t2` takes: a tuple of three arrays, and the names of its columns.

    Attributes
    ----------
    mean : array of shape (d,)
        Of each column.
    components : array of shape (k, d)
        Orthonormal rows, the direction of largest variance first.
    explained_variance : array of shape (k,)
        Variance along each component, by n - 1.
    feature_names : tuple, optional
        The names of the columns, in order, where the data had any; not a part of the tuple.
    """

    feature_names: tuple[Any, ...] | None = None

    def with_names(self, names: tuple[Any, ...] | None) -> PCAModel:
        """The same model of columns of these names."""
        model = PCAModel(*self)
        model.feature_names = names
        return model

    def _replace(self, **parts: Any) -> PCAModel:  # pyright: ignore[reportIncompatibleMethodOverride] - keeps the names
        return super()._replace(**parts).with_names(self.feature_names)


#: Singular values of the differences from the mean below these, relative to the largest of them and to the length of
#: all values, name no direction that rounding leaves in place.
_CLEAR, _ABOVE_ROUNDING = 1e-3, 1e-8


def _assert_model(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """Mean and variances of the reference, and components that are orthonormal and belong to these variances."""
    (mean, components, variance), (wanted_mean, _, wanted_variance) = actual, expected
    x, exponent = scaled_to_one(arguments["x"])
    sizes = np.ldexp(np.abs(x).max(axis=0), exponent)
    off = np.abs(mean - wanted_mean)
    assert (off <= rtol * np.abs(wanted_mean) + 1e-3 * rtol * sizes).all(), f"means are off by {off}"
    floor = 1e-3 * rtol * float(wanted_variance[np.isfinite(wanted_variance)].max(initial=0))
    # Of a constant column the mean may be off by a unit in the last place a row, and that is all its variance.
    rounding = max(1e-3 * rtol, len(x) * np.finfo(np.float64).eps) * sizes.max()
    np.testing.assert_allclose(variance, wanted_variance, rtol=rtol, atol=floor + rounding**2)
    assert_directions(components, rtol)
    deviations = x - x.mean(axis=0)
    scores = deviations @ components.T
    s = np.sqrt((scores**2).sum(axis=0))
    clear = (s > _CLEAR * s[0]) & (s > _ABOVE_ROUNDING * np.linalg.norm(x))
    if clear.any():
        u, s = scores[:, clear] / s[clear], s[clear]
        assert_pairs(deviations, u, s, components[clear], rtol, inherited=s[0] / s)


_fitted = Samples(factors, decomposed)
# A row less in rank: centred, 17 rows or 19 have one direction without variance.
_fitted.cases["wide"] = lambda rng: {**decomposed.cases["wide"](rng), "n_components": 16}
_fitted.cases["square"] = lambda rng: {**decomposed.cases["square"](rng), "n_components": 18}


@_fitted.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    """The mean has to be subtracted before anything is multiplied."""
    return {"x": 1e6 + rng.normal(size=(500, 8)) * np.arange(1, 9), "n_components": 4}


@_fitted.mistake("x")
def one_row(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(1, 4)), "n_components": 1}


#: Below that of any number.
_LEAST_EXPONENT = -1100


def _with_names(model: PCAModel, x: Any) -> PCAModel:
    names = feature_names(x)
    return model if names is None else model.with_names(names)


def _require_variance(shape: tuple[int, ...]) -> None:
    if shape[0] < 2:
        raise InvalidInput("pca_fit", "x", f"has shape {shape}; a variance takes at least 2 rows")


def _check(x: Any, n_components: int) -> tuple[Any, int]:
    """At least two rows, and no more components than rows and columns."""
    _require_variance(x.shape)
    require_components("pca_fit", x.shape, n_components)
    return x, n_components


class _Spread(NamedTuple):
    """Rows in a few: the triangular factor of their distances from the mean, in a unit of 2**`top`.

    The mean is that of differences from `origin`, by columns in units of 2**`exponents`.
    """

    rows: int
    exponents: Any
    origin: Any
    mean: Any
    top: int
    factor: Any


def _spread_of_block(arguments: Arguments, _: Found) -> _Spread:
    x = to_host(arguments["x"]).astype(np.float64, copy=False)
    width = x.shape[1]
    if len(x) == 0:
        none, exponents = np.zeros(width), np.full(width, _LEAST_EXPONENT)
        return _Spread(0, exponents, none, none, _LEAST_EXPONENT, np.empty((0, width)))
    largest = np.abs(x).max(axis=0)
    exponents = np.where(largest > 0, np.frexp(largest)[1], _LEAST_EXPONENT)
    distances = np.ldexp(x, -exponents) - np.ldexp(x[0], -exponents)
    mean = distances.mean(axis=0)
    top = int(exponents.max(initial=_LEAST_EXPONENT))
    factor = np.linalg.qr(np.ldexp(distances - mean, exponents - top), mode="r")
    return _Spread(len(x), exponents, x[0], mean, top, factor)


def _spreads_merged(first: _Spread, second: _Spread) -> _Spread:
    """Two groups of rows are these, each about its mean, and a row for the distance of the means."""
    if first.rows == 0 or second.rows == 0:
        return second if first.rows == 0 else first
    exponents, top = np.maximum(first.exponents, second.exponents), max(first.top, second.top)
    count = first.rows + second.rows
    one, other = (np.ldexp(part.mean, part.exponents - exponents) for part in (first, second))
    distance = np.ldexp(second.origin, -exponents) - np.ldexp(first.origin, -exponents) + other - one
    between = (first.rows * (second.rows / count)) ** 0.5 * np.ldexp(distance, exponents - top)
    stacked = [np.ldexp(part.factor, part.top - top) for part in (first, second)]
    factor = np.linalg.qr(np.concatenate([*stacked, between[None]]), mode="r")
    return _Spread(count, exponents, first.origin, one + distance * (second.rows / count), top, factor)


def _model_of(total: _Spread, arguments: Arguments, _: Found) -> PCAModel:
    count, shape = arguments["n_components"], (total.rows, len(total.mean))
    _require_variance(shape)
    require_components("pca_fit", shape, count)
    s, vt = np.linalg.svd(total.factor, full_matrices=False)[1:]
    components = vt[:count] * signs_of(vt[:count])[:, None]
    mean = np.ldexp(np.ldexp(total.origin, -total.exponents) + total.mean, total.exponents)
    return PCAModel(mean, components, np.ldexp(s[:count] ** 2 / (total.rows - 1), 2 * total.top))


@operation(
    "n d -> d, n_components d, n_components",
    work="n * d * min(n, d)",
    nan="forbid",
    samples=_fitted,
    options={"n_components": integer(minimum=1)},
    prepare=_check,
    returns=PCAModel,
    remembers=_with_names,
    agrees=_assert_model,
    homogeneous="x -> 1, 0, 2",
    parts=Fold(_spread_of_block, _spreads_merged, _model_of),
)
def pca_fit(x: ArrayLike, n_components: int, *, backend: str | None = None) -> PCAModel:
    """Mean of `x` and the orthonormal directions of its largest variance.

    Parameters
    ----------
    x : array of shape (n, d)
        At least 2 rows.
    n_components : int
        1 to min(n, d).
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    PCAModel
        `mean` of shape (d,); `components` of shape (n_components, d), the entry of largest magnitude in each row
        positive; `explained_variance` of shape (n_components,), in squared units of `x`: s^2 / (n - 1) of the singular
        values s of x - mean; infinite where the dtype cannot hold it. `feature_names` are those of a frame's columns.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix of at least 2 rows or holds NaN or infinity, or `n_components` is not within 1 to
        min(n, d).

    Notes
    -----
    Follows `sklearn.decomposition.PCA` with ``svd_solver="full"``. Computed in float64, whatever the input, and at a
    scale where no square overflows or vanishes.

    Components are determined as far as their variances tell them apart: of equal variances any orthonormal directions
    of their space count, also where `n_components` takes only some of them, and where a variance is 0, or rounding, its
    component is any that completes the others. Backends may differ there.

    Examples
    --------
    >>> model = pca_fit([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]], 1)
    >>> model.mean, model.explained_variance
    (array([2., 1.]), array([4.]))
    """
    largest = np.abs(x).max(axis=0)
    exponents = np.where(largest > 0, np.frexp(largest)[1], _LEAST_EXPONENT)
    scaled = np.ldexp(
        x, -exponents
    )  # each column by itself, so that none vanishes next to a larger one before it has a mean
    mean = scaled.mean(axis=0)
    top = exponents.max()
    _, s, vt = np.linalg.svd(np.ldexp(scaled - mean, exponents - top), full_matrices=False)
    components = vt * signs_of(vt)[:, None]
    variance = np.ldexp(s[:n_components] ** 2 / (len(x) - 1), 2 * top)
    return PCAModel(np.ldexp(mean, exponents), components[:n_components], variance)


def _scores(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"scores": rng.normal(size=(n, 5)), "components": rng.normal(size=(5, 50)), "mean": rng.normal(size=50)}


_rebuilt = Samples(_scores)


@_rebuilt.case
def without_mean(rng: np.random.Generator) -> dict[str, Any]:
    return {**_scores(rng, 60), "mean": None}


@_rebuilt.case
def tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
    """Sizes that are multiples of nothing, in every dimension."""
    return {
        "scores": rng.normal(size=(67, 19)),
        "components": rng.normal(size=(19, 37)),
        "mean": 1e3 + rng.normal(size=37),
    }


@_rebuilt.case
def sums_of_one_sign(rng: np.random.Generator) -> dict[str, Any]:
    """So many terms that adding them up one after the other in float32 leaves five digits."""
    shapes = {"scores": (7, 300_000), "components": (300_000, 3), "mean": (3,)}
    return {name: rng.random(size=shape) for name, shape in shapes.items()}


@_rebuilt.case
def missing_scores(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _scores(rng, 30)
    arguments["scores"][2, 1], arguments["scores"][9, 4], arguments["mean"][7] = np.nan, np.inf, np.nan
    return arguments


@_rebuilt.mistake("mean")
def mean_of_other_length(rng: np.random.Generator) -> dict[str, Any]:
    return {**_scores(rng, 8), "mean": np.zeros(49)}


@operation(
    "n k, k d, [d] -> n d",
    work="n * k * d",
    nan="propagate",
    samples=_rebuilt,
    agrees=assert_product,
    homogeneous="scores, mean -> 1 while sums fit; components, mean -> 1 while sums fit",
    parts=Rows(),
)
def pca_reconstruct(
    scores: ArrayLike, components: ArrayLike, mean: ArrayLike | None = None, *, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Rows rebuilt from their scores: `scores` @ `components`, plus `mean` where it is given.

    Parameters
    ----------
    scores : array of shape (n, k)
    components : array of shape (k, d)
    mean : array of shape (d,), optional
        Added to every row.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `scores`. NaN and infinity spread as in arithmetic.

    Raises
    ------
    InvalidInput
        If an argument is not real, or shapes do not fit.

    Notes
    -----
    Follows `sklearn.decomposition.PCA.inverse_transform`. Results agree relative to the largest entry, and keep their
    digits in the same range, as those of `matmul`.

    Examples
    --------
    >>> pca_reconstruct([[2.0]], [[1.0, 0.5]], [10.0, 20.0])
    array([[12., 21.]])
    """
    rebuilt = np.array([(row[:, None] * components).sum(axis=0) for row in scores]).reshape(
        len(scores), components.shape[1]
    )
    return rebuilt if mean is None else rebuilt + mean


#: Least variance that a score is divided by.
LEAST_VARIANCE = 1e-12


def _judged(rng: np.random.Generator, n: int) -> dict[str, Any]:
    components = np.linalg.qr(rng.normal(size=(50, 5)))[0].T.copy()
    rows = rng.normal(size=(n, 5)) @ components * 10 + rng.normal(size=(n, 50))
    return {"x": rows, "mean": rng.normal(size=50), "components": components, "variance": np.arange(5, 0, -1.0)}


_judgements = Samples(_judged)


@_judgements.drawn("n d k")
def _judged_by_any_model(drawn: Patterns) -> dict[str, Any]:
    n, d, k = drawn.sizes("n d k")
    components = np.linalg.qr(drawn.rng.normal(size=(d, min(k, d, 80))))[0].T.copy()
    variance = np.abs(drawn.finite(len(components)))
    return {"x": drawn.real(n, d), "mean": drawn.finite(d), "components": components, "variance": variance}


@_judgements.case
def no_variance(rng: np.random.Generator) -> dict[str, Any]:
    return {**_judged(rng, 40), "variance": np.array([3.0, 1.0, 1e-11, 1e-13, 0.0])}


@_judgements.case
def far_from_the_origin(rng: np.random.Generator) -> dict[str, Any]:
    """The error is far smaller than the rows: a difference of squared lengths has no digit of it."""
    arguments = _judged(rng, 60)
    return {**arguments, "x": 1e4 + arguments["x"], "mean": 1e4 + arguments["mean"]}


@_judgements.case
def every_direction(rng: np.random.Generator) -> dict[str, Any]:
    """Nothing is left to be an error."""
    components = np.linalg.qr(rng.normal(size=(7, 7)))[0].T.copy()
    return {"x": rng.normal(size=(45, 7)), "mean": np.zeros(7), "components": components, "variance": np.ones(7)}


@_judgements.case
def squares_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    """A difference from the mean, a score, and the square of one; t2 is infinite, 0 and 1e12, spe 4, infinite and 9."""
    x = np.array([[1.7e308, 2.0], [-1.7e308, 1.7e308], [1e160 - 1.7e308, 3.0]])
    mean, components = np.array([-1.7e308, 0.0]), np.array([[1.0, 0.0]])
    return {"x": x, "mean": mean, "components": components, "variance": np.array([1e308])}


@_judgements.case
def missing_rows(rng: np.random.Generator) -> dict[str, Any]:
    """NaN and infinity stay in their rows."""
    arguments = _judged(rng, 40)
    arguments["x"][3, 1], arguments["x"][17, 49], arguments["x"][39, 0] = np.nan, np.inf, -np.inf
    return arguments


@_judgements.mistake("components")
def components_of_other_width(rng: np.random.Generator) -> dict[str, Any]:
    return {**_judged(rng, 8), "components": np.eye(5, 49)}


@operation(
    "n d, d, k d, k -> n, n",
    work="n * d * k",
    nan="propagate",
    samples=_judgements,
    homogeneous="x, mean -> 2, 2",
    parts=Rows(),
)
def spe_t2(
    x: ArrayLike, mean: ArrayLike, components: ArrayLike, variance: ArrayLike, *, backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Squared reconstruction error and Hotelling's T^2 of each row, by a model in parts; see `pca_spe_t2`.

    Parameters
    ----------
    x : array of shape (n, d)
    mean : array of shape (d,)
    components : array of shape (k, d)
        Orthonormal rows.
    variance : array of shape (k,)
        Along each component.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    spe : ndarray of shape (n,)
        Squared length, in squared units of `x`, of what the components leave of x - mean.
    t2 : ndarray of shape (n,)
        Sum of score^2 / max(variance, 1e-12), without unit.

    Raises
    ------
    InvalidInput
        If an argument is not real, or shapes do not fit.

    Notes
    -----
    NaN in a row makes both NaN. Computed in float64, whatever the input: the error is a small difference. Results that
    the dtype can hold are right also where a difference from the mean, or the square of a score, is beyond float64.

    Examples
    --------
    >>> spe_t2([[3.0, 5.0]], [1.0, 1.0], [[0.0, 1.0]], [2.0])
    (array([4.]), array([8.]))
    """
    # Small enough for differences and sums of the largest numbers to be numbers.
    shrunk = x.shape[1].bit_length() + 1
    deviations: Any = np.ldexp(x, -shrunk) - np.ldexp(mean, -shrunk)
    scores = deviations @ components.T
    errors = deviations - scores @ components
    shares = scores / np.sqrt(np.maximum(variance, LEAST_VARIANCE))
    return _squared_lengths(errors, shrunk), _squared_lengths(shares, shrunk)


def _squared_lengths(rows: Any, exponent: int) -> Any:
    """Of rows times 2**exponent, each squared at a scale of its own."""
    largest = np.abs(rows).max(axis=1, initial=0.0)
    own = np.where(np.isfinite(largest), np.frexp(largest)[1], 0)
    return np.ldexp((np.ldexp(rows, -own[:, None]) ** 2).sum(axis=1), 2 * (own + exponent))


def _with_model(rng: np.random.Generator, n: int) -> dict[str, Any]:
    arguments = _judged(rng, n)
    x = arguments.pop("x")
    return {"x": x, "model": PCAModel(*arguments.values())}


_models = Samples(_with_model)


@_models.drawn("n d k")
def _rows_and_model(drawn: Patterns) -> dict[str, Any]:
    x, *model = _judged_by_any_model(drawn).values()
    return {"x": x, "model": PCAModel(*model)}


@_models.case
def model_of_its_own_rows(rng: np.random.Generator) -> dict[str, Any]:
    x = 50 + rng.normal(size=(200, 8)) * np.arange(1, 9)
    return {"x": x, "model": pca_fit(x, 3, backend="numpy")}


@_models.mistake("model")
def model_is_no_model(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(8, 4)), "model": np.eye(4)}


@_models.mistake("model")
def model_of_other_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(8, 3)), "model": pca_fit(rng.normal(size=(20, 5)), 2, backend="numpy")}


def _parts(x: Any, model: Any) -> dict[str, Any]:
    try:
        mean, components, variance = model.mean, model.components, model.explained_variance
        names = getattr(model, "feature_names", None)
    except Exception:  # whatever an object says that it has
        raise InvalidInput("pca_spe_t2", "model", "is not a PCAModel; `pca_fit` makes one") from None
    require_features("pca_spe_t2", "model", x, names)
    return {"x": x, "mean": mean, "components": components, "variance": variance}


def _calls(*, x: Any, model: Any) -> dict[str, dict[str, Any]]:
    return {"spe_t2": _parts(x, model)}


def _model_of_shape(shape: tuple[int, ...]) -> PCAModel:
    """A model of so many components of so many columns."""
    count, width = shape
    return PCAModel(np.zeros(width), np.zeros((count, width)), np.zeros(count))


@composition(
    spe_t2,
    samples=_models,
    made_of=dict.fromkeys(("mean", "components", "variance"), "model"),
    homogeneous="x, model.mean -> 2, 2",
    calls=_calls,
    examples={"model": _model_of_shape},
    parts=Rows(),
)
def pca_spe_t2(
    x: ArrayLike, model: PCAModel, *, backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """How far each row is from what a PCA model expects: off its plane, and within it.

    Parameters
    ----------
    x : array of shape (n, d)
    model : PCAModel
        From `pca_fit`, or made of the same three arrays.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    spe : ndarray of shape (n,)
        Squared prediction error (Q statistic): squared length, in squared units of `x`, of the row less its
        reconstruction.
    t2 : ndarray of shape (n,)
        Hotelling's T^2: sum over components of score^2 / max(explained_variance, 1e-12), without unit.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix of the model's width, its columns have other names than those that the model was
        fitted to, or these in another order, or `model` is no model.

    Notes
    -----
    Equals ``transform`` and ``inverse_transform`` of `sklearn.decomposition.PCA` followed by the sums. NaN in a row
    makes both NaN. No n x d intermediate is made.

    Examples
    --------
    >>> pca_spe_t2([[3.0, 5.0]], PCAModel([1.0, 1.0], [[0.0, 1.0]], [2.0]))
    (array([4.]), array([8.]))
    """
    return spe_t2(**_parts(x, model), backend=backend)
