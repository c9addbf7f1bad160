"""Where memory runs out a call gives its result or raises MemoryError, and the next call is right."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry

FOLDER = Path(__file__).parent / "out_of_memory"
#: Most allocations go through mmap, which a limit of the address space refuses; Python and NumPy keep a megabyte for
#: their small things, without which NumPy 2.4.6 ends the process by itself.
MMAP = {
    "MALLOC_MMAP_THRESHOLD_": "8192",
    "MALLOC_TOP_PAD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**21),
    "MALLOC_ARENA_MAX": "1",
}

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="preloading, and limits of memory, are Linux's")
needs_rust = pytest.mark.skipif("rust" not in registry.backends(), reason="the Rust backend is not installed")


def exercise(*arguments, **environment):
    """What the exercise has tried, and how much of it was refused."""
    command = [sys.executable, "-W", "error::RuntimeWarning", str(FOLDER / "exercise.py"), *arguments]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-3000:]}"
    tried, _, refused, _ = done.stdout.split()
    return int(tried), int(refused)


@linux_only
@needs_rust
@pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler makes the library that is preloaded")
def test_every_allocation_of_the_extension_may_fail(tmp_path):
    library = tmp_path / "faults.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, FOLDER / "faults.c"], check=True)
    # Anything larger than the extension's reserve for small things.
    tried, refused = exercise("faults", "rust", "--least", "2049", LD_PRELOAD=str(library))
    assert tried == refused > 500


@linux_only
@needs_rust
def test_any_rest_of_the_address_space_will_do():
    tried, refused = exercise("limits", "rust", "--calls", "300", **MMAP)
    assert tried == 300
    # How many depends on what the machine's libraries take at import; none would mean that nothing was tried.
    assert refused > 10


@pytest.mark.parametrize("available", [0, 1, 2])
def test_numba_does_without_threads_that_cannot_be_started(monkeypatch, available):
    parallel = pytest.importorskip("acm_numba.parallel")
    x = np.random.default_rng(0).normal(size=(50_000, 20))
    with acm_dispatch.use(threads=1):
        wanted = acm_dispatch.rolling_mean(x, 100, backend="numba")
    left, start = [None] * available, Thread.start

    def reluctant(thread):
        if not left:
            raise RuntimeError("can't start new thread")
        left.pop()
        start(thread)

    monkeypatch.setattr(parallel, "_pools", {})
    monkeypatch.setattr(Thread, "start", reluctant)
    with acm_dispatch.use(threads=4):
        np.testing.assert_array_equal(acm_dispatch.rolling_mean(x, 100, backend="numba"), wanted)
    assert not parallel._pools
