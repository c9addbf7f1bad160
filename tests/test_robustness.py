"""What a long or a hopeless call does to the process: nothing."""

import subprocess
import sys

import numpy as np
import pytest

import acm_dispatch

# Those that a process without the stand-ins of conftest.py has, too.
USABLE = [name for name in acm_dispatch.pairwise_euclidean.kernels() if not name.startswith("cupy_on_")]


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
import os, signal, sys, threading, time
import numpy as np, acm_dispatch

x = np.random.default_rng(0).normal(size={shape})
call = lambda x: {call}
call(x[:2000])
count = 0

def handler(*_):
    global count
    count += 1
    if count == 3:
        raise KeyboardInterrupt

def send():
    # Each only after the one before: a kernel that does not look for signals handles one, when it is over.
    for number in range(3):
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        while count <= number and not ended:
            time.sleep(0.001)

ended = False
signal.signal(signal.SIGINT, handler)
thread = threading.Thread(target=send)
thread.start()
try:
    call(x)
except KeyboardInterrupt:
    print("stopped after", count)
ended = True
thread.join()
signal.signal(signal.SIGINT, signal.SIG_IGN)
call(x[:100])
"""
LONG = {
    "silhouette": ((150_000, 10), "acm_dispatch.silhouette_samples(x, np.arange(len(x)) % 4, backend='rust')"),
    "spearman": ((3_000_000, 8), "acm_dispatch.spearman(x, backend='rust')"),
}


@pytest.mark.skipif("rust" not in USABLE, reason="the Rust backend is not installed")
@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_stops_a_long_rust_kernel(name):
    """It handles signals again and again while it runs; `make bench` times how soon."""
    shape, call = LONG[name]
    assert run(INTERRUPTED.format(shape=shape, call=call)) == ["stopped", "after", "3"]
