"""A forked child works whatever the other threads of its parent were doing, and so does a signal handler."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import acm_dispatch

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

#: Forks at moments spread over a first call; `ACM_TEST_FORKS=200` tries more of them than `make test` has time for.
FORKS = int(os.environ.get("ACM_TEST_FORKS", "3"))

PRELUDE = """
import os, signal, sys, threading, time
import numpy as np
import acm_dispatch

x = np.random.default_rng(0).normal(size=(200, 6))

def forked(function, seconds=120):
    "What `function` answers in a forked child, as text; an end by SIGALRM if it hangs."
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            answer = str(function())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        answer = file.read()
    status = os.waitpid(child, 0)[1]
    return answer if status == 0 else f"hangs (status {status})"

def started(function):
    threading.Thread(target=function, daemon=True).start()

def every_call():
    "What takes each lock of the package at least once."
    acm_dispatch.reload_config()
    acm_dispatch.config()
    acm_dispatch.set_backend("numpy")
    first = acm_dispatch.zscore(x)
    acm_dispatch.set_backend(None)
    acm_dispatch.register_backend(acm_dispatch.Backend("another"))
    acm_dispatch.unregister_backend("another")
    np.testing.assert_allclose(acm_dispatch.zscore(x), first, rtol=1e-9)
    return "works"
"""


def lines(code, timeout=600):
    """The lines that a new process prints which runs `code`."""
    command = [sys.executable, "-c", PRELUDE + code]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


FIRST_CALL = """
delay, backend, name = {delay}, {backend!r}, {name!r}
call = getattr(acm_dispatch, name)
started(lambda: call(x, backend=backend))
time.sleep(delay)

def both():
    try:
        call(x, backend=backend)
    except acm_dispatch.BackendError as error:
        assert "when this process was forked" in str(error), error
    return every_call()

print(forked(both))
"""


@pytest.mark.parametrize(
    ("backend", "name", "longest"),
    [("rust", "zscore", 0.2), ("numba", "zscore", 1.5), ("numpy", "spearman", 1.0), (None, "pairwise_euclidean", 0.3)],
)
def test_forks_in_the_middle_of_a_first_call(usable, backend, name, longest):
    if backend not in (None, *usable):
        pytest.skip(f"{backend} is not installed")
    for step in range(FORKS):
        delay = longest * step / FORKS
        assert lines(FIRST_CALL.format(delay=delay, backend=backend, name=name)) == ["works"], delay


HAMMERED = """
acm_dispatch.zscore(x)

def hammer():
    while True:
        {change}

started(hammer)
answers = []
for step in range({count}):
    time.sleep(0.0005 * (step % 7))
    answers.append(forked(every_call))
print(set(answers))
"""


@pytest.mark.parametrize(
    "change", ["acm_dispatch.set_backend('numpy'), acm_dispatch.set_backend(None)", "acm_dispatch.reload_config()"]
)
def test_forks_in_the_middle_of_a_change(change):
    assert lines(HAMMERED.format(change=change, count=2 * FORKS), timeout=1800) == ["{'works'}"]


HELD = """
from acm_dispatch.backends import forksafe

acm_dispatch.zscore(x)
held = threading.Event()

def hold():
    for lock in forksafe._all_locks():
        if not lock.awaited:
            lock.acquire()
    held.set()
    time.sleep(600)

started(hold)
held.wait()
print(forked(every_call))
"""


def test_a_child_renews_every_lock():
    assert lines(HELD) == ["works"]


OWN = """
from acm_dispatch.policy import layers

acm_dispatch.zscore(x)
with layers._updating:
    print(forked(every_call))
    print(every_call())
"""


def test_a_lock_of_the_forking_thread_stays_its_own():
    assert lines(OWN) == ["works", "works"]


SLOW_PLUGIN = """
import pathlib, tempfile

folder = pathlib.Path(tempfile.mkdtemp())
(folder / "slow_kernels.py").write_text('''
import os, time
if os.getpid() == {pid}:
    time.sleep(600)
import __main__
@__main__.slow.kernel("zscore")
def zscore(x, *options):
    return x
'''.replace("{pid}", str(os.getpid())))
sys.path.insert(0, str(folder))
slow = acm_dispatch.Backend("slow", modules=["slow_kernels"])
acm_dispatch.register_backend(slow)
started(lambda: acm_dispatch.zscore(x, backend="slow"))
while "slow_kernels" not in sys.modules:
    time.sleep(0.001)
print(forked(lambda: acm_dispatch.zscore(x, backend="slow") is x))
"""


def test_a_child_imports_anew_what_its_parent_was_importing():
    assert lines(SLOW_PLUGIN) == ["True"]


COMPILING = """
from numba.core.compiler_lock import global_compiler_lock

acm_dispatch.zscore(x, backend="numba")
held = threading.Event()

def compile():
    with global_compiler_lock:
        held.set()
        time.sleep(600)

started(compile)
held.wait()
print(forked(lambda: acm_dispatch.zscore.explain(x).verdicts["numba"]))
with acm_dispatch.use("numba"):
    print(forked(lambda: acm_dispatch.zscore(x).shape))
print(acm_dispatch.zscore(x, backend="numba").shape)
"""


def test_a_child_of_a_process_that_compiles_does_without_numba(usable):
    if "numba" not in usable:
        pytest.skip("Numba is not installed")
    reason, *shapes = lines(COMPILING)
    assert reason == (
        "cannot run: " * reason.startswith("cannot run")
        + "another thread was loading Numba, or compiling with it, when this process was forked"
    )
    assert shapes == ["(200, 6)", "(200, 6)"]


LIMITED = """
import threadpoolctl
from acm_dispatch.backends.numpy import numpy_backend

def numbers():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

before, inside = numbers(), threading.Event()

def wait():
    inside.set()
    time.sleep(600)

sys.modules["acm_dispatch.backends.numpy"].usable_cores = lambda: 2
started(numpy_backend.bind(wait, 1))
inside.wait()
during = numbers()

def in_child():
    x @ x.T
    return numbers() == before, numpy_backend.bind(numbers, 1)(), numbers() == before

print(set(during) == {1}, forked(in_child))
"""


def test_a_child_is_not_bound_by_the_limit_of_another_threads_call():
    pytest.importorskip("threadpoolctl")
    (line,) = lines(LIMITED)
    assert line.startswith("True (True, [1")
    assert line.endswith("], True)")


INTERRUPTED = """
done = []

def handler(*_):
    acm_dispatch.set_backend("numpy", op="impute")
    acm_dispatch.set_backend(None, op="impute")
    acm_dispatch.zscore(x)
    done.append(1)

signal.alarm(300)
signal.signal(signal.SIGUSR1, handler)
main = threading.main_thread().ident

def send():
    for count in range(300):
        signal.pthread_kill(main, signal.SIGUSR1)
        while len(done) <= count:
            time.sleep(0.0001)

started(send)
while len(done) < 300:
    {interrupted}
acm_dispatch.set_backend("numpy", op="zscore")
print([name for name, *_ in acm_dispatch.config().rows if name.startswith("backends of")])
"""


@pytest.mark.parametrize(
    "interrupted",
    [
        "acm_dispatch.set_backend('numpy', op='ffill'); acm_dispatch.set_backend(None, op='ffill')",
        "acm_dispatch.reload_config(); acm_dispatch.config()",
        "acm_dispatch.zscore(x, backend='numpy')",
    ],
)
def test_a_signal_handler_may_interrupt_what_it_calls(interrupted):
    assert lines(INTERRUPTED.format(interrupted=interrupted)) == ["['backends of zscore']"]


def test_no_lock_is_made_elsewhere():
    root = Path(acm_dispatch.__file__).parent
    files = [*root.rglob("*.py"), *(root.parent / "backends").rglob("*.py")]
    locks = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"}
    found = [
        path.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in locks and ast.unparse(node.value) == "threading"
    ]
    assert set(found) == {"forksafe.py"}
