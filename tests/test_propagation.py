"""Wishes, traces and backends in threads, tasks, child processes and joblib workers."""

import asyncio
import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry, use, zscore

X = np.random.default_rng(0).normal(size=(40, 3))


def chosen(operation=zscore, x=X):
    return operation.explain(x).chosen


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
        after = {name: pool.apply_async(_in_child, (name,)).get(timeout=120) for name in usable}
    assert before == after


def test_joblib_workers_run_every_backend(usable):
    import joblib

    results = joblib.Parallel(n_jobs=2)(joblib.delayed(_in_child)(name) for name in usable)
    assert results == [_in_child(name) for name in usable]


def test_policy_travels_to_joblib_workers():
    import joblib

    with use("numpy"):
        carried = acm_dispatch.propagate(chosen)
    assert joblib.Parallel(n_jobs=2)(joblib.delayed(carried)() for _ in range(2)) == ["numpy", "numpy"]


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
