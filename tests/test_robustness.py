"""What a long or a hopeless call does to the process: nothing."""

import subprocess
import sys

import numpy as np
import pytest

import acm_dispatch

# Those that a process without the stand-ins of conftest.py has, too.
USABLE = [name for name in acm_dispatch.pairwise_euclidean.kernels() if not name.startswith("cupy_on_")]
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


@pytest.mark.parametrize("backend", USABLE)
def test_a_result_too_large_for_the_machine_is_a_memory_error(backend):
    column = np.zeros((40_000_000, 1))
    with pytest.raises(MemoryError):
        acm_dispatch.pairwise_euclidean(column, column, backend=backend)
    assert acm_dispatch.pairwise_euclidean(column[:2], backend=backend).shape == (2, 2)


INTERRUPTED = """
import os, signal, threading, time
import numpy as np, acm_dispatch

x = np.random.default_rng(0).normal(size={shape})

def call(x):
    return {call}

call(x[:2000])
sent = []

def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(0.3, interrupt).start()
try:
    call(x)
except KeyboardInterrupt:
    print(time.perf_counter() - sent[0])
call(x[:100])
"""
LONG = {
    "silhouette": ((150_000, 10), "acm_dispatch.silhouette_samples(x, np.arange(len(x)) % 4, backend='rust')"),
    "spearman": ((3_000_000, 8), "acm_dispatch.spearman(x, backend='rust')"),
}


@pytest.mark.skipif("rust" not in USABLE, reason="the Rust backend is not installed")
@pytest.mark.timing
@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_stops_a_long_rust_kernel_at_once(name):
    shape, call = LONG[name]
    (seconds,) = run(INTERRUPTED.format(shape=shape, call=call))
    assert float(seconds) < 0.2


PEAK = """
import resource
import numpy as np, acm_dispatch

def call(n):
    x = np.random.default_rng(0).normal(size=(n, 10))
    return {call}

call(200)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
call({n})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
CALLS = {
    "silhouette": "acm_dispatch.silhouette_score(x, np.arange(n) % 4, backend='{backend}')",
    "argmin": "acm_dispatch.pairwise_distances_argmin(x, x, backend='{backend}')",
}


@ONLY_LINUX
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("backend", USABLE)
def test_nothing_of_n_by_n_is_ever_allocated(name, backend):
    n = 8000
    (kilobytes,) = run(PEAK.format(n=n, call=CALLS[name].format(backend=backend)))
    assert int(kilobytes) * 1024 < n * n * 8 / 8, "at least an eighth of an n x n matrix was allocated"
