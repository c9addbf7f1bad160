"""Arguments that share a labelled dimension are brought into one order: no silent misalignment."""

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import acm_dispatch
from acm_dispatch import InvalidInput, registry, zscore
from acm_dispatch.testing.cases import sample
from acm_dispatch.testing.checks import as_tuple

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3)) * [1.0, 10.0, 100.0] + [0.0, 5.0, -7.0]
NAMES, OTHER = ["a", "b", "c"], ["c", "a", "b"]
FRAME = pandas.DataFrame(X, columns=NAMES)


class DataArray:
    """xarray's protocol."""

    def __init__(self, values, dims, **labels):
        self.values, self.dims = values, dims
        self.indexes = {dim: pandas.Index(names) for dim, names in labels.items()}
        self.chunks = None

    dims = indexes = chunks = None

    def __array__(self, *arguments, **options):
        return self.values


def _frames():
    return {
        "pandas": FRAME,
        "polars": polars.DataFrame(X, schema=NAMES),
        "arrow": pyarrow.table(dict(zip(NAMES, X.T, strict=True))),
        "structured": np.rec.fromarrays(list(X.T), names=NAMES),
        "xarray": DataArray(X, ("time", "sensor"), sensor=NAMES),
    }


def _vectors(values, names):
    row = [values]
    return {
        "pandas_series": pandas.Series(values, names),
        "pandas_row": pandas.DataFrame(row, columns=names),
        "polars_row": polars.DataFrame(row, schema=list(names), orient="row"),
        "arrow_row": pyarrow.table({name: [value] for name, value in zip(names, values, strict=True)}),
        "arrow_batch": pyarrow.record_batch({name: [value] for name, value in zip(names, values, strict=True)}),
        "structured_row": np.array([tuple(values)], [(name, float) for name in names])[0],
        "xarray": DataArray(np.array(values), ("sensor",), sensor=names),
        "dict": dict(zip(names, values, strict=True)),
    }


MEAN, STD = X.mean(axis=0), X.std(axis=0)
MOVED = [NAMES.index(name) for name in OTHER]


@pytest.mark.parametrize("kind", _vectors(MEAN, NAMES))
@pytest.mark.parametrize("frame", _frames())
def test_a_parameter_in_another_order_is_aligned(frame, kind):
    x = _frames()[frame]
    wanted = zscore(X, MEAN, STD)
    for order in ([0, 1, 2], MOVED):
        names = [NAMES[i] for i in order]
        center, scale = _vectors(MEAN[order], names)[kind], _vectors(STD[order], names)[kind]
        np.testing.assert_array_equal(zscore(x, center, scale), wanted)
        np.testing.assert_array_equal(zscore(x, center, STD), wanted)


@pytest.mark.parametrize("kind", _vectors(MEAN, NAMES))
@pytest.mark.parametrize("frame", _frames())
def test_other_labels_are_refused(frame, kind):
    center = _vectors(MEAN, ["a", "b", "d"])[kind]
    with pytest.raises(
        InvalidInput, match=r"^zscore: `center` is labelled \['a', 'b', 'd'\], where `x` has \['a', 'b', 'c'\]"
    ):
        zscore(_frames()[frame], center)


@pytest.mark.parametrize("kind", ["pandas_series", "pandas_row", "xarray", "dict"])
def test_labels_that_repeat_have_no_order(kind):
    x = FRAME.set_axis(["a", "b", "b"], axis=1)
    np.testing.assert_array_equal(zscore(x, pandas.Series(MEAN, x.columns)), zscore(X, MEAN))
    with pytest.raises(InvalidInput, match="`center` is labelled"):
        zscore(x, _vectors(MEAN, ["b", "a", "c"])[kind])


@pytest.mark.parametrize(
    "center",
    [MEAN, MEAN.tolist(), pandas.Series(MEAN), polars.Series(MEAN), pyarrow.array(MEAN), polars.DataFrame(MEAN[None])],
    ids=["ndarray", "list", "pandas", "polars", "arrow", "unnamed_row"],
)
def test_what_has_no_labels_counts_by_position(center):
    np.testing.assert_array_equal(zscore(FRAME, center), zscore(X, MEAN))


def test_numbered_columns_are_labels_only_for_what_has_them_in_another_order():
    x = pandas.DataFrame(X)
    np.testing.assert_array_equal(zscore(x, x.mean()[[2, 0, 1]]), zscore(X, MEAN))
    np.testing.assert_array_equal(zscore(x.iloc[:, ::-1], x.mean()), zscore(X[:, ::-1], MEAN[::-1]))
    np.testing.assert_array_equal(zscore(x, pandas.Series(MEAN, NAMES)), zscore(X, MEAN))


def test_parameters_are_held_to_one_another_where_the_data_has_no_labels():
    center, scale = pandas.Series(MEAN, NAMES), pandas.Series(STD, NAMES)[OTHER]
    for x in (X, pandas.DataFrame(X), X.tolist()):
        np.testing.assert_array_equal(zscore(x, center, scale), zscore(X, MEAN, STD))
    with pytest.raises(InvalidInput, match=r"`scale` is labelled .* where `center` has"):
        zscore(X, center, scale.rename({"c": "z"}))


def test_a_mapping_needs_columns_with_names():
    with pytest.raises(InvalidInput, match="`center` gives its numbers by name, which no argument before it has"):
        zscore(X, dict(zip(NAMES, MEAN, strict=True)))
    with pytest.raises(InvalidInput, match="`x` is a mapping"):
        zscore({"a": [1.0]})
    with pytest.raises(InvalidInput, match="`center` is labelled"):
        zscore(pandas.DataFrame(X), dict(zip(NAMES, MEAN, strict=True)))
    with pytest.raises(InvalidInput, match="`center` is labelled"):
        zscore(FRAME, dict(enumerate(MEAN)))
    with pytest.raises(InvalidInput, match=r"`center` .*expected"):
        zscore(FRAME, {"a": 1.0, "b": "2", "c": None})


def test_float32_stays():
    center = pandas.Series(MEAN.astype(np.float32), NAMES)[OTHER]
    assert zscore(FRAME.astype(np.float32), center).dtype == np.float32


def _shared(operation):
    """Each array that shares a dimension with one before it, the axis, and the dimension."""
    seen = set()
    for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
        for axis, dim in enumerate(spec.dims):
            if dim in seen:
                yield name, axis, dim
            seen.add(dim)


SHARED = [(operation, *case) for operation in registry.operations.values() for case in _shared(operation)]


def _labelled(operation, arguments, orders):
    """The arrays as frames and series whose labels name the dimension and the place along it, in `orders`."""
    labelled = dict(arguments)
    for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
        array = arguments.get(name)
        if array is None:
            continue
        labels = []
        for axis, (dim, size) in enumerate(zip(spec.dims, array.shape, strict=True)):
            order = np.arange(size)
            if (name, axis) in orders:
                order = order[::-1]
                array = array.take(order, axis)
            labels.append([f"{dim}{i}" for i in order])
        labelled[name] = pandas.DataFrame(array, *labels) if array.ndim == 2 else pandas.Series(array, *labels)
    return labelled


@pytest.mark.parametrize(
    ("operation", "name", "axis", "dim"),
    SHARED,
    ids=[f"{case[0].name}-{case[1]}-{case[3]}{case[2]}" for case in SHARED],
)
def test_every_shared_dimension_of_every_operation_is_aligned(operation, name, axis, dim):
    """By the shape string alone, whatever the operation; the reference of plain arrays is what is right."""
    draws = (sample(operation, case) for case in ("typical", *operation.samples.cases))
    arguments = next(draw for draw in draws if draw.get(name) is not None)
    wanted = as_tuple(operation.function(**arguments))
    for actual, expected in zip(
        as_tuple(operation.function(**_labelled(operation, arguments, {(name, axis)}))), wanted, strict=True
    ):
        np.testing.assert_array_equal(actual, expected)


def test_compositions_and_models_are_aligned():
    x = FRAME
    model = acm_dispatch.pca_fit(X, 2)
    labelled = acm_dispatch.PCAModel(
        pandas.Series(model.mean, NAMES)[OTHER],
        pandas.DataFrame(model.components, columns=NAMES)[OTHER],
        model.explained_variance,
    )
    for actual, wanted in zip(acm_dispatch.pca_spe_t2(x, labelled), acm_dispatch.pca_spe_t2(X, model), strict=True):
        np.testing.assert_array_equal(actual, wanted)
    init = FRAME.iloc[:2]
    found, wanted = acm_dispatch.kmeans(x, 2, init=init[OTHER]), acm_dispatch.kmeans(X, 2, init=X[:2])
    np.testing.assert_array_equal(found.centers, wanted.centers)
    labels = pandas.Series([0, 1, 1, 2, 2, 2], list("uvwxyz"))
    x = FRAME.set_axis(labels.index)
    for options in ({}, {"sample_size": 5, "random_state": 0}):
        score = acm_dispatch.silhouette_score(x, labels[::-1], **options)
        assert score == acm_dispatch.silhouette_score(X, labels.to_numpy(), **options)
    with pytest.raises(InvalidInput, match=r"^kmeans: `init` is labelled \['c', 'a', 'z'\], where `x` has"):
        acm_dispatch.kmeans(FRAME, 2, init=init[OTHER].rename(columns={"b": "z"}))


def test_a_stream_keeps_the_order_of_its_first_chunk():
    statistics, plain = acm_dispatch.StreamingStatistics(3), acm_dispatch.StreamingStatistics(3)
    for rows in (slice(0, 2), slice(2, 6)):
        statistics.update(FRAME.iloc[rows][NAMES if rows.start == 0 else OTHER])
        plain.update(X[rows])
    np.testing.assert_array_equal(statistics.result().mean, plain.result().mean)
    with pytest.raises(InvalidInput, match="`chunk` is labelled"):
        statistics.update(FRAME.rename(columns={"a": "z"}))
    other = acm_dispatch.StreamingStatistics(3)
    other.update(FRAME[OTHER])
    with pytest.raises(InvalidInput, match="`other` is labelled"):
        statistics.merge(other)
