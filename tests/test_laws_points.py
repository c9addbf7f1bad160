"""Laws of rows as points, on every backend: distances, clusters, trees, products and principal components."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import acm_dispatch as acm

SEEDS, SHAPES = st.integers(0, 10**6), st.tuples(st.integers(2, 40), st.integers(1, 6))


def on_each_backend(operation):
    """Every backend that has the kernel and runs here."""
    return pytest.mark.parametrize("backend", list(operation.kernels()))


@on_each_backend(acm.pairwise_euclidean)
@given(seed=SEEDS, shape=SHAPES)
def test_distances_form_a_metric(backend, sensors_of, seed, shape):
    x = sensors_of(seed, shape)
    distances = acm.pairwise_euclidean(x, backend=backend)
    assert_array_equal(distances, distances.T)
    assert_array_equal(np.diag(distances), 0)
    assert_array_equal(acm.pairwise_euclidean(x, x.copy(), backend=backend).diagonal(), 0)
    detours = distances[:, :, None] + distances[None, :, :]
    assert (distances[:, None, :] <= detours * (1 + 1e-12)).all()


@on_each_backend(acm.pairwise_euclidean)
@given(seed=SEEDS, shape=SHAPES, shift=st.integers(-(2**20), 2**20), factor=st.sampled_from([2.0**-20, 1.0, 8.0]))
def test_distances_know_neither_place_nor_order_of_columns(backend, sensors_of, seed, shape, shift, factor):
    x = sensors_of(seed, shape, decimals=0)  # whole numbers: no shift costs digits
    y = sensors_of(seed + 1, (7, shape[1]), decimals=0)
    order = np.random.default_rng(seed).permutation(shape[1])
    distances = acm.pairwise_euclidean(x, y, backend=backend)
    moved = acm.pairwise_euclidean(factor * (x + shift), factor * (y + shift), backend=backend)
    assert_allclose(moved, factor * distances, rtol=1e-12)
    assert_allclose(acm.pairwise_euclidean(x[:, order], y[:, order], backend=backend), distances, rtol=1e-12)
    assert_allclose(acm.pairwise_euclidean(y, x, backend=backend), distances.T, rtol=1e-12)


@on_each_backend(acm.pairwise_distances_argmin_min)
@given(seed=SEEDS, shape=SHAPES, many=st.integers(1, 30))
def test_the_nearest_is_the_least_in_the_matrix(backend, sensors_of, seed, shape, many):
    x, y = (sensors_of(seed + i, (n, shape[1]), decimals=0) for i, n in enumerate((shape[0], many)))
    index, distance = acm.pairwise_distances_argmin_min(x, y, backend=backend)
    everything = acm.pairwise_euclidean(x, y, backend=backend)
    assert_array_equal(index, everything.argmin(axis=1))  # squares of whole numbers are exact: ties are ties
    assert_array_equal(index, acm.pairwise_distances_argmin(x, y, backend=backend))
    assert_allclose(distance, everything.min(axis=1), rtol=1e-12)
    assert_allclose(acm.assigned_distances(x, y, index, backend="numpy"), distance, rtol=1e-12)


@on_each_backend(acm.silhouette_samples)
@given(seed=SEEDS, rows=st.integers(4, 60), clusters=st.integers(2, 4))
def test_silhouettes_know_neither_names_nor_order(backend, sensors_of, seed, rows, clusters):
    rng = np.random.default_rng(seed)
    x, labels = sensors_of(seed, (rows, 3)), rng.integers(0, clusters, size=rows)
    labels[:2], labels[2:4] = 0, 1
    own = acm.silhouette_samples(x, labels, backend=backend)
    assert ((own >= -1) & (own <= 1)).all()
    renamed = rng.permutation([-70, 3, 12, 999])[labels]
    assert_allclose(acm.silhouette_samples(x, renamed, backend=backend), own, rtol=1e-9, atol=1e-12)
    order = rng.permutation(rows)
    shuffled = acm.silhouette_samples(x[order], labels[order], backend=backend)
    assert_allclose(shuffled, own[order], rtol=1e-9, atol=1e-12)
    moved = acm.silhouette_samples(4.0 * x[:, ::-1], labels, backend=backend)
    assert_allclose(moved, own, rtol=1e-9, atol=1e-12)


@on_each_backend(acm.lloyd_step)
@given(seed=SEEDS, rows=st.integers(6, 80), clusters=st.integers(1, 5))
def test_more_steps_never_raise_the_inertia(backend, sensors_of, seed, rows, clusters):
    x = sensors_of(seed, (rows, 3)) + np.random.default_rng(seed).normal(size=(rows, 3))
    results = [
        acm.kmeans(x, clusters, init=x[:clusters], max_iter=steps, tol=0.0, backend=backend) for steps in (1, 2, 4, 50)
    ]
    inertia = [result.inertia for result in results]
    assert (np.diff(inertia) <= 1e-9 * inertia[0]).all()
    last = results[-1]
    assert_array_equal(last.labels, acm.pairwise_distances_argmin(x, last.centers, backend="numpy"))
    distances = acm.assigned_distances(x, last.centers, last.labels, backend="numpy")
    assert_allclose(last.inertia, (distances**2).sum(), rtol=1e-9)


@on_each_backend(acm.mean_path_length)
@given(seed=SEEDS, rows=st.integers(2, 60))
def test_rows_fall_alone_and_never_deeper_than_the_trees(backend, sensors_of, seed, rows):
    x = sensors_of(seed, (rows, 3))
    forest = acm.fit_isolation_forest(x, n_trees=10, max_samples=16, random_state=seed)
    lengths = acm.mean_path_length(x, *forest[:5], backend=backend)
    assert ((lengths >= 0) & (lengths <= forest.path_length.max() * (1 + 1e-12))).all()
    order = np.random.default_rng(seed).permutation(rows)
    assert_array_equal(acm.mean_path_length(x[order], *forest[:5], backend=backend), lengths[order])
    scores = acm.isolation_forest_score(x, forest, backend=backend)
    assert (np.diff(scores[np.argsort(lengths)]) >= 0).all()


@on_each_backend(acm.matmul)
@given(seed=SEEDS, shape=SHAPES, inner=st.integers(1, 20))
def test_products_are_linear_and_turn_around(backend, seed, shape, inner):
    rng = np.random.default_rng(seed)
    a, b, c = (
        rng.integers(-9, 9, size=size) * 0.5 for size in ((shape[0], inner), (inner, shape[1]), (inner, shape[1]))
    )
    product = acm.matmul(a, b, backend=backend)
    assert_array_equal(product + acm.matmul(a, c, backend=backend), acm.matmul(a, b + c, backend=backend))
    assert_array_equal(acm.matmul(b.T, a.T, backend=backend), product.T)
    assert_array_equal(acm.matmul(a, np.eye(inner), backend=backend), a)


@on_each_backend(acm.truncated_svd)
@given(seed=SEEDS, shape=SHAPES, some=st.integers(1, 6))
def test_triplets_are_orthonormal_and_rebuild(backend, sensors_of, seed, shape, some):
    x, most = sensors_of(seed, shape), min(shape)
    u, s, vt = acm.truncated_svd(x, most, backend=backend)
    assert_allclose(vt @ vt.T, np.eye(most), atol=1e-12)
    assert (np.diff(s) <= 0).all()
    assert_allclose((u * s) @ vt, x, rtol=1e-9, atol=1e-10 * max(s[0], 1))
    present = s > 1e-10 * s[0]
    assert_allclose((u.T @ u)[np.ix_(present, present)], np.eye(present.sum()), atol=1e-10)
    fewer = acm.truncated_svd(x, min(some, most), backend=backend)
    assert_allclose(fewer[1], s[: min(some, most)], rtol=1e-10, atol=1e-13 * s[0])


@on_each_backend(acm.spe_t2)
@given(seed=SEEDS, rows=st.integers(8, 40), columns=st.integers(2, 5))
def test_errors_vanish_with_all_components_and_fall_with_each(backend, sensors_of, seed, rows, columns):
    x = sensors_of(seed, (rows, columns)) + np.random.default_rng(seed).normal(size=(rows, columns))
    models = [acm.pca_fit(x, k, backend="numpy") for k in range(1, columns + 1)]
    spe, t2 = np.array([acm.pca_spe_t2(x, model, backend=backend) for model in models]).swapaxes(0, 1)
    size = (x.var(axis=0) * rows).sum()
    assert (np.diff(spe, axis=0) <= 1e-12 * size).all()
    assert_allclose(spe[-1], 0.0, atol=1e-12 * size)
    assert (np.diff(t2, axis=0) >= -1e-9).all()
    assert_allclose(t2[-1].sum(), columns * (rows - 1), rtol=1e-8)


@on_each_backend(acm.mahalanobis)
@given(seed=SEEDS, rows=st.integers(8, 40), columns=st.integers(1, 5))
def test_distances_to_the_mean_know_no_unit(backend, sensors_of, seed, rows, columns):
    rng = np.random.default_rng(seed)
    x = sensors_of(seed, (rows, columns)) + rng.normal(size=(rows, columns))
    scale = rng.choice([0.125, 1.0, 64.0], size=columns)
    mean, precision = x.mean(axis=0), np.linalg.inv(np.cov(x.T, bias=True).reshape(columns, columns))
    own = acm.mahalanobis(x, mean, precision, backend=backend)
    other = acm.mahalanobis(scale * x, scale * mean, precision / np.outer(scale, scale), backend=backend)
    assert_allclose(other, own, rtol=1e-7, atol=1e-9)
    assert_allclose(own.mean(), columns, rtol=1e-6)
    assert_array_equal(acm.mahalanobis(mean[None], mean, precision, backend=backend), [0.0])


@pytest.mark.parametrize("backend", [name for name in acm.csr_matmul.kernels() if name in acm.csr_matvec.kernels()])
@given(seed=SEEDS, rows=st.integers(1, 30), inner=st.integers(1, 20), density=st.sampled_from([0.0, 0.1, 0.9]))
def test_sparse_products_are_the_dense_ones(backend, seed, rows, inner, density):
    rng = np.random.default_rng(seed)
    a = sparse.random_array((rows, inner), density=density, format="csr", rng=rng)
    b = rng.normal(size=(inner, 5))
    found = acm.sparse_matmul(a, b, backend=backend)
    assert_allclose(found, a.toarray() @ b, rtol=1e-10, atol=1e-12)
    assert_allclose(acm.sparse_matvec(a, b[:, 1], backend=backend), found[:, 1], rtol=1e-12, atol=1e-13)
