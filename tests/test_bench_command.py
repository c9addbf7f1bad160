"""`acm-dispatch bench`: one call on several backends."""

import numpy as np
import pytest
from typer.testing import CliRunner

import acm_dispatch
from acm_dispatch import Backend
from acm_dispatch.cli.app import app

SIZES = ["--shape", "200x3", "--seconds", "0.05", "--threads", "1"]


def bench(*words):
    return CliRunner().invoke(app, ["bench", *words], env={"COLUMNS": "200"})


@pytest.fixture
def mine():
    """A backend whose impute is right and whose ffill is wrong."""
    backend = Backend("mine")
    backend.kernel("bfill")(lambda x, limit: acm_dispatch.bfill(x, limit=limit, backend="numpy"))
    backend.kernel("ffill")(lambda x, limit: np.zeros_like(x))
    acm_dispatch.register_backend(backend)
    yield backend
    acm_dispatch.unregister_backend("mine")


def test_the_table_ranks_those_that_can(mine):
    said = bench("bfill", *SIZES, "--backends", "mine,numpy").stdout
    assert "bfill (n = 200, d = 3; float64; threads: 1)" in said
    ranked = [line for line in said.splitlines() if line.startswith("│")]
    assert {line.split()[1] for line in ranked} == {"mine", "numpy"}
    assert "1.00 [1.00-1.00]" in ranked[0]
    assert said.count("chosen unasked") == 1


def test_a_wrong_kernel_has_no_time(mine):
    (line,) = (line for line in bench("ffill", *SIZES, "--backends", "mine").stdout.splitlines() if "mine" in line)
    assert "[" not in line
    assert "differ" in line


def test_one_that_cannot_says_why(mine):
    assert "has no kernel" in bench("zscore", *SIZES, "--backends", "mine,numpy").stdout


def test_labels_are_drawn_that_are_a_call():
    done = bench("silhouette_samples", "--shape", "60x2", "--backends", "numpy", "--seconds", "0.02")
    assert done.exit_code == 0, done.output
    assert "silhouette_samples (n = 60, d = 2;" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["zscore", "--shape", "200"], "--shape is 200; zscore takes n x d there"),
        (["matmul", "--shape", "5x6"], "matmul also needs a --shape that tells m"),
        (["matmul", "--shape", "5x6", "--shape", "7x2"], "--shape says that k is 6 and 7; expected one size"),
        (["zscore", "--shape", "5x6", "--dtype", "int8"], "--dtype is 'int8'; expected float64 or float32"),
        (["zscore", "--shape", "5x6", "--option", "speed=9"], "zscore takes method, ddof, floor, clip, as name=value"),
    ],
)
def test_what_is_not_understood_is_a_sentence(words, sentence):
    done = bench(*words)
    assert done.exit_code == 2
    assert sentence in done.output.replace("\n", " ")
