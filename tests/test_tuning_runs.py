"""Measuring runs as programs: at the same time, killed, and with a third-party backend in the race."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import use
from acm_dispatch.execution.dispatch import find
from acm_dispatch.selection.profile import read
from acm_dispatch.selection.sources import read_again
from acm_dispatch.tuning.cells import drawn

TUNE = """
import sys
import acm_dispatch
from acm_dispatch.tuning import session
session._SAVE_EVERY = 0.0
path, operation, seconds = sys.argv[1:]
asked = {"backends": ["numpy"], "threads": [1], "sizes": [60, 2000], "dtypes": ["float64"]}
done = acm_dispatch.tune(float(seconds), operations=[operation], **asked, profile=path)
print(len(done.verdicts))
"""


def tuning(path, operation, seconds=60):
    command = [sys.executable, "-c", TUNE, path, operation, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def points(path, operation):
    return sum(len(entry.points) for key, entry in read(path).entries.items() if key.operation == operation)


def test_two_runs_at_once_lose_no_entry(tmp_path):
    path = tmp_path / "profile.json"
    runs = {name: tuning(path, name) for name in ("zscore", "column_median_mad")}
    measured = {name: int(run.communicate()[0]) for name, run in runs.items()}
    assert {name: points(path, name) for name in runs} == measured
    assert not read(path).ignored


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no such signal")
def test_a_killed_run_leaves_a_valid_file_to_go_on_from(tmp_path):
    path = tmp_path / "profile.json"
    run = tuning(path, "impute")
    deadline = time.monotonic() + 60
    while not (path.exists() and points(path, "impute")) and time.monotonic() < deadline:
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert points(path, "impute") > 0
    assert not read(path).ignored
    (count, _) = tuning(path, "impute").communicate()
    assert points(path, "impute") == int(count), "the next run is not kept out by the lock of the one that died"


def test_a_third_party_backend_wins_where_it_is_fastest_and_nowhere_else(tmp_path):
    path = tmp_path / "profile.json"
    asked = {"operations": ["column_median_mad"], "backends": ["example", "numpy"], "threads": [1]}
    done = acm_dispatch.tune(30, **asked, dtypes=["float64"], sizes=[60, 2000], profile=path)
    read_again()
    decided = [verdict for verdict in done.verdicts if verdict.decided and len(verdict.seconds) == 2]
    others = acm_dispatch.registry.backends().keys() - {"example", "numpy"}
    operation = find("column_median_mad")
    winners = set()
    for cell, _, after, _, seconds in decided:
        if max(seconds.values()) < 1.3 * min(seconds.values()):
            continue  # a place near a crossover, which stands for smaller calls, too
        winners.add(after)
        assert after == min(seconds, key=seconds.get)
        with use(profile=path, exclude=others, threads=1):
            assert operation.explain(**drawn(operation, cell).arguments).chosen == after
    assert winners == {"example", "numpy"}, "it sorts column by column: well for one, badly for 200"


CRASHES = """
import numpy, acm_dispatch
from acm_dispatch import Backend
backend = Backend("crashing")
backend.kernel("zscore")(lambda *arguments: 1 / 0)
acm_dispatch.register_backend(backend)
x = numpy.random.default_rng(0).normal(size=(400, 5))
with acm_dispatch.use("crashing"):
    for _ in range(3):
        assert numpy.allclose(acm_dispatch.zscore(x), acm_dispatch.zscore(x, backend="numpy"))
asked = {"operations": ["zscore"], "threads": [1], "sizes": [60], "dtypes": ["float64"]}
done = acm_dispatch.tune(5, backends=["crashing", "numpy"], **asked, profile="profile.json")
print(sorted(done.wrong.values()), {verdict.after for verdict in done.verdicts})
"""


def test_a_crash_in_a_plugin_leaves_results_right_and_is_found_by_tuning(tmp_path):
    environment = {**os.environ, "ACM_DISPATCH_FALLBACK": "silent", "ACM_DISPATCH_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CRASHES], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "raised ZeroDivisionError: division by zero" in done.stdout
    assert done.stdout.endswith("{'numpy'}\n")


def test_a_profile_and_a_policy_give_the_same_backend_in_every_process(tmp_path):
    path = tmp_path / "profile.json"
    acm_dispatch.tune(10, operations=["zscore"], threads=[1], sizes=[2000], dtypes=["float64"], profile=path)
    read_again()
    program = (
        "import sys, numpy, acm_dispatch\n"
        "with acm_dispatch.use(profile=sys.argv[1], threads=1, exclude=['numba']):\n"
        "    x = numpy.ones((400, 5))\n"
        "    print({acm_dispatch.explain('zscore', x).chosen for _ in range(250)})\n"
    )
    with use(profile=path, threads=1, exclude=["numba"]):
        here = acm_dispatch.explain("zscore", np.ones((400, 5))).chosen
    for _ in range(4):
        done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str({here})
