"""Operations on recordings in blocks: every declared operation, chains, files, plans, faults."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import polars
import pyarrow
import pytest
from pyarrow import parquet

import acm_dispatch as acm
from acm_dispatch import InvalidInput, OperationNotFoundError, chunks, registry
from acm_dispatch.chunks import memory
from acm_dispatch.chunks.calls import Call
from acm_dispatch.chunks.opening import opened
from acm_dispatch.contract.parts import Undivided
from acm_dispatch.execution import parts
from acm_dispatch.testing.checks import as_tuple, assert_equivalent

N = 1000
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
X[RNG.random(X.shape) < 0.1] = np.nan
X[300:700, 2] = np.nan


def arguments_of(subject, rows):
    """A typical call of so many rows: the first argument, those beside it."""
    arguments = dict(subject.samples.typical(np.random.default_rng(1), rows))
    return arguments.pop(subject.row_names[0]), arguments


def is_of_parts(subject):
    """Whether a typical call is of a matrix whose rows may come in blocks."""
    x, others = arguments_of(subject, 20)
    declared = subject.parts
    if callable(declared):
        declared = declared(parts.completed(subject, {k: v for k, v in others.items() if k not in subject.row_names}))
    return isinstance(x, np.ndarray) and x.ndim == 2 and not isinstance(declared, Undivided | None)


#: What takes a CSR matrix, or its arrays, is of no recording.
SUBJECTS = {
    name: subject for name, subject in {**registry.operations, **registry.compositions}.items() if is_of_parts(subject)
}


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks may be as small as the memory that is asked for says."""
    monkeypatch.setattr(memory, "_LEAST_ROWS", 1)


def in_blocks_of(x, rows):
    """`x` as a recording that is read in blocks of so many rows."""
    return chunks.scan(x, memory=rows * max(1, x[:1].size) * x.dtype.itemsize * memory._SHARE)


def in_memory(result):
    """A result whose rows are to come, with them there."""
    if isinstance(result, chunks.Chunks):
        return result.to_numpy()
    if not isinstance(result, tuple):
        return result
    there = map(in_memory, result)
    return type(result)(*there) if hasattr(result, "_fields") else tuple(there)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("rows", [7, 64, 5000])
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_operation_gives_what_it_gives_of_all_rows_and_the_bits_of_the_plain_engine(name, rows):
    subject = SUBJECTS[name]
    x, others = arguments_of(subject, 300)
    result = in_blocks_of(x, rows).apply(name, **others)
    if isinstance(result, chunks.Deferred):
        result = result.compute()
    found = as_tuple(in_memory(result))
    arguments = {subject.row_names[0]: x, **others}
    assert_equivalent(subject, arguments, found, as_tuple(subject.function(**arguments)), "float64", "tolerance")
    with_rows = {name: value for name, value in arguments.items() if name in subject.row_names and value is not None}
    size = max(rows, Call(name, opened(x, None, None), (), others).rows_before)
    blocks = [{k: v[i : i + size] for k, v in with_rows.items()} for i in range(0, len(x), size)]
    options = {name: value for name, value in others.items() if name not in with_rows}
    for one, other in zip(found, as_tuple(parts.over_blocks(subject, blocks, **options)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("small_blocks")
def test_operations_follow_each_other_without_a_file_between_them():
    recording = in_blocks_of(X, 50)
    filled = recording.apply(acm.ffill, limit=3)
    smooth = filled.apply(acm.rolling_mean, 60).apply(acm.bfill)
    expected = acm.bfill(acm.rolling_mean(acm.ffill(X, limit=3), 60))
    np.testing.assert_array_equal(smooth.to_numpy(), expected)
    assert smooth.shape == X.shape
    moments = smooth.apply(acm.column_moments).compute()
    np.testing.assert_allclose(moments.mean, acm.column_moments(expected).mean, rtol=1e-12)


@pytest.mark.usefixtures("small_blocks")
def test_a_row_for_each_row_can_come_beside_the_recording():
    labels = np.arange(N) % 3
    found = in_blocks_of(X, 70).apply(acm.assigned_distances, X[:3], labels)
    np.testing.assert_array_equal(found.to_numpy(), acm.assigned_distances(X, X[:3], labels))
    with pytest.raises(InvalidInput, match=r"assigned_distances: `labels` has 9 rows; a ndarray has 1,000"):
        in_blocks_of(X, 70).apply(acm.assigned_distances, X[:3], labels[:9])


class Counted:
    """A function that gives the rows, and knows how often it has."""

    def __init__(self):
        self.reads = 0

    def __call__(self):
        self.reads += 1
        return iter([X[:400], X[400:400], X[400:]])


def test_results_of_one_recording_share_their_readings():
    source = Counted()
    recording = chunks.scan(source)
    source.reads = 0
    wanted = [recording.apply(acm.column_moments), recording.apply(acm.column_sums)]
    assert chunks.plan(*wanted).reads == 1
    moments, sums = chunks.compute(*wanted)
    assert source.reads == 1
    np.testing.assert_allclose(moments.mean, acm.column_moments(X).mean, rtol=1e-12)
    np.testing.assert_array_equal(sums.count, acm.column_sums(X).count)


def test_a_scan_from_the_end_is_two_readings():
    source = Counted()
    filled = chunks.scan(source).apply(acm.bfill)
    source.reads = 0
    assert filled.plan().reads == 2
    np.testing.assert_array_equal(filled.to_numpy(), acm.bfill(X))
    assert source.reads == 2
    with pytest.raises(InvalidInput, match=r"bfill: `x` is an iterator of arrays, which can be read once.*for 2 reads"):
        chunks.scan(iter([X])).apply(acm.bfill)


def test_recordings_without_rows():
    recording = chunks.scan(X[:0])
    assert recording.apply(acm.column_moments).compute().count.tolist() == [0] * 4
    assert recording.apply(acm.rolling_mean, 5).to_numpy().shape == (0, 4)


@pytest.fixture
def timed(tmp_path):
    """A file with times and names."""
    columns = {"t": np.arange(N).astype("datetime64[s]"), **{name: X[:, j] for j, name in enumerate("abcd")}}
    parquet.write_table(pyarrow.table(columns), tmp_path / "timed.parquet", row_group_size=130)
    return chunks.scan(tmp_path / "timed.parquet", time="t")


def test_results_keep_times_and_names_in_files(timed, tmp_path):
    smooth = timed.apply(acm.rolling_mean, 60)
    smooth.to_parquet(tmp_path / "smooth.parquet")
    table = parquet.read_table(tmp_path / "smooth.parquet")
    assert table.column_names == ["t", "a", "b", "c", "d"]
    assert table["t"].equals(parquet.read_table(tmp_path / "timed.parquet")["t"])
    again = chunks.scan(tmp_path / "smooth.parquet", time="t")
    np.testing.assert_array_equal(again.to_numpy(), acm.rolling_mean(X, 60))
    smooth.to_npy(tmp_path / "smooth.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "smooth.npy"), acm.rolling_mean(X, 60))
    frame = smooth.to_polars()
    assert frame.columns == table.column_names
    assert polars.DataFrame(pyarrow.table(smooth)).equals(frame)


def test_several_results_are_columns_of_one_file(tmp_path):
    filled = np.nan_to_num(X)
    found = chunks.scan(filled).apply(acm.pairwise_distances_argmin_min, filled[:3])
    found.to_parquet(tmp_path / "nearest.parquet")
    table = parquet.read_table(tmp_path / "nearest.parquet")
    names = ["pairwise_distances_argmin_min_0", "pairwise_distances_argmin_min_1"]
    assert table.column_names == names
    labels, distances = acm.pairwise_distances_argmin_min(filled, filled[:3])
    np.testing.assert_array_equal(table[names[0]], labels)
    np.testing.assert_array_equal(table[names[1]], distances)
    with pytest.raises(InvalidInput, match="to_npy: `path` would hold a result of 2 arrays; expected one"):
        found.to_npy(tmp_path / "nearest.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nearest.parquet"]


def test_a_plan_says_what_a_job_takes(timed, tmp_path):
    plan = timed.apply(acm.column_moments).plan()
    assert (plan.reads, plan.rows) == (1, N)
    size = (tmp_path / "timed.parquet").stat().st_size
    assert 0.5 * size < plan.nbytes < size
    assert plan.blocks == -(-N // plan.rows_of_block)
    assert str(plan).startswith(f"1 read of 1,000 rows in {plan.blocks} blocks of {plan.rows_of_block:,}: ")
    longer = timed.apply(acm.rolling_mean, 400_000).plan()
    assert longer.rows_of_block >= 400_000 > plan.rows_of_block


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda x: x.apply(acm.rolling_mean, 0), "rolling_mean: `window` is 0"),
        (
            lambda x: x.apply(acm.column_moments, backend="numpy"),
            "column_moments: `backend` is given with rows in chunk",
        ),
        (lambda x: x.apply(acm.pairwise_euclidean), "pairwise_euclidean: `x` has rows in parts"),
        (lambda x: chunks.compute(x), "compute: `deferred` holds a Chunks; expected what `apply` gives"),
        (lambda x: chunks.plan(x.apply(acm.column_sums), chunks.scan(X).apply(acm.column_sums)), "are of 2 recordings"),
        (lambda x: chunks.scan(X, memory="lots"), "scan: `memory` is 'lots'; expected bytes, or a text such as"),
        (lambda x: chunks.scan(X, memory=0), "scan: `memory` is 0"),
        (lambda x: chunks.scan(X, columns="ab"), "scan: `source` is given with columns='ab'"),
    ],
)
def test_refusals(call, problem):
    with pytest.raises(InvalidInput, match=problem):
        call(chunks.scan(X))


def test_what_is_no_operation():
    with pytest.raises(OperationNotFoundError, match="'rolling_meen' is no operation; did you mean 'rolling_mean'"):
        chunks.scan(X).apply("rolling_meen")
    with pytest.raises(OperationNotFoundError, match="is no operation"):
        chunks.scan(X).apply(np.mean)


def test_the_policy_in_force_chooses_the_backend_of_every_block():
    with acm.use("numpy", strict=True), acm.trace() as calls:
        chunks.scan(X).apply(acm.rolling_mean, 5).to_numpy()
    assert {(call.operation, call.backend) for call in calls.records} == {("rolling_mean", "numpy")}


def test_a_reader_that_is_left_halfway_ends():
    for _ in chunks.scan([X] * 50, memory=memory._SHARE * X.nbytes).apply(acm.rolling_mean, 5):
        break
    assert not [thread for thread in threading.enumerate() if thread.name == "acm_dispatch.chunks"]


INTERRUPTED = """
import sys
import numpy as np
from acm_dispatch import chunks, rolling_median

def parts():
    while True:
        yield np.ones((20_000, 10))
        print("read", flush=True)

chunks.scan(parts).apply(rolling_median, 60).to_parquet(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_leaves_no_half_file(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "out.parquet")]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(5):
            assert process.stdout.readline() == "read\n"
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert list(tmp_path.iterdir()) == []
