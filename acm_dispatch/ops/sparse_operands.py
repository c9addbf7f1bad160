"""The arrays of a CSR matrix and what they are multiplied with: samples, mistakes and the check of all products."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.patterns import Patterns
from ..contract.samples import Samples


def csr_arrays(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """A CSR matrix of about 5 % of its entries, with empty rows, unsorted indices and duplicates."""
    counts = rng.integers(0, 6, size=n) * (rng.random(n) < 0.8)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return {
        "data": rng.normal(size=indptr[-1]),
        "indices": rng.integers(0, 40, size=indptr[-1]).astype(np.int32),
        "indptr": indptr.astype(np.int32),
    }


def _products(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**csr_arrays(rng, n), "b": rng.normal(size=(40, 7))}


def csr_of_any_size(drawn: Patterns, n: int, columns: int) -> dict[str, Any]:
    """Arrays of a CSR matrix, some of its rows empty and one of them long."""
    counts = drawn.whole(n, below=5) * (columns > 0)
    counts[: n > 0] *= drawn.few()
    kind = str(drawn.rng.choice(["int32", "int64"]))
    return {
        "data": drawn.real(int(counts.sum())),
        "indices": drawn.whole(int(counts.sum()), below=columns).astype(kind),
        "indptr": np.concatenate([[0], counts.cumsum()]).astype(kind),
    }


times_matrix = Samples(_products)


@times_matrix.drawn("n c k")
def _matrix_factors(drawn: Patterns) -> dict[str, Any]:
    n, c, k = drawn.sizes("n c k")
    return {**csr_of_any_size(drawn, n, c), "b": drawn.real(c, k)}


@times_matrix.case
def wide_indices(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 30)
    return {
        **arguments,
        "indices": arguments["indices"].astype(np.int64),
        "indptr": arguments["indptr"].astype(np.int64),
    }


@times_matrix.case
def missing_values(rng: np.random.Generator) -> dict[str, Any]:
    """They spread to the rows that meet them."""
    arguments = _products(rng, 30)
    arguments["b"][3, 1], arguments["b"][5, 2], arguments["data"][4] = np.nan, np.inf, np.nan
    return arguments


@times_matrix.case
def empty_rows_at_both_ends(rng: np.random.Generator) -> dict[str, Any]:
    indptr = np.array([0, 0, 3, 3, 4, 4], dtype=np.int32)
    return {
        "data": rng.normal(size=4),
        "indices": np.array([2, 0, 2, 1]),
        "indptr": indptr,
        "b": rng.normal(size=(3, 5)),
    }


@times_matrix.case
def long_rows_that_cancel(rng: np.random.Generator) -> dict[str, Any]:
    """Sums in float32 would lose their last digits."""
    values = rng.normal(size=(3, 2000))
    values -= values.mean(axis=1, keepdims=True)
    return {
        "data": values.ravel(),
        "indices": rng.integers(0, 40, size=6000),
        "indptr": np.array([0, 2000, 4000, 6000]),
        "b": np.ones((40, 9)) + 1e-3 * rng.normal(size=(40, 9)),
    }


@times_matrix.case
def products_of_extremes(rng: np.random.Generator) -> dict[str, Any]:
    """The factors are near the ends of float64, their products are not."""
    arguments = _products(rng, 30)
    sizes = 10.0 ** rng.integers(-300, 301, size=40)
    arguments["data"] /= sizes[arguments["indices"]]
    return {**arguments, "b": arguments["b"] * sizes[:, None]}


@times_matrix.case
def one_column(rng: np.random.Generator) -> dict[str, Any]:
    return {**csr_arrays(rng, 50), "b": rng.normal(size=(40, 1))}


@times_matrix.mistake("indices")
def index_beyond_the_rows_of_b(rng: np.random.Generator) -> dict[str, Any]:
    return {**_products(rng, 10), "b": rng.normal(size=(2, 3))}


@times_matrix.mistake("indices")
def negative_index(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 10)
    arguments["indices"][1] = -1
    return arguments


@times_matrix.mistake("indptr")
def falling_indptr(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 10)
    arguments["indptr"][1:3] = arguments["indptr"][-1], 0
    return arguments


@times_matrix.mistake("indptr")
def indptr_beyond_the_data(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 10)
    arguments["indptr"][-1] += 1
    return arguments


times_matrix.add_scaled("data")


def _vectors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**csr_arrays(rng, n), "v": rng.normal(size=40)}


times_vector = Samples(_vectors)


@times_vector.drawn("n c")
def _vector_factors(drawn: Patterns) -> dict[str, Any]:
    n, c = drawn.sizes("n c")
    return {**csr_of_any_size(drawn, n, c), "v": drawn.real(c)}


for _name, _draw in times_matrix.cases.items():
    times_vector.cases[_name] = lambda rng, draw=_draw: _with_vector(draw(rng))
for _name, _mistake in times_matrix.mistakes.items():
    times_vector.mistakes[_name] = _mistake._replace(draw=lambda rng, draw=_mistake.draw: _with_vector(draw(rng)))


def _with_vector(arguments: Any) -> dict[str, Any]:
    return {**{name: value for name, value in arguments.items() if name != "b"}, "v": arguments["b"][:, 0].copy()}
