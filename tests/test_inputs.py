"""What users hand over: frames, lists, masks and device arrays, and what comes back."""

import numpy as np
import pandas
import polars
import pyarrow
import pytest

from acm_dispatch import InvalidInput, impute, pairwise_euclidean, silhouette_samples, zscore

X = np.array([[1.0, 4.0], [np.nan, 8.0], [3.0, np.nan]])
FILLED = impute(X)


class OnlyDLPack:
    """A producer that NumPy knows nothing of but the protocol."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


class OnlyArrow:
    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


NULLABLE = [[1.0, None, 3.0], [4.0, 8.0, None]]
PRODUCERS = {
    "list": X.tolist(),
    "pandas": pandas.DataFrame(X),
    "pandas_nullable": pandas.DataFrame(dict(zip("ab", NULLABLE, strict=True)), dtype="Float64"),
    "pandas_integers": pandas.DataFrame({"a": [1, None, 3], "b": [4, 8, None]}, dtype="Int64"),
    "polars": polars.DataFrame(dict(zip("ab", NULLABLE, strict=True))),
    "arrow_table": pyarrow.table(dict(zip("ab", NULLABLE, strict=True))),
    "arrow_stream": OnlyArrow(pyarrow.table(dict(zip("ab", NULLABLE, strict=True)))),
    "dlpack": OnlyDLPack(X),
    "masked": np.ma.masked_array(np.nan_to_num(X, nan=-99.0), mask=np.isnan(X)),
    "masked_integers": np.ma.masked_array(np.nan_to_num(X, nan=-99.0).astype(int), mask=np.isnan(X)),
    "subclass": X.view(type("Recorded", (np.ndarray,), {})),
}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_arrays_come_in_many_forms(producer):
    result = impute(PRODUCERS[producer])
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, FILLED)


def test_memory_maps_are_read_and_left_alone(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(impute(mapped), FILLED)


@pytest.mark.parametrize(
    ("dtype", "result"),
    [("float16", "float32"), ("float32", "float32"), ("float64", "float64"), ("int8", "float64"), ("bool", "float64")],
)
def test_result_dtype(dtype, result):
    assert zscore(np.ones((4, 2), dtype)).dtype == result


def test_lists_follow_the_arrays_beside_them_and_arrays_promote():
    x = np.ones((4, 2), np.float32)
    assert zscore(x, [0.0, 1.0], [1.0, 1.0]).dtype == np.float32
    assert zscore(x, np.zeros(2)).dtype == np.float64
    assert pairwise_euclidean(x, x.astype(np.float64)).dtype == np.float64


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((2, 2), complex), r"`x` has dtype complex128; expected real numbers"),
        (np.array([[None, 1.0]]), r"`x` has dtype object; expected real numbers"),
        (np.ones((2, 2), np.longdouble), r"`x` has dtype (float128|longdouble); expected real numbers of at most 64"),
        (pandas.DataFrame({"a": [1.0], "b": ["x"]}), r"`x` has a column that is not numeric"),
        (polars.DataFrame({"a": [1.0], "b": ["x"]}), r"`x` (has a column that is not numeric|has dtype)"),
        ([[1.0], [1.0, 2.0]], r"`x` cannot be read as an array of numbers"),
        (None, r"`x` is None; expected an array of shape \(n, d\)"),
        (np.ones(3), r"`x` has shape \(3,\); expected 2-D \(n, d\); a single column is `values.reshape\(-1, 1\)`"),
        (5.0, r"`x` has shape \(\); expected 2-D"),
        (polars.DataFrame({"a": [1.0]}).lazy(), r"`x` is a lazy frame; .* \(`.collect\(\)` makes one\)"),
    ],
)
def test_what_is_no_matrix_is_a_sentence(value, message):
    with pytest.raises(InvalidInput, match="^zscore: " + message):
        zscore(value)


def test_sparse_is_a_sentence():
    from scipy.sparse import csr_array

    with pytest.raises(InvalidInput, match="sparse matrix; expected a dense array"):
        zscore(csr_array((3, 2)))


def test_integers_beyond_int64_are_refused():
    with pytest.raises(InvalidInput, match=r"beyond 2\*\*63 - 1"):
        silhouette_samples(np.ones((3, 1)), np.array([2**63, 1, 1], dtype=np.uint64))


class DeviceArray:
    """What this package sees of an array on a GPU that no installed backend takes."""

    __module__ = "somegpu.core"
    __cuda_array_interface__ = "an address"
    shape, ndim, size, dtype = (3, 2), 2, 6, np.dtype("float64")

    def astype(self, dtype, order, copy):
        return self

    def __array__(self, *arguments, **options):
        raise AssertionError("copied to the host")


def test_device_arrays_are_never_copied_silently():
    from acm_dispatch import BackendError

    with pytest.raises(BackendError, match="takes numpy arrays; this call has somegpu arrays, which are never copied"):
        zscore(DeviceArray())
    with pytest.raises(InvalidInput, match="`y` is a numpy array and `x` a somegpu one"):
        pairwise_euclidean(DeviceArray(), X)


def test_frames_decide_the_dtype_as_arrays_do():
    x = 1e6 + 0.01 * np.random.default_rng(0).normal(size=(5, 3))
    near = pairwise_euclidean(pandas.DataFrame(x), x[:2].astype(np.float32))
    np.testing.assert_array_equal(near, pairwise_euclidean(x, x[:2].astype(np.float32)))
    assert near.dtype == np.float64


TIMES = pandas.date_range("2024-01-01", periods=3)


@pytest.mark.parametrize(
    "frame",
    [
        pandas.DataFrame({"time": TIMES, "a": [1.0, 2.0, 3.0]}),
        pandas.DataFrame({"text": ["1", "2", "3"], "a": [1.0, 2.0, 3.0]}),
        polars.DataFrame({"time": list(TIMES), "a": [1.0, 2.0, 3.0]}),
        pyarrow.table({"time": TIMES, "a": [1.0, 2.0, 3.0]}),
        pyarrow.table({"text": ["1", "2", "3"]}),
        pyarrow.table({"price": pyarrow.array([1, 2, 3], pyarrow.decimal128(5, 2))}),
    ],
    ids=["pandas_times", "pandas_text", "polars_times", "arrow_times", "arrow_text", "arrow_decimals"],
)
def test_times_and_texts_are_no_numbers(frame):
    with pytest.raises(InvalidInput, match="zscore: `x` has a column that is not numeric"):
        zscore(frame)


class HostTensor(DeviceArray):
    """torch and JAX define the device property for arrays on the host as well, and refuse to answer it there."""

    @property
    def __cuda_array_interface__(self):
        raise AttributeError("only for device arrays")

    def __array__(self, *arguments, **options):
        return X


def test_host_tensors_are_read():
    np.testing.assert_array_equal(impute(HostTensor()), FILLED)


@pytest.mark.parametrize(("dtype", "result"), [("int16", "float64"), ("float32", "float32"), ("float64", "float64")])
def test_masked_values_are_missing_in_the_dtype_of_the_rest(dtype, result):
    masked = np.ma.masked_array(np.array([[1, 2], [3, 4]], dtype), mask=[[True, False], [False, False]])
    assert impute(masked).dtype == result
    np.testing.assert_array_equal(impute(masked), [[3, 2], [3, 4]])
    labels = np.ma.masked_array([0, 0, 1])
    assert len(silhouette_samples([[0.0], [1.0], [8.0]], labels)) == 3


@pytest.mark.parametrize(
    "labels",
    [
        pandas.Series([0, 1, None], dtype="Int64"),
        polars.Series([0, 1, None]),
        np.ma.masked_array([0, 1, 1], mask=[False, False, True]),
    ],
    ids=["pandas", "polars", "masked"],
)
def test_missing_labels_are_called_missing(labels):
    with pytest.raises(InvalidInput, match="`labels` holds missing values; expected integers"):
        silhouette_samples(np.ones((3, 1)), labels)
