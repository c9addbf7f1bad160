"""Samples and bodies that are not what their declaration says: tests that fail and name them; all else is tested."""

import os
import re
import subprocess
import sys

import pytest

FAULTY = """
import numpy as np
from acm_dispatch import Samples, operation

def drawn(rng, n):
    return {"x": rng.normal(size=(n, 2))}

cases = Samples(drawn)
cases.cases["flat"] = lambda rng: {"x": np.zeros(3)}
cases.cases["raises"] = lambda rng: 1 / 0
cases.cases["strange"] = lambda rng: {"y": np.zeros((3, 2))}

def declared(samples):
    return operation("n d -> n", work="n * d", nan="propagate", samples=samples)

@declared(cases)
def toy_flat_case(x, *, backend=None):
    return x.sum(axis=1)

@declared(Samples(lambda rng, n: {"x": np.zeros(n)}))
def toy_flat_typical(x, *, backend=None):
    return x.sum(axis=1)

@declared(Samples(lambda rng, n: 1 / 0))
def toy_raising_typical(x, *, backend=None):
    return x.sum(axis=1)

@declared(Samples(drawn))
def toy_other_shape(x, *, backend=None):
    return x.sum(axis=0)

@declared(Samples(drawn))
def toy_other_number(x, *, backend=None):
    return x.sum(axis=1), x.sum(axis=1)

@declared(Samples(drawn))
def toy_right(x, *, backend=None):
    return x.sum(axis=1)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The ids of the kit's tests that failed and how many passed, of a run on NumPy with these operations declared."""
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "faulty_operations.py").write_text(FAULTY)
    command = ["-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "faulty_operations", "-rf"]
    command += ["--pyargs", "acm_dispatch.testing", "--backend=numpy", "-k", "toy_ or zscore and mistake"]
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
    ).stdout


def _failed(output, name):
    return re.findall(rf"^FAILED \S*::(test_\w+\[{name}-[^\]]*\])", output, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "sample", "message"),
    [
        ("toy_flat_case", "flat", "`x` has 1 dimensions; the shapes 'n d -> n' say (n, d)"),
        ("toy_flat_case", "raises", "ZeroDivisionError"),
        ("toy_flat_case", "strange", "TypeError"),
        ("toy_flat_typical", "typical", "`x` has 1 dimensions"),
        ("toy_raising_typical", "typical", "ZeroDivisionError"),
    ],
)
def test_a_sample_that_is_none_is_one_failing_test(outcomes, name, sample, message):
    failed = [test for test in _failed(outcomes, name) if f"-{sample}" in test]
    assert failed == [f"test_reference_keeps_to_its_declaration[{name}-{sample}]"]
    assert f"{name}: the sample {sample} is none: " in outcomes
    assert message in outcomes


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toy_other_shape", "toy_other_shape: the body gives the shape (2,), where the shapes say [211]"),
        ("toy_other_number", "toy_other_number: the body gives 2 results, where the shapes 'n d -> n' say 1"),
    ],
)
def test_a_body_that_gives_something_else_fails_on_its_samples(outcomes, name, message):
    failed = _failed(outcomes, name)
    assert f"test_reference_keeps_to_its_declaration[{name}-typical]" in failed
    assert {test.split("[")[0] for test in failed} == {"test_reference_keeps_to_its_declaration"}
    assert message in outcomes


def test_everything_else_is_tested(outcomes):
    assert not _failed(outcomes, "toy_right")
    assert not _failed(outcomes, "zscore")
    passed = int(re.search(r"(\d+) passed", outcomes).group(1))
    assert passed > 100
    assert "error" not in outcomes.splitlines()[-1]
