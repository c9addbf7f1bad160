"""Dask arrays in, lazy ones out: every operation by the parts of its declaration, on real workers, too."""

import ctypes
import os
import time

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import InvalidInput, registry, use
from acm_dispatch.contract.parts import Undivided
from acm_dispatch.execution.parts import completed
from acm_dispatch.policy.layers import current_policy
from acm_dispatch.policy.resolved import resolved
from acm_dispatch.testing.cases import sample
from acm_dispatch.testing.checks import as_tuple, assert_equivalent

dask = pytest.importorskip("dask", reason="Dask is not installed")
da = pytest.importorskip("dask.array", reason="Dask is not installed")
acm_dask = pytest.importorskip("acm_dask", reason="acm-dispatch-dask is not installed")
tasks = pytest.importorskip("acm_dask.tasks", reason="acm-dispatch-dask is not installed")

#: Those that take an array; of sparse matrices Dask has no arrays.
SUBJECTS = [
    subject
    for subject in (*registry.operations.values(), *registry.compositions.values())
    if isinstance(sample(subject, "typical")[subject.row_names[0]], np.ndarray)
]


@pytest.fixture(autouse=True)
def engine():
    """The backend, where no entry point has brought it; blocks computed on this thread."""
    new = "dask" not in registry.backends()
    if new:
        acm_dispatch.register_backend(acm_dask.backend)
    with dask.config.set(scheduler="synchronous"):
        yield
    if new:
        acm_dispatch.unregister_backend("dask")


def in_blocks(array, known=True):
    """Three blocks, one of them empty."""
    rows = len(array)
    lazy = da.from_array(array, chunks=((rows // 3, 0, rows - rows // 3), *array.shape[1:]))
    if known:
        return lazy
    return da.map_blocks(lambda block: block, lazy, chunks=((np.nan,) * 3, *lazy.chunks[1:]), meta=lazy._meta)


def is_divided(subject, arguments):
    others = completed(subject, {name: value for name, value in arguments.items() if name not in subject.row_names})
    parts = subject.parts(others) if callable(subject.parts) else subject.parts
    return not isinstance(parts, Undivided)


@pytest.mark.parametrize("known", [True, False], ids=["known_sizes", "unknown_sizes"])
@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])
def test_gives_what_it_gives_in_memory(subject, known):
    arguments = sample(subject, "typical")
    lazy = {**arguments, **{name: in_blocks(arguments[name], known) for name in subject.row_names}}
    if not is_divided(subject, arguments):
        with pytest.raises(InvalidInput, match=rf"^{subject.name}: `{subject.row_names[0]}` .*; expected"):
            subject.function(**lazy)
        return
    wanted = as_tuple(subject.function(**arguments))
    found = as_tuple(dask.compute(subject.function(**lazy))[0])
    assert_equivalent(subject, arguments, found, wanted, "float64")


#: Those whose rows may be in parts in their typical call.
DIVIDED = [subject for subject in SUBJECTS if is_divided(subject, sample(subject, "typical"))]


@pytest.mark.parametrize("subject", DIVIDED, ids=[subject.name for subject in DIVIDED])
def test_every_step_runs_on_one_thread_under_the_callers_policy(subject, monkeypatch):
    seen = set()

    def watched(step):
        def watching(*arguments):
            settings = resolved(current_policy(), subject.name)
            seen.add((settings.threads, settings.backends))
            return step(*arguments)

        return watching

    arguments = sample(subject, "typical")
    given = arguments | {name: in_blocks(arguments[name]) for name in subject.row_names}
    with use("numpy", threads=2):
        lazy = getattr(acm_dispatch, subject.name)(**given)
    for step in ("rows_of", "piece_of", "merged", "finished", "state_of", "scanned", "halo_rows", "applied"):
        monkeypatch.setattr(tasks.parts, step, watched(getattr(tasks.parts, step)))
    dask.compute(lazy)
    is_lazy = any(map(dask.is_dask_collection, as_tuple(lazy)))
    assert seen == ({(1, ("numpy",))} if is_lazy else set())


def test_nothing_is_computed_before_it_is_asked_for():
    def refuse(block):
        raise AssertionError("a block was computed")

    x = da.map_blocks(refuse, da.zeros((90, 4), chunks=(30, 4)), dtype=np.float64, meta=np.zeros((0, 4)))
    for result in (
        acm_dispatch.rolling_median(x, 5),
        acm_dispatch.ffill(x, limit=3),
        acm_dispatch.zscore(x, method="robust"),
        acm_dispatch.column_quantiles(x, (0.5,)),
        acm_dispatch.truncated_svd(x, 2)[0],
    ):
        assert isinstance(result, da.Array)
        assert result.dtype == np.float64
    assert acm_dispatch.rolling_median(x, 5).chunks == x.chunks
    assert acm_dispatch.band_energy(x, 20, [(0.0, 0.5)], step=7).chunks[0] == (2, 4, 5)


def test_rows_of_a_chain_take_one_task_a_block():
    x = da.from_array(np.ones((100, 2)), chunks=(10, 2)).persist()
    result = acm_dispatch.mahalanobis(x, np.zeros(2), np.eye(2))
    assert len(result.__dask_graph__()) - len(x.__dask_graph__()) == 10


def test_float32_stays_float32():
    x = in_blocks(np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32))
    for result in (acm_dispatch.zscore(x), acm_dispatch.rolling_mean(x, 4), acm_dispatch.column_quantiles(x, (0.5,))):
        assert result.dtype == result.compute().dtype == np.float32


def test_columns_in_two_blocks_are_refused():
    with pytest.raises(InvalidInput, match=r"`x` has its columns in 2 blocks; expected one"):
        acm_dispatch.ffill(da.zeros((10, 4), chunks=(5, 2)))


def test_the_drifting_median_is_exact():
    """Dask's own merges medians of blocks."""
    x = np.linspace(0, 1, 20_000)[:, None] ** 3 + np.random.default_rng(0).normal(size=(20_000, 2)) * 0.01
    found = acm_dispatch.column_quantiles(da.from_array(x, chunks=(200, 2)), (0.5,)).compute()
    np.testing.assert_array_equal(found, acm_dispatch.column_quantiles(x, (0.5,)))


def test_frames_keep_their_index_and_columns():
    dd = pytest.importorskip("dask.dataframe", reason="Dask has no frames here")
    pd = pytest.importorskip("pandas")
    pytest.importorskip("acm_dask.frames")
    index = pd.date_range("2024-01-01", periods=60, freq="min")
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), index=index, columns=["a", "b", "c"])
    lazy = dd.from_pandas(frame, npartitions=4)
    found = lazy.acm.rolling_mean(7).compute()
    pd.testing.assert_frame_equal(
        found, pd.DataFrame(acm_dispatch.rolling_mean(frame, 7), index, frame.columns), check_freq=False
    )
    with pytest.raises(AttributeError, match="no operation 'rolling_mode'"):
        _ = lazy.acm.rolling_mode


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local:
        yield local


def test_workers_give_the_same_bits(cluster):
    from distributed import Client

    x = np.random.default_rng(0).normal(size=(4000, 5)).cumsum(axis=0)
    x[100:900, 1], x[::7, 2] = np.nan, np.nan
    lazy = da.from_array(x, chunks=(512, 5))
    with Client(cluster), use("numpy"):
        results = dask.compute(
            acm_dispatch.ffill(lazy, limit=50),
            acm_dispatch.rolling_median(lazy, 60),
            acm_dispatch.column_median_mad(lazy),
            scheduler="distributed",
        )
        wanted = acm_dispatch.ffill(x, limit=50), acm_dispatch.rolling_median(x, 60), acm_dispatch.column_median_mad(x)
    np.testing.assert_array_equal(results[0], wanted[0])
    np.testing.assert_array_equal(results[1], wanted[1])
    for found, one in zip(results[2], wanted[2], strict=True):
        np.testing.assert_array_equal(found, one)


def slowly(block):
    time.sleep(0.05)
    return block


async def leave():
    os._exit(1)


async def crash():
    ctypes.string_at(0)


@pytest.mark.parametrize("end", [leave, crash])
def test_a_lost_worker_changes_nothing(cluster, end):
    from distributed import Client

    x = np.random.default_rng(0).normal(size=(3000, 4)).cumsum(axis=0)
    lazy = da.from_array(x, chunks=(100, 4)).map_blocks(slowly)
    with Client(cluster, timeout="30s") as client, use("numpy"):
        client.wait_for_workers(2, timeout=30)
        promises = client.compute([acm_dispatch.rolling_mean(lazy, 60), acm_dispatch.column_quantiles(lazy, (0.5,))])
        time.sleep(0.5)
        client.run(end, workers=[next(iter(client.scheduler_info()["workers"]))], wait=False)
        smooth, median = (promise.result(timeout=60) for promise in promises)
        wanted = acm_dispatch.rolling_mean(x, 60), acm_dispatch.column_quantiles(x, (0.5,))
        in_blocks = acm_dispatch.rolling_mean(da.from_array(x, chunks=(100, 4)), 60).compute(scheduler="synchronous")
    np.testing.assert_array_equal(smooth, in_blocks)
    np.testing.assert_allclose(smooth, wanted[0], rtol=1e-12)
    np.testing.assert_array_equal(median, wanted[1])
