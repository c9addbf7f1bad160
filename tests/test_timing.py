"""The one clock of tuning, trials and benchmarks."""

import threading
import time

from acm_dispatch.execution import timing
from acm_dispatch.execution.timing import batch_size, timed, timed_batch, wait_for_idle_threads
from acm_dispatch.tuning import parallelism
from acm_dispatch.tuning.cells import thread_counts


def test_a_call_and_a_batch_of_calls_are_timed(monkeypatch):
    now = iter([1.0, 3.5, 10.0, 14.0])
    monkeypatch.setattr(timing, "perf_counter", lambda: next(now))
    seen = []
    assert timed(lambda x: x + 1, (4,)) == (2.5, 5)
    assert timed_batch(seen.append, [(1,), (2,)]) == 4.0
    assert seen == [1, 2]


def test_quick_calls_make_large_batches():
    assert batch_size(1e-5, 1e-4, 50) == 10
    assert batch_size(0.0, 1e-4, 50) == 50
    assert batch_size(1.0, 1e-4, 50) == 1


def test_a_thread_that_spins_is_waited_for_and_not_for_ever():
    stop = threading.Event()

    def spin():
        while not stop.is_set():
            pass

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        begun = time.perf_counter()
        wait_for_idle_threads(patience=0.05, look=0.002, share=0.0)
        assert time.perf_counter() - begun >= 0.05
    finally:
        stop.set()
        thread.join()


def test_threads_that_run_at_once_are_told_from_those_that_take_turns(monkeypatch):
    one = threading.Lock()

    def alone(array):
        with one:
            clock.now += 1.0

    clock = Clock()
    monkeypatch.setattr(timing, "perf_counter", clock)
    monkeypatch.setattr(parallelism, "_work", alone)
    assert parallelism.achieved_parallelism(4) == 1.0
    monkeypatch.setattr(parallelism, "_in_threads", lambda arrays: parallelism._work(arrays[0]))
    assert parallelism.achieved_parallelism(4) == 4.0


def test_as_many_threads_as_run_at_once_are_measured():
    assert thread_counts(8) == (1, 2, 4, 8)
    assert thread_counts(8, 5.8) == (1, 2, 4, 6, 8)
    assert thread_counts(2, 0.3) == (1, 2)
    assert thread_counts(2, 9.0) == (1, 2)


class Clock:
    """Time as the work of a test spends it."""

    now = 0.0

    def __call__(self):
        return self.now
