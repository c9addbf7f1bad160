"""How results of parts of the rows combine: the steps of an operation, and the plain engine that takes them."""

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import DeclarationError, InvalidInput, Samples, registry, use
from acm_dispatch.contract.parts import Count, Fold, Iterative, Passes, Rows, Step, Take, Undivided
from acm_dispatch.execution.parts import extended, over_blocks

X = np.random.default_rng(0).normal(size=(40, 3))


def blocks_of(x, *edges):
    return [{"x": block} for block in np.split(x, edges)]


def counted(rows):
    return np.arange(float(rows))[:, None]


@pytest.fixture
def centred(own_operations):
    """Declares an operation that takes columns from their means, by the parts that it is called with."""

    def declare(parts, shapes="n d -> n d"):
        samples = Samples(lambda rng, n: {"x": rng.normal(size=(n, 3))})

        @acm_dispatch.operation(shapes, work="n * d", nan="propagate", samples=samples, parts=parts)
        def centred_columns(x, *, backend=None):
            return x - x.mean(axis=0)

        return centred_columns.operation

    return declare


def sums(arguments, found):
    return arguments["x"].sum(axis=0), len(arguments["x"])


def joined(first, second):
    return first[0] + second[0], first[1] + second[1]


def mean(piece, arguments, found):
    return piece[0] / piece[1]


def less_the_mean(arguments, found, number):
    return arguments["x"] - found[0]


def test_windows_get_the_rows_before_their_block_from_a_boundary_of_windows_on():
    halo, tail, seen = acm_dispatch.rolling_mean.operation.parts, None, []
    for block in blocks_of(counted(12), 5, 5, 6, 11):
        rows, before, tail = extended(halo, block, {"window": 4}, tail)
        seen.append((rows["x"].ravel().tolist(), before))
    assert seen == [
        ([0, 1, 2, 3, 4], 0),
        ([0, 1, 2, 3, 4], 5),
        ([0, 1, 2, 3, 4, 5], 5),
        (list(range(11)), 6),
        ([8, 9, 10, 11], 3),
    ]


def test_rows_between_windows_are_left_out():
    halo, tail, seen = acm_dispatch.band_energy.operation.parts, None, []
    for block in blocks_of(counted(12), 1, 3, 4, 9):
        rows, _, tail = extended(halo, block, {"window": 2, "step": 5}, tail)
        seen.append(rows["x"].ravel().tolist())
    assert seen == [[0], [0, 1, 2], [], [5, 6, 7, 8], [10, 11]]


def test_what_is_left_to_the_next_block_is_no_view_of_this_one():
    block = {"x": X.copy()}
    tail = extended(acm_dispatch.rolling_mean.operation.parts, block, {"window": 4}, None)[2]
    assert not np.shares_memory(tail.block["x"], block["x"])


def test_gaps_are_filled_across_blocks_up_to_their_limit():
    x = np.array([1.0, *[np.nan] * 6, 8.0, np.nan])[:, None]
    for name, expected in (("ffill", [1, 1, 1, 1, 1, 0, 0, 8, 8]), ("bfill", [1, 0, 0, 8, 8, 8, 8, 8, 0])):
        filled = over_blocks(getattr(acm_dispatch, name).operation, blocks_of(x, 1, 2, 2, 4, 6), limit=4)
        np.testing.assert_array_equal(np.nan_to_num(filled[:, 0]), expected)


def test_passes_hand_on_what_they_found(centred):
    operation = centred(Passes((Fold(sums, joined, mean),), Rows(less_the_mean)))
    assert operation.parts.reads == 2
    result = over_blocks(operation, blocks_of(X.astype(np.float32), 7, 7, 30))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, operation.reference(X), atol=1e-6)


def test_iterations_may_ask_for_rows_by_number_and_how_many_there_are(centred):
    def run(arguments):
        count = yield Step(Count())
        last = yield Step(Take([count - 1, 0]))
        found = (last["x"].mean(axis=0),)
        return (yield Step(Rows(less_the_mean), found))

    result = over_blocks(centred(Iterative(run, "3")), blocks_of(X, 13))
    np.testing.assert_array_equal(result, X - (X[0] + X[-1]) / 2)


def test_parts_may_depend_on_the_arguments_without_rows(centred):
    operation = centred(lambda arguments: Undivided(f"has parts of {sorted(arguments)}"))
    with pytest.raises(InvalidInput, match=r"^centred_columns: `x` has parts of \[\]$"):
        over_blocks(operation, blocks_of(X))
    with pytest.raises(InvalidInput, match=r"^pairwise_euclidean: `x` .*expected `y` beside it"):
        over_blocks(acm_dispatch.pairwise_euclidean.operation, blocks_of(X))


def test_a_declaration_without_parts_says_so(centred):
    with pytest.raises(DeclarationError, match=r"^centred_columns: .* \(parts=\)"):
        over_blocks(centred(None), blocks_of(X))


def test_every_operation_says_how_results_of_parts_combine():
    for subject in (*registry.operations.values(), *registry.compositions.values()):
        assert subject.parts is not None, subject.name
        assert subject.row_names, subject.name


def test_clusters_are_those_of_all_rows_together_from_given_centres():
    x = np.random.default_rng(3).normal(size=(500, 3)) + 6 * np.repeat(np.eye(5, 3), 100, axis=0)
    wanted = acm_dispatch.kmeans(x, 5, init=x[::100].copy(), backend="numpy")
    with use("numpy"):
        found = over_blocks(registry.compositions["kmeans"], blocks_of(x, 130, 131, 400), n_clusters=5, init=x[::100])
    np.testing.assert_allclose(found.centers, wanted.centers, rtol=1e-12)
    np.testing.assert_array_equal(found.labels, wanted.labels)
    assert (found.n_iter, found.inertia) == (wanted.n_iter, pytest.approx(wanted.inertia, rel=1e-12))


def test_an_option_is_refused_before_a_block_is_looked_at():
    with pytest.raises(InvalidInput, match=r"^rolling_mean: `window` is 0"):
        over_blocks(acm_dispatch.rolling_mean.operation, [], window=0)


def drifting(rows):
    """A drift, ties, a heavy tail, gaps in a count, a few values, and none, with infinities of both signs."""
    rng = np.random.default_rng(1)
    gaps = np.where(rng.random(rows) < 0.3, np.nan, np.arange(rows))
    walk, ties, tail = rng.normal(size=rows).cumsum(), rng.normal(size=rows).round(1), rng.exponential(size=rows)
    x = np.column_stack([walk, ties, tail, gaps, np.arange(rows) // (rows // 3), np.full(rows, np.nan)])
    x[rng.random(x.shape) < 0.01] = np.inf
    x[rng.random(x.shape) < 0.01] = -np.inf
    return x


@pytest.mark.parametrize("missing", ["nonfinite", "nan"])
def test_quantiles_of_many_rows_are_exact_in_two_reads(missing):
    x, q = drifting(60_000), (0.0, 0.01, 0.5, 0.75, 0.999)
    blocks = blocks_of(x, *range(0, 60_000, 4567))
    operation = acm_dispatch.column_quantiles.operation
    assert operation.parts.reads == 2
    for method in ("linear", "nearest"):
        found = over_blocks(operation, blocks, q=q, method=method, missing=missing)
        wanted = acm_dispatch.column_quantiles(x, q, method=method, missing=missing, backend="numpy")
        np.testing.assert_allclose(found, wanted, rtol=1e-15)


@pytest.mark.parametrize("missing", ["nonfinite", "nan"])
def test_deviations_of_many_rows_are_exact_in_three_reads(missing):
    x = drifting(60_000)
    operation = acm_dispatch.column_median_mad.operation
    assert operation.parts.reads == 3
    found = over_blocks(operation, blocks_of(x, *range(0, 60_000, 4567)), missing=missing)
    for own, wanted in zip(found, acm_dispatch.column_median_mad(x, missing=missing, backend="numpy"), strict=True):
        np.testing.assert_array_equal(own, wanted)


def test_few_values_are_collected_in_the_second_read():
    x = np.random.default_rng(2).normal(size=(200_000, 2))
    first, second = acm_dispatch.column_quantiles.operation.parts.folds
    options = {"q": (0.5,), "method": "linear", "missing": "nonfinite"}
    pieces = [first.map({"x": block, **options}, ()) for block in np.split(x, 20)]
    seen = pieces[0]
    for piece in pieces[1:]:
        seen = first.merge(seen, piece)
    located = first.finish(seen, options, ())
    inside = [second.map({"x": block, **options}, (located,)) for block in np.split(x, 20)]
    assert sum(len(part.values) for piece in inside for part in piece.within) < x.size / 50


def test_missing_values_are_refused_in_any_block():
    x = X.copy()
    x[35, 1] = np.nan
    with pytest.raises(InvalidInput, match=r"^pca_fit: `x` holds NaN or infinity"):
        over_blocks(acm_dispatch.pca_fit.operation, blocks_of(x, 20), n_components=2)


def test_equal_values_are_counted_and_not_collected():
    """A sensor that sticks, one that is dead, one that has few levels."""
    rng = np.random.default_rng(0)
    x = np.stack([np.full(40_000, 0.1), np.full(40_000, np.nan), rng.integers(0, 7, 40_000) / 3], axis=1)
    for dtype in (np.float32, np.float64):
        rows = x.astype(dtype)
        first, second = acm_dispatch.column_quantiles.operation.parts.folds
        options = {"q": (0.1, 0.5, 0.9), "method": "linear", "missing": "nonfinite"}
        located = first.finish(first.map({"x": rows, **options}, ()), options, ())
        inside = second.map({"x": rows, **options}, (located,))
        assert sum(len(part.values) for part in inside.within) < 100
        blocks = blocks_of(rows, 100, 20_000)
        found = over_blocks(acm_dispatch.column_quantiles.operation, blocks, q=options["q"])
        np.testing.assert_array_equal(found, acm_dispatch.column_quantiles(rows, options["q"]))
        deviations = over_blocks(acm_dispatch.column_median_mad.operation, blocks)
        np.testing.assert_array_equal(deviations, acm_dispatch.column_median_mad(rows))
