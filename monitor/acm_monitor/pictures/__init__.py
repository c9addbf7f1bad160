"""The pictures of the report: HTML with inline SVG, by the section that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Measured
from ..examine import Findings
from .detectors import detectors
from .overview import health, regimes, sensors
from .speed import speed_ups
from .traces import Room, rooms_for, traces

__all__ = ["Room", "pictures", "rooms_for", "traces"]


def pictures(findings: Findings, measured: Sequence[Measured]) -> dict[str, str]:
    """Every picture but those around episodes, which take the room that is left."""
    return {
        "health": health(findings),
        "regimes": regimes(findings),
        "sensors": sensors(findings),
        "detectors": detectors(findings),
        "calls": speed_ups(measured),
    }
