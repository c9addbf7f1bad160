"""Principal components: fitting them, and rows rebuilt from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.options import integer
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation
from .features import feature_names
from .linalg import assert_product
from .svd import assert_directions, assert_pairs, decomposed, factors, require_components, scaled_to_one
from .triplets import leading_directions, signs_of


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
    np.testing.assert_allclose(variance, wanted_variance, rtol=rtol, atol=floor + (1e-3 * rtol * sizes.max()) ** 2)
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


def _check(x: Any, n_components: int) -> tuple[Any, int]:
    """At least two rows, and no more components than rows and columns."""
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
    remembers=_with_names,
    agrees=_assert_model,
    homogeneous="x -> 1, 0, 2",
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
    scaled = np.ldexp(x, -exponents)  # each column by itself, so that none vanishes beside another before it has a mean
    mean = scaled.mean(axis=0)
    top = exponents.max()
    _, s, vt = np.linalg.svd(np.ldexp(scaled - mean, exponents - top), full_matrices=False)
    components = vt * signs_of(vt)[:, None]
    variance = np.ldexp(s[:n_components] ** 2 / (len(x) - 1), 2 * top)
    return PCAModel(np.ldexp(mean, exponents), components[:n_components], variance)


@numpy_backend.kernel("pca_fit")
def _fit_by_qr(x: Any, n_components: int) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        mean, s, vt = leading_directions(x, n_components)
        return tuple(np.ascontiguousarray(part, x.dtype) for part in (mean, vt, s * (s / (len(x) - 1))))


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


@numpy_backend.kernel("pca_reconstruct")
def _rebuilt_by_blas(scores: Any, components: Any, mean: Any) -> Any:
    with np.errstate(all="ignore"):
        rebuilt = scores @ components
        if mean is not None:
            rebuilt += mean
        return rebuilt
