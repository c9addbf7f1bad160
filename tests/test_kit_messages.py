"""What the kit runs when asked for one operation, and what its failures tell an author of kernels."""

import os
import re
import subprocess
import sys

import pytest

WRONG = """
import numpy as np
from acm_dispatch import Backend, Samples, operation, register_backend

drawn = Samples(lambda rng, n: {"x": rng.normal(size=(n, 2))})
drawn.cases["small"] = lambda rng: {"x": np.array([[0.5, 0.25], [1.0, np.nan]]), "times": 3}

def declared():
    return operation("n d -> n", work="n * d", nan="propagate", samples=drawn, options={"times": lambda o, a, v: v})

@declared()
def toy_sum(x, *, times=1, backend=None):
    return times * x.sum(axis=1)

@declared()
def toy_sum_again(x, *, times=1, backend=None):
    return times * x.sum(axis=1)

wrong = Backend("wrong")
wrong.kernel("toy_sum")(lambda x, times: times * x.sum(axis=1) + 1)
wrong.kernel("toy_sum_again")(lambda x, times: times * x.sum(axis=1) + 1)
register_backend(wrong)
"""


@pytest.fixture
def kit(tmp_path):
    """Runs the kit on the wrong backend."""
    (tmp_path / "wrong_kernels.py").write_text(WRONG)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}

    def run(*options):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "wrong_kernels"]
        command += ["--pyargs", "acm_dispatch.testing", "--backend=wrong", *options]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_failure_shows_the_arguments(kit):
    said = kit("-k", "toy_sum and small and float64").stdout
    assert "The arrays were contiguous:" in said
    assert re.search(r"x = array\(\[\[0\.5 *, 0\.25\],\n.*\[1\. *, +nan\]\]\)  # 2x2 float64", said), said
    assert "times = 3" in said


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("toy_sum", {"toy_sum"}),
        ("toy_sum or toy_sum_again", {"toy_sum", "toy_sum_again"}),
        ("toy_ and not toy_sum", {"toy_sum_again"}),
    ],
)
def test_an_operation_s_name_means_this_one(kit, asked, meant):
    ids = re.findall(r"::\w+\[(\w+)-", kit("--collect-only", "-k", asked).stdout)
    assert set(ids) == meant


def test_an_expression_that_is_none_is_pytest_s_to_refuse(kit):
    done = kit("--collect-only", "-k", "toy_sum and")
    assert done.returncode == 4
    assert "toy_sum and" in done.stderr
