"""Principal components: fitting them, and judging rows by them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..arrays import ArrayLike
from ..composition import composition
from ..errors import InvalidInput
from ..numpy_backend import numpy_backend
from ..operation import operation
from ..options import integer
from ..samples import Samples
from .linalg import assert_product, row_blocks
from .svd import assert_same_directions, decomposed, factors, require_components
from .triplets import leading_directions, signs_of


class PCAModel(NamedTuple):
    """What `pca_fit` finds and `pca_spe_t2` takes.

    Attributes
    ----------
    mean : array of shape (d,)
        Of each column.
    components : array of shape (k, d)
        Orthonormal rows, the direction of largest variance first.
    explained_variance : array of shape (k,)
        Variance along each component, by n - 1.
    """

    mean: Any
    components: Any
    explained_variance: Any


def _assert_same_model(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    (mean, components, variance), (wanted_mean, wanted_components, wanted_variance) = actual, expected
    np.testing.assert_allclose(mean, wanted_mean, rtol=rtol, atol=atol + rtol * np.abs(wanted_mean).max(initial=0))
    floor = 1e-3 * rtol * float(wanted_variance.max(initial=0))
    np.testing.assert_allclose(variance, wanted_variance, rtol=rtol, atol=floor + atol)
    assert_same_directions(components, wanted_components, np.sqrt(wanted_variance), 10 * rtol)


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


def _check(x: Any, n_components: int) -> tuple[Any, int]:
    if len(x) < 2:
        raise InvalidInput("pca_fit", "x", f"has shape {x.shape}; a variance takes at least 2 rows")
    require_components("pca_fit", x, n_components)
    return x, n_components


@operation(
    "n d -> d, n_components d, n_components",
    work="n * d * min(n, d)",
    nan="forbid",
    samples=_fitted,
    options={"n_components": integer(minimum=1)},
    prepare=_check,
    returns=PCAModel,
    agrees=_assert_same_model,
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
        values s of x - mean.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix of at least 2 rows or holds NaN or infinity, or `n_components` is not within 1 to
        min(n, d).

    Notes
    -----
    Follows `sklearn.decomposition.PCA` with ``svd_solver="full"``. Computed in float64, whatever the input.

    Examples
    --------
    >>> model = pca_fit([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]], 1)
    >>> model.mean, model.explained_variance
    (array([2., 1.]), array([4.]))
    """
    mean: Any = np.mean(x, axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    components = vt * signs_of(vt)[:, None]
    return PCAModel(mean, components[:n_components], (s**2 / (len(x) - 1))[:n_components])


@numpy_backend.kernel("pca_fit")
def _fit_by_qr(x: Any, n_components: int) -> tuple[Any, ...]:
    mean = x.mean(axis=0, dtype=np.float64)
    s, vt = leading_directions(x, mean, n_components)
    return tuple(np.ascontiguousarray(part, x.dtype) for part in (mean, vt, s**2 / (len(x) - 1)))


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


@operation("n k, k d, [d] -> n d", work="n * k * d", nan="propagate", samples=_rebuilt, agrees=assert_product)
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
    Follows `sklearn.decomposition.PCA.inverse_transform`. Results agree relative to the largest entry, as `matmul`'s.

    Examples
    --------
    >>> pca_reconstruct([[2.0]], [[1.0, 0.5]], [10.0, 20.0])
    array([[12., 21.]])
    """
    rebuilt = np.array([(row[:, None] * components).sum(axis=0) for row in scores]).reshape(
        len(scores), components.shape[1]
    )
    return rebuilt if mean is None else rebuilt + mean


@numpy_backend.kernel("pca_reconstruct")
def _rebuilt_by_blas(scores: Any, components: Any, mean: Any) -> Any:
    with np.errstate(all="ignore"):
        rebuilt = scores @ components
        if mean is not None:
            rebuilt += mean
        return rebuilt


#: Least variance that a score is divided by.
LEAST_VARIANCE = 1e-12


def _judged(rng: np.random.Generator, n: int) -> dict[str, Any]:
    components = np.linalg.qr(rng.normal(size=(50, 5)))[0].T.copy()
    rows = rng.normal(size=(n, 5)) @ components * 10 + rng.normal(size=(n, 50))
    return {"x": rows, "mean": rng.normal(size=50), "components": components, "variance": np.arange(5, 0, -1.0)}


_judgements = Samples(_judged)


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
def missing_rows(rng: np.random.Generator) -> dict[str, Any]:
    """NaN and infinity stay in their rows."""
    arguments = _judged(rng, 40)
    arguments["x"][3, 1], arguments["x"][17, 49], arguments["x"][39, 0] = np.nan, np.inf, -np.inf
    return arguments


@_judgements.mistake("components")
def components_of_other_width(rng: np.random.Generator) -> dict[str, Any]:
    return {**_judged(rng, 8), "components": np.eye(5, 49)}


@operation("n d, d, k d, k -> n, n", work="n * d * k", nan="propagate", samples=_judgements)
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
    NaN in a row makes both NaN. Computed in float64, whatever the input: the error is a small difference.

    Examples
    --------
    >>> spe_t2([[3.0, 5.0]], [1.0, 1.0], [[0.0, 1.0]], [2.0])
    (array([4.]), array([8.]))
    """
    deviations: Any = x - mean
    scores = deviations @ components.T
    errors = deviations - scores @ components
    return (errors**2).sum(axis=1), (scores**2 / np.maximum(variance, LEAST_VARIANCE)).sum(axis=1)


@numpy_backend.kernel("spe_t2")
def _spe_t2_by_blocks(x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    spe, t2 = np.empty(len(x), x.dtype), np.empty(len(x), x.dtype)
    model = [part.astype(np.float64, copy=False) for part in (mean, components, variance)]
    body = spe_t2.operation.body
    with np.errstate(all="ignore"):
        for rows in row_blocks(len(x), components.size):
            spe[rows], t2[rows] = body(x[rows], *model)
    return spe, t2


def _with_model(rng: np.random.Generator, n: int) -> dict[str, Any]:
    arguments = _judged(rng, n)
    x = arguments.pop("x")
    return {"x": x, "model": PCAModel(*arguments.values())}


_models = Samples(_with_model)


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


@composition(spe_t2, samples=_models, made_of=dict.fromkeys(("mean", "components", "variance"), "model"))
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
        If `x` is not a real matrix of the model's width, or `model` is no model.

    Notes
    -----
    Equals ``transform`` and ``inverse_transform`` of `sklearn.decomposition.PCA` followed by the sums. NaN in a row
    makes both NaN. No n x d intermediate is made.

    Examples
    --------
    >>> pca_spe_t2([[3.0, 5.0]], PCAModel([1.0, 1.0], [[0.0, 1.0]], [2.0]))
    (array([4.]), array([8.]))
    """
    try:
        mean, components, variance = model.mean, model.components, model.explained_variance
    except AttributeError:
        raise InvalidInput("pca_spe_t2", "model", "is not a PCAModel; `pca_fit` makes one") from None
    return spe_t2(x, mean, components, variance, backend=backend)
