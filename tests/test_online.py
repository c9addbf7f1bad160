"""Kernels tried on the caller's own calls: within their share, right, once, kept, and never in a worker."""

import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import Backend, Samples, operation, registry, use
from acm_dispatch.backends.threads import usable_cores
from acm_dispatch.execution import online, timing
from acm_dispatch.selection import learnt, sources
from acm_dispatch.selection.keeping import update
from acm_dispatch.selection.machine import facts_of
from acm_dispatch.selection.profile import Entry, Key, Point, read, user_path

X = np.ones((400, 5))


def draw(rng, n):
    return {"x": rng.normal(size=(n, 5))}


class Clock:
    """Time as the kernels of these tests spend it, so that no neighbour of the machine is measured."""

    now = 0.0

    def __call__(self):
        return self.now


clock = Clock()


def lasting(seconds, result=np.add):
    """A kernel that takes so long, whatever it is given."""

    def kernel(x):
        clock.now += seconds
        return result(x, x)

    return kernel


@pytest.fixture
def tried(tmp_path, monkeypatch, own_operations):
    """An operation that "a_usual" runs, since nothing was measured, and what adds backends to it."""
    monkeypatch.setenv("ACM_DISPATCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(timing, "perf_counter", clock)
    monkeypatch.setattr(online, "ledger", online.Ledger())
    monkeypatch.setattr(online, "_kinds", {})
    monkeypatch.setattr(learnt, "_learnt", {})
    sources.read_again()

    @operation("n d -> n d", work="n * d", nan="propagate", samples=Samples(draw))
    def tried(x, *, backend=None):
        return lasting(4e-4)(x)

    added = []

    def add(name, kernel, **about):
        backend = Backend(name, **about)
        backend.kernel("tried", name=name)(kernel)
        acm_dispatch.register_backend(backend)
        added.append(name)

    tried.add = add
    add("a_usual", lasting(2e-4))
    yield tried
    for name in added:
        acm_dispatch.unregister_backend(name)
    sources.add_learnt(())
    sources.read_again()


def run(function, calls=400):
    with use(tune="auto"), acm_dispatch.trace() as trace:
        for _ in range(calls):
            function(X)
    return [record.backend for record in trace.records]


def test_the_faster_kernel_takes_over_and_is_kept(tried):
    tried.add("quick", lasting(2e-5))
    assert run(tried)[0] == "a_usual"
    assert run(tried, 3) == ["quick"] * 3
    assert acm_dispatch.explain("tried", X).chosen == "quick", "kept for the process, whatever the policy"
    assert acm_dispatch.explain("tried", X).decided_by.startswith("your profile of ")
    assert not user_path().exists()
    learnt.write()
    kept = {key.backend: entry.points[0] for key, entry in read(user_path()).entries.items()}
    assert kept["quick"].seconds * 2 < kept["a_usual"].seconds
    assert kept["quick"][:2] == (1536, 5), "the place that stands for all such calls"


def test_trials_take_their_share_and_are_made_once(tried):
    calls = []

    def slower(x):
        calls.append(x)
        return lasting(3e-4)(x)

    tried.add("slower", slower)
    assert set(run(tried)) == {"a_usual"}
    ledger = online.ledger
    assert 0 < ledger.trials <= online.SHARE * ledger.calls
    count = len(calls)
    assert count == 2 + online._ROUNDS
    run(tried, 100)
    assert len(calls) == count


def test_a_call_too_long_for_its_share_is_not_tried_at_once(tried):
    tried.add("quick", lasting(2e-5))
    assert set(run(tried, 5)) == {"a_usual"}
    assert online.ledger.trials == 0


def test_a_rival_that_is_wrong_or_fails_costs_no_call(tried):
    tried.add("wrong", lasting(1e-5, result=np.subtract))
    tried.add("failing", lambda x: 1 / 0)
    tried.add("out_of_memory", lambda x: (_ for _ in ()).throw(MemoryError))
    assert set(run(tried)) == {"a_usual"}
    assert acm_dispatch.explain("tried", X).chosen == "a_usual"


def test_who_asks_to_stop_is_obeyed(tried):
    tried.add("interrupted", lambda x: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(tried)


def test_what_was_measured_is_not_tried(tried):
    tried.add("quick", lasting(2e-5))
    key = Key("tried", "a_usual", "a_usual", "float64", usable_cores())
    facts = facts_of(registry.find_backend("a_usual"))
    known = Entry(key, facts, "n * d", "2026-01-01", (Point(2000, 5, 2e-4),))
    update(user_path(), lambda entries: {**entries, key: known})
    sources.read_again()
    with use(tune="auto"):
        for _ in range(100):
            tried(X)
    assert online.ledger.calls == 0


@pytest.mark.parametrize("asked", [{"tune": "off"}, {"tune": "auto", "profile": "bundled"}, {}])
def test_nothing_is_tried_where_nobody_asked_or_nothing_could_be_kept(tried, asked):
    tried.add("quick", lasting(2e-5))
    with use(**asked):
        for _ in range(50):
            tried(X)
    with use("numpy", tune="auto"):
        for _ in range(50):
            tried(X)
    assert online.ledger.calls == 0


def test_it_is_announced_once_to_who_listens(tried, caplog):
    tried.add("quick", lasting(2e-5))
    with caplog.at_level(logging.INFO, "acm_dispatch"):
        run(tried)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "tune=auto: other kernels are tried on calls" in caplog.text


def test_threads_of_a_pool_try_nothing(tried):
    tried.add("quick", lasting(2e-5))
    with use(tune="auto"), ThreadPoolExecutor(1) as pool:
        tried(X)
        for _ in range(100):
            pool.submit(acm_dispatch.propagate(tried), X).result()
    assert online.ledger.trials == 0


WORKER = """
import multiprocessing, sys
import numpy, acm_dispatch
from acm_dispatch import Backend

def job(where):
    backend = Backend("copying")
    backend.kernel("zscore")(lambda x, *others: x.copy())
    acm_dispatch.register_backend(backend)
    x = numpy.ones((400, 5))
    for _ in range(3000):
        acm_dispatch.zscore(x)
    online = sys.modules.get("acm_dispatch.execution.online")
    print(where, online is not None and online.ledger.calls > 0, flush=True)

if __name__ == "__main__":
    for method in ("spawn", "fork"):
        worker = multiprocessing.get_context(method).Process(target=job, args=(method,))
        worker.start()
        worker.join()
    job("main")
"""


def test_workers_try_nothing_and_the_main_process_writes_at_its_end(tmp_path):
    (tmp_path / "job.py").write_text(WORKER)
    environment = {**os.environ, "ACM_DISPATCH_TUNE": "auto", "ACM_DISPATCH_CACHE_DIR": str(tmp_path)}
    environment["ACM_DISPATCH_EXCLUDE"] = ",".join(registry.backends().keys() - {"numpy"})
    done = subprocess.run(
        [sys.executable, tmp_path / "job.py"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["spawn", "False", "fork", "False", "main", "True"]
    (written,) = tmp_path.glob("*.json")
    assert {key.operation for key in read(written).entries} == {"zscore"}
