"""Settings, traces and backends in threads, tasks, child processes and joblib workers."""

import asyncio
import multiprocessing
import pickle
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import DispatchWarning, registry, use, zscore
from acm_dispatch.policy import blocks

X = np.random.default_rng(0).normal(size=(40, 3))


def chosen(operation=zscore, x=X):
    return operation.explain(x).chosen


@pytest.fixture
def usual():
    """What runs where no block is."""
    return chosen()


def test_policies_pickle_and_propagate(recorder, fresh_settings):
    acm_dispatch.set_backend("numpy", op="impute")
    with use("recorder", threads=1):
        policy = acm_dispatch.current_policy()
        carried = acm_dispatch.propagate(chosen)
    assert pickle.loads(pickle.dumps(policy)) is pickle.loads(pickle.dumps(policy))
    result = []
    thread = threading.Thread(target=lambda: result.append(carried()))
    thread.start()
    thread.join()
    assert result == ["recorder"]


def _in_child(name):
    return zscore(X, backend=name).tobytes()


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_child_processes_run_every_backend(method, usable):
    """The parent has used every backend before: a forked child finds no threads of theirs alive."""
    before = {name: _in_child(name) for name in usable}
    with multiprocessing.get_context(method).Pool(1) as pool:
        after = {name: pool.apply_async(_in_child, (name,)).get(timeout=600) for name in usable}
    assert before == after


def test_joblib_workers_run_every_backend(usable):
    import joblib

    results = joblib.Parallel(n_jobs=2)(joblib.delayed(_in_child)(name) for name in usable)
    assert results == [_in_child(name) for name in usable]


def _by_executor(pool, function):
    return list(pool.map(function, [zscore] * 2))


def _by_joblib(backend):
    def run(function):
        import joblib

        return joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(function)() for _ in range(2))

    return run


def _in_threads(function):
    with ThreadPoolExecutor(2) as pool:
        return _by_executor(pool, function)


def _in_processes(method):
    def run(function):
        with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
            return _by_executor(pool, function)

    return run


def _in_pool(method):
    def run(function):
        with multiprocessing.get_context(method).Pool(2) as pool:
            return pool.map(function, [zscore] * 2)

    return run


async def _awaiting(function, by):
    loop = asyncio.get_running_loop()
    return [await (asyncio.to_thread(function) if by == "to_thread" else loop.run_in_executor(None, function))]


METHODS = multiprocessing.get_all_start_methods()
WORKERS = {
    "threads": _in_threads,
    "joblib_threading": _by_joblib("threading"),
    "joblib_loky": _by_joblib("loky"),
    "joblib_multiprocessing": _by_joblib("multiprocessing"),
    "run_in_executor": lambda function: asyncio.run(_awaiting(function, "run_in_executor")),
    "to_thread": lambda function: asyncio.run(_awaiting(function, "to_thread")),
    **{f"processes_{method}": _in_processes(method) for method in METHODS},
    **{f"pool_{method}": _in_pool(method) for method in METHODS},
}
#: Where blocks travel by themselves: a forked child and a copied context are inside them.
INHERITS = {"to_thread", "joblib_multiprocessing", "processes_fork", "pool_fork"}


@pytest.mark.parametrize("workers", WORKERS)
def test_policies_propagate_to_workers_of_every_kind(workers):
    with use("numpy"):
        results = WORKERS[workers](acm_dispatch.propagate(chosen))
    assert set(results) == {"numpy"}


def _with_warnings(*_):
    """What is chosen, and what was said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return chosen(), [str(warning.message) for warning in caught]


@pytest.mark.parametrize("workers", WORKERS)
def test_blocks_reach_workers_or_a_warning_says_that_they_do_not(workers, nobody_told, usual):
    if workers == "joblib_loky":
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)  # workers from before the block could not know of it
    with use("numpy", threads=1):
        results = WORKERS[workers](_with_warnings)
    names, told = zip(*results, strict=True)
    told = [text for texts in told for text in texts]
    if workers in INHERITS:
        assert (set(names), told) == ({"numpy"}, [])
    else:
        assert set(names) == {usual}
        assert told
        assert all("runs outside every block" in text and "propagate(function)" in text for text in told)


def test_a_plan_from_before_the_block_does_not_hide_that_it_was_left_behind(nobody_told):
    def call_twice():
        for _ in range(2):
            pool.submit(zscore, X).result()

    with ThreadPoolExecutor(1) as pool:
        call_twice()
        with use("numpy"), pytest.warns(DispatchWarning, match="in thread .*, while another thread is") as caught:
            call_twice()
    assert len(caught) == 1


def test_who_is_not_left_behind_is_not_told(nobody_told):
    """A block in a worker while the main thread works on, and workers with blocks of their own or after a block."""
    inside, done = threading.Event(), threading.Event()

    def work():
        with use("numpy"):
            inside.set()
            done.wait(20)
            zscore(X)

    worker = threading.Thread(target=work)
    worker.start()
    inside.wait(20)
    zscore(X)
    chosen()
    done.set()
    worker.join()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(zscore, X).result()
        with use("numpy"):
            assert pool.submit(use("numpy")(chosen)).result() == "numpy"


def test_a_forked_child_is_inside_the_block_of_the_forking_thread_only():
    with use("numpy", threads=1):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            assert pool.apply(_open_blocks) == 1
        assert _open_blocks() >= 1


def _open_blocks():
    return len(blocks._open)


def test_propagate_carries_coroutines(recorder):
    async def inside():
        await asyncio.sleep(0)
        return chosen()

    with use("recorder"):
        carried = acm_dispatch.propagate(inside)
    assert asyncio.run(carried()) == "recorder"


def test_propagate_carries_traces_into_threads(recorder):
    with acm_dispatch.trace() as trace, ThreadPoolExecutor(1) as pool:
        pool.submit(acm_dispatch.propagate(zscore), X).result()
    assert [record.operation for record in trace.records] == ["zscore"]


def test_concurrent_changes_of_the_process_all_count(recorder, fresh_settings):
    names = list(registry.operations)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: acm_dispatch.set_backend("recorder", op=name), names))
    assert {row[0] for row in acm_dispatch.config().rows} >= {f"backends of {name}" for name in names}


def test_blas_keeps_its_threads_whatever_runs_at_once():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}

    def work(_):
        with use("numpy", threads=1):
            acm_dispatch.impute(X)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(200)))
    after = {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
    assert {path: after[path] for path in before} == before


def test_propagate_cannot_carry_generators():
    def generator():
        yield

    with pytest.raises(TypeError, match="generator"):
        acm_dispatch.propagate(generator)
