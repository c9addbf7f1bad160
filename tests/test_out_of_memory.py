"""Where memory runs out a call gives its result or raises MemoryError, and the next call is right."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="preloading, and limits of the address space, are Linux's"),
    pytest.mark.skipif("rust" not in registry.backends(), reason="the Rust backend is not installed"),
]


def exercise(*arguments, **environment):
    """What the exercise has tried, and how much of it was refused."""
    command = [sys.executable, "-W", "error::RuntimeWarning", str(FOLDER / "exercise.py"), *arguments]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-3000:]}"
    tried, _, refused, _ = done.stdout.split()
    return int(tried), int(refused)


@pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler makes the library that is preloaded")
def test_every_allocation_of_the_extension_may_fail(tmp_path):
    library = tmp_path / "faults.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, FOLDER / "faults.c"], check=True)
    # Anything larger than the extension's reserve for small things.
    tried, refused = exercise("faults", "rust", "--least", "2049", LD_PRELOAD=str(library))
    assert tried == refused > 500


def test_any_rest_of_the_address_space_will_do():
    tried, refused = exercise("limits", "rust", "--calls", "300", **MMAP)
    assert tried == 300
    assert refused > 30
