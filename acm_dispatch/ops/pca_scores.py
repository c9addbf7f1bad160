"""Rows judged by principal components."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.composition import composition
from ..execution.operation import operation
from .features import require_features
from .linalg import row_blocks
from .pca import PCAModel, pca_fit

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
    "n d, d, k d, k -> n, n", work="n * d * k", nan="propagate", samples=_judgements, homogeneous="x, mean -> 2, 2"
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


@numpy_backend.kernel("spe_t2")
def _spe_t2_by_blocks(x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    spe, t2 = np.empty(len(x), x.dtype), np.empty(len(x), x.dtype)
    model = [part.astype(np.float64, copy=False) for part in (mean, components, variance)]
    with np.errstate(all="ignore"):
        for rows in row_blocks(len(x), components.size):
            errors, shares = _errors_and_shares(x[rows], *model)
            spe[rows], t2[rows] = np.einsum("ij,ij->i", errors, errors), np.einsum("ij,ij->i", shares, shares)
        again = np.flatnonzero(~(np.isfinite(spe) & np.isfinite(t2)))
        factor = 0.5 / x.shape[1]
        parts = _errors_and_shares(x[again] * factor, model[0] * factor, *model[1:])
        for out, rows in zip((spe, t2), parts, strict=True):
            sizes = np.abs(rows).max(axis=1, initial=0.0)
            sizes[~(np.isfinite(sizes) & (sizes > 0))] = 1.0
            rows = rows / sizes[:, None]
            out[again] = np.einsum("ij,ij->i", rows, rows) * (sizes / factor) * (sizes / factor)
    return spe, t2


def _errors_and_shares(x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    """What the components leave of each row, and its scores in units of their spread."""
    errors = x - mean
    shares = errors @ components.T
    errors -= shares @ components
    shares /= np.sqrt(np.maximum(variance, LEAST_VARIANCE))
    return errors, shares


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
