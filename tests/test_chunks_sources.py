"""What recordings larger than memory are read from, and written to: every kind, every damage."""

import threading

import duckdb
import numpy as np
import polars
import pyarrow
import pytest
from pyarrow import csv, dataset, feather, parquet

from acm_dispatch import InvalidInput
from acm_dispatch.chunks import sinks
from acm_dispatch.chunks.opening import opened
from acm_dispatch.chunks.reading import ahead

N = 1000
X = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
TIMED = pyarrow.table({"t": np.arange(N), **{f"c{j}": X[:, j] for j in range(3)}})
TABLE = TIMED.drop(["t"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same rows in every kind of file, and in two Parquet files whose names are in order as numbers only."""
    path = tmp_path_factory.mktemp("recordings")
    (path / "parts").mkdir()
    parquet.write_table(TIMED.slice(0, 500), path / "parts" / "p-2.parquet", row_group_size=77)
    parquet.write_table(TIMED.slice(500), path / "parts" / "p-10.parquet", row_group_size=77)
    feather.write_feather(TIMED, path / "a.feather")
    with pyarrow.ipc.new_stream(path / "stream.arrow", TIMED.schema) as stream:
        stream.write_table(TIMED, max_chunksize=99)
    csv.write_csv(TIMED, path / "a.csv")
    np.save(path / "a.npy", X)
    np.save(path / "by_column.npy", np.asfortranarray(X))
    return path


FILES = ["parts", "parts/*.parquet", "a.feather", "stream.arrow", "a.csv"]
VALUES = {
    "table": lambda: TIMED,
    "reader": lambda: TIMED.to_reader(),
    "lazy_frame": lambda: polars.from_arrow(TIMED).lazy(),
    "polars": lambda: polars.from_arrow(TIMED),
    "duckdb": lambda: duckdb.from_arrow(TIMED),
    "dataset": lambda: dataset.dataset(TIMED),
}
PLAIN = {
    "array": lambda: X,
    "list_of_rows": lambda: X[:, :2].tolist(),
    "pandas": lambda: TABLE.to_pandas(),
    "arrays": lambda: [X[:3], X[3:800], X[800:]],
    "function": lambda: lambda: iter([X[:500], X[500:500], X[500:]]),
    "iterator": lambda: iter([TABLE.to_pandas()[:400], TABLE.to_pandas()[["c2", "c0", "c1"]][400:]]),
}


def assert_read(source, time=None, columns=None, expected=X):
    """Blocks of every size put together are the rows; what can be read again is read again."""
    for rows in (64, N, 5 * N):
        found = opened(source() if callable(source) else source, columns, time)
        blocks = list(found.blocks(rows))
        assert [len(block.values) for block in blocks] == [rows] * (N // rows) + [N % rows] * (N % rows > 0)
        assert {block.values.dtype for block in blocks} == {found.dtype}
        assert all(block.values.flags.c_contiguous for block in blocks)
        np.testing.assert_allclose(np.concatenate([block.values for block in blocks]), expected, rtol=1e-6)
        if time is not None:
            times = [moment for block in blocks for moment in block.times.to_pylist()]
            assert times == list(range(N))
        if found.repeatable:
            assert sum(len(block.values) for block in found.blocks(rows)) == N
        else:
            with pytest.raises(InvalidInput, match="was read before; it can be read once"):
                list(found.blocks(rows))


@pytest.mark.parametrize("name", FILES)
def test_files_of_tables(folder, name):
    assert_read(folder / name, time="t")
    assert_read(folder / name, columns=["c2", "c0"], expected=X[:, [2, 0]])


@pytest.mark.parametrize("name", ["a.npy", "by_column.npy"])
def test_files_of_arrays(folder, name):
    assert_read(folder / name)
    assert opened(folder / name, None, None).nbytes == X.nbytes


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_tables_in_batches(make):
    assert_read(make, time="t")


@pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN)
def test_arrays_and_iterators_of_them(make):
    assert_read(make, expected=X[:, :2] if make is PLAIN["list_of_rows"] else X)


def test_rows_and_bytes_are_known_before_anything_is_read(folder):
    found = opened(folder / "parts", ["c1"], None)
    assert found.rows == N
    assert 4 * N < found.nbytes < 1.5 * 4 * N + 2000
    assert opened(folder / "a.csv", None, "t").rows is None


def test_missing_values_are_nan_and_integers_are_float64():
    table = pyarrow.table({"a": pyarrow.array([1, None, 3]), "b": pyarrow.array([None, None, None], pyarrow.null())})
    (block,) = opened(table, None, None).blocks(8)
    np.testing.assert_array_equal(block.values, [[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    assert block.values.dtype == np.float64


def test_a_csv_file_whose_first_lines_hold_whole_numbers(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("a,b\n" + "1,\n" * 200_000 + "1.5,2.5\n")
    blocks = list(opened(path, None, None).blocks(150_000))
    assert blocks[-1].values[-1].tolist() == [1.5, 2.5]


def times_table(times):
    return pyarrow.table({"t": pyarrow.array(times), "a": np.zeros(len(times))})


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ([1, 2, 5], [4, 6], r"second\.parquet has 4, which first\.parquet ends after, at 5"),
        ([5, 6], [1, 2], r"second\.parquet has 1, which first\.parquet ends after, at 6"),
    ],
    ids=["overlap", "disorder"],
)
def test_parts_that_overlap_are_refused_before_anything_is_read(tmp_path, first, second, problem):
    paths = [tmp_path / "first.parquet", tmp_path / "second.parquet"]
    for path, times in zip(paths, (first, second), strict=True):
        parquet.write_table(times_table(times), path)
    with pytest.raises(InvalidInput, match="is not in the order of time: " + problem):
        opened(paths, None, "t")


def test_row_groups_that_overlap_are_refused_before_anything_is_read(tmp_path):
    parquet.write_table(times_table([1, 2, 9, 3, 4, 5]), tmp_path / "a.parquet", row_group_size=3)
    with pytest.raises(InvalidInput, match=r"a\.parquet has 3, after 9 in the same file"):
        opened(tmp_path / "a.parquet", None, "t")


@pytest.mark.parametrize(
    ("times", "problem"),
    [([1, 3, 2, 4], "has 2, after 3 in the same file"), ([1, None, 2], "has a row without a time")],
    ids=["disorder", "gap"],
)
def test_disorder_that_no_statistics_show_is_refused_as_it_is_read(tmp_path, times, problem):
    parquet.write_table(times_table(times), tmp_path / "a.parquet")
    with pytest.raises(InvalidInput, match=problem):
        list(opened(tmp_path / "a.parquet", None, "t").blocks(2))
    with pytest.raises(InvalidInput, match=problem.replace("in the same file", ".*")):
        list(opened(times_table(times), None, "t").blocks(2))


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"a": [1.0]}, r"has no column 'b' in second\.parquet, which first\.parquet has"),
        ({"a": [1.0], "b": [1.0], "c": [1.0]}, r"a column 'c' in second\.parquet, which first\.parquet lacks"),
        ({"a": [1.0], "b": ["x"]}, r"a column 'b' of type string in second\.parquet; expected numbers"),
    ],
    ids=["fewer", "more", "text"],
)
def test_columns_that_differ_between_files(tmp_path, other, problem):
    parquet.write_table(pyarrow.table({"a": [1.0], "b": [2.0]}), tmp_path / "first.parquet")
    parquet.write_table(pyarrow.table(other), tmp_path / "second.parquet")
    with pytest.raises(InvalidInput, match=problem):
        opened(tmp_path, None, None)


def test_columns_in_another_order_are_told_by_name(tmp_path):
    parquet.write_table(pyarrow.table({"a": [1.0], "b": [2.0]}), tmp_path / "1.parquet")
    parquet.write_table(pyarrow.table({"b": [4.0], "a": [3.0]}), tmp_path / "2.parquet")
    (block,) = opened(tmp_path, None, None).blocks(8)
    assert block.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_damaged_files_are_named(tmp_path):
    whole = tmp_path / "whole.parquet"
    parquet.write_table(TABLE, whole, row_group_size=100)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(InvalidInput, match=r"cannot be opened in cut\.parquet"):
        opened(cut, None, None)
    spoilt = bytearray(whole.read_bytes())
    spoilt[len(spoilt) // 2 : len(spoilt) // 2 + 4000] = bytes(4000)
    cut.write_bytes(spoilt)
    with pytest.raises(InvalidInput, match=r"cannot be read in cut\.parquet after \d+ rows"):
        list(opened(cut, None, None).blocks(100))
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    with pytest.raises(InvalidInput, match=r"is cut off in a\.npy, which has 12,120 bytes; expected 12,128"):
        opened(tmp_path / "a.npy", None, None)
    (tmp_path / "a.arrow").write_bytes(b"ARROW1 and nothing else")
    with pytest.raises(InvalidInput, match=r"cannot be opened in a\.arrow"):
        opened(tmp_path / "a.arrow", None, None)


@pytest.mark.parametrize(
    ("source", "options", "problem"),
    [
        ("nowhere.parquet", {}, "is .*nowhere.parquet', where there is no file"),
        ("*.nothing", {}, "where there is no file"),
        (TIMED, {"columns": ["c9"]}, "has no column 'c9' in a Table; it has t, c0, c1, c2"),
        (X, {"time": "t"}, "has no table's columns, which `time` names"),
        (np.zeros(4), {}, "has 1 dimensions; expected a matrix of rows"),
        (iter([]), {}, "has no arrays"),
        ([X, X[:, :2]], {}, "has a part of 2 columns; the first has 3"),
        ([X, X.astype(float)], {}, "has a part of float64 numbers; the first has float32"),
    ],
)
def test_what_is_no_recording(tmp_path, source, options, problem):
    source = tmp_path / source if isinstance(source, str) else source
    with pytest.raises(InvalidInput, match=problem):
        list(opened(source, options.get("columns"), options.get("time")).blocks(100))


def rows_of(*matrices):
    return [sinks.Rows((matrix,), pyarrow.array(np.arange(len(matrix)))) for matrix in matrices]


def test_files_are_written_whole(tmp_path):
    names = [("c0", "c1", "c2")]
    sinks.to_parquet(tmp_path / "a.parquet", rows_of(X[:600], X[600:]), names, "t")
    assert parquet.read_table(tmp_path / "a.parquet").drop(["t"]).equals(TABLE)
    sinks.to_npy(tmp_path / "a.npy", rows_of(X[:600], X[600:]))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), X)
    assert sinks.to_reader(rows_of(X[:600], X[600:]), names, None).read_all().equals(TABLE)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize(
    "write", [lambda path, rows: sinks.to_parquet(path, rows, [("a", "b", "c")], None), sinks.to_npy]
)
def test_nothing_is_left_of_what_is_interrupted(tmp_path, write, error):
    def interrupted():
        yield from rows_of(X)
        raise error

    (tmp_path / "out").write_text("what was there")
    with pytest.raises(error):
        write(tmp_path / "out", interrupted())
    assert [path.read_text() for path in tmp_path.iterdir()] == ["what was there"]


def test_reading_ahead_ends_with_the_reader_and_raises_its_errors():
    closed = threading.Event()

    def blocks():
        try:
            yield from range(1, 100)
            raise ValueError("damaged")
        finally:
            closed.set()

    some = ahead(blocks)
    assert next(some) == 1
    some.close()
    assert closed.wait(5)
    found = []
    with pytest.raises(ValueError, match="damaged"):
        found.extend(ahead(blocks))
    assert not [thread for thread in threading.enumerate() if thread.name == "acm_dispatch.chunks"]


def test_reading_ahead_holds_one_block_beside_the_one_in_use():
    made = []

    def blocks():
        for number in range(1, 10):
            made.append(number)
            yield number

    for number in ahead(blocks):
        assert made[-1] <= number + 1
