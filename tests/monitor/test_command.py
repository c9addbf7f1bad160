"""``acm-monitor`` runs the job on a file, refuses in sentences with exit code 2, and stops in one line."""

import numpy as np
import pandas as pd
import pytest
from acm_monitor.command import app
from typer.testing import CliRunner


@pytest.fixture
def invoke(monkeypatch):
    """Runs the command in this process, as into a pipe."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "plant.csv"
    values = np.random.default_rng(0).normal(size=(60, 2)).round(3)
    frame = pd.DataFrame(values, columns=["flow", "pressure"])
    frame.insert(0, "time", [f"{t:%d/%m/%Y %H:%M}" for t in pd.date_range("2024-03-01", periods=60, freq="8h")])
    frame.to_csv(path, index=False)
    return path


def test_a_file(invoke, recording):
    result = invoke(recording, "--clusters", "2..2", "--backend", "numpy", "--day-first")
    assert result.exit_code == 0, result.output
    assert "60 rows as DD/MM/YYYY HH:MM, day first (asked)" in result.stdout
    assert "use()" in result.stdout, "the backend that was asked for decides"
    assert "Done in" in result.stdout
    assert result.stderr == "", "no progress bar in a pipe"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing.csv"], "nothing.csv does not exist"),
        (["--clusters", "1..4"], "--clusters is '1..4'; expected a range such as 2..8, from 2 on"),
        (["--clusters", "9..4"], "--clusters is '9..4'"),
        (["--backend", "numpi"], "no backend is called 'numpi'"),
        (["--report", "no/such/folder/out.html"], "the report cannot be written: folder"),
    ],
)
def test_refusals_are_sentences(invoke, words, sentence):
    result = invoke(*words)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_ctrl_c_is_one_line(invoke, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("acm_monitor.job.run_job", stopped)
    result = invoke()
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")
