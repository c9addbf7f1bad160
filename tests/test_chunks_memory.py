"""Ten times the memory: what jobs on a long file hold, and how much of it they read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from acm_dispatch import chunks
from benchmarks import long_recordings, memory

pytestmark = pytest.mark.skipif(not memory.available(), reason="the peak of a process can be reset on Linux only")

#: Jobs, and how often each reads its file.
JOBS = {
    "recording.apply(acm.column_moments).compute()": 1,
    "recording.apply(acm.rolling_median, 60).to_npy(out)": 1,
    "recording.apply(acm.ffill, limit=100).apply(acm.rolling_mean, 60).apply(acm.column_moments).compute()": 1,
}

#: What is collected to be exact, about a hundredth of the values for each quantile, follows the rows.
EXACT = {
    "recording.apply(acm.column_quantiles, [0.5, 0.9]).compute()": 2,
    "recording.apply(acm.column_median_mad).compute()": 3,
}

CODE = """
import json, pathlib, sys
import acm_dispatch as acm
from acm_dispatch import chunks
from benchmarks.memory import peak_above_inputs

def bytes_read():
    lines = pathlib.Path("/proc/self/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("rchar")))

def job(path, out):
    recording = chunks.scan(path, time="t", memory="20MB")
    {job}

short, path, out = sys.argv[1:]
job(short, out)
before = bytes_read()
peak, _ = peak_above_inputs(lambda: job(path, out))
print(json.dumps([peak, bytes_read() - before]))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Recordings of 20 columns: one to warm up with, one of 50 MB, one of 200 MB."""
    folder = tmp_path_factory.mktemp("long")
    for name, rows in (("short", 3000), ("n", 625_000), ("4n", 2_500_000)):
        long_recordings.write(folder / f"{name}.parquet", rows, 20)
    return folder


def measured(files, name, job):
    """Megabytes above the process with everything imported, and bytes read."""
    command = [
        sys.executable,
        "-c",
        CODE.replace("{job}", job),
        *(str(files / f"{one}.parquet") for one in ("short", name)),
    ]
    two = {**os.environ, "ACM_DISPATCH_NUM_THREADS": "2"}
    done = subprocess.run(
        [*command, str(files / "out.npy")],
        cwd=Path(__file__).parents[1],
        env=two,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def assert_read(files, nbytes, reads):
    planned = chunks.scan(files / "4n.parquet", time="t").plan().nbytes
    assert 0.95 * reads * planned < nbytes < 1.05 * reads * planned


@pytest.mark.parametrize(("job", "reads"), JOBS.items())
def test_memory_does_not_follow_the_rows_and_no_byte_is_read_in_vain(files, job, reads):
    peak, nbytes = measured(files, "4n", job)
    assert peak < 20
    assert_read(files, nbytes, reads)
    # Of 150 MB more; what allocators keep for later differs by some megabytes from run to run.
    growths = (measured(files, "4n", job)[0] - measured(files, "n", job)[0] for _ in range(3))
    assert any(growth < 3 for growth in growths)


@pytest.mark.parametrize(("job", "reads"), EXACT.items())
def test_exact_quantiles_hold_a_small_part_of_the_rows(files, job, reads):
    peak, nbytes = measured(files, "4n", job)
    assert peak < 32
    assert_read(files, nbytes, reads)
