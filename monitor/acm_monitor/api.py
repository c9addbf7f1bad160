"""The monitor from Python: a frame goes in, what was found comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import acm_dispatch

from .calls import Calls
from .config import Config
from .examine import Findings, examine
from .model import Model
from .reading import from_frame
from .report import write_findings
from .tables import alarms_table, episodes_table, regimes_table, scores_table, summary
from .targets import check_target


class Analysis(NamedTuple):
    """What was found; the tables are pandas frames."""

    findings: Findings

    @property
    def model(self) -> Model:
        """What was learnt: ``analyse(later, model=analysis.model)`` judges by it."""
        return self.findings.model

    @property
    def notes(self) -> tuple[str, ...]:
        """How the frame was read, and what was left out."""
        return self.findings.recording.notes

    @property
    def scores(self) -> Any:
        """A row for each of the recording's, by time: health, regime, detectors, each sensor's z."""
        return scores_table(self.findings).to_pandas().set_index("time")

    @property
    def episodes(self) -> Any:
        """Every episode, the most severe first."""
        return _frame(episodes_table(self.findings))

    @property
    def alarms(self) -> Any:
        """Every time at which the detectors agree, the most unusual first."""
        return _frame(alarms_table(self.findings))

    @property
    def regimes(self) -> Any:
        """Every regime: its share of the rows, each sensor's usual value and scale."""
        return _frame(regimes_table(self.findings))

    @property
    def summary(self) -> dict[str, Any]:
        """Health and episodes in short."""
        return summary(self.findings)

    def write_report(self, path: str | Path) -> None:
        """Write the HTML report, one file with every episode; what is there and no regular file is left alone.

        Parameters
        ----------
        path : str or Path
            In a folder that exists.

        Raises
        ------
        UnusableData
            If it cannot be written.
        """
        check_target(Path(path), "report")
        write_findings(Path(path), self.findings, [], 0.0)


def analyse(frame: Any, config: Config | None = None, *, model: Model | None = None, source: str = "frame") -> Analysis:
    """Condition monitoring of a recording.

    Parameters
    ----------
    frame : pandas.DataFrame, or anything that `pyarrow.table` takes
        A column or an index of times, and sensors.
    config : Config, optional
        How it is read, what is learnt of it, from where on something counts.
    model : Model, optional
        What was learnt before; nothing is learnt then.
    source : str
        A name for the recording.

    Returns
    -------
    Analysis

    Raises
    ------
    UnusableData
        With a sentence on what can be changed.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> times = pd.date_range("2024-01-01", periods=500, freq="h")
    >>> flow = np.random.default_rng(0).normal(size=500)
    >>> flow[300:340] += 30
    >>> analysis = analyse(pd.DataFrame({"flow": flow}, index=times))
    >>> str(analysis.episodes.start[0]), analysis.episodes.sensors[0]
    ('2024-01-13 12:00:00', ['flow'])
    """
    config = config or Config()
    recording = from_frame(frame, config.reading, source)
    with acm_dispatch.use(*config.backends):
        found = examine(
            recording,
            Calls(timing=False),
            clusters=config.clusters,
            train=config.train,
            model=model,
            limits=config.thresholds,
            on_step=_in_silence,
        )
    return Analysis(found)


def _in_silence(step: str) -> None:
    """No progress is shown: there is no screen."""


def _frame(rows: list[dict[str, Any]]) -> Any:
    import pandas

    return pandas.DataFrame(rows)
