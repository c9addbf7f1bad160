"""From where on something counts: what a user may set, and what everything else is measured by."""

from __future__ import annotations

from typing import NamedTuple


class Thresholds(NamedTuple):
    """The three limits of a result."""

    #: ``|z|`` within the regime beyond which a sensor is out of its range.
    sensor: float = 5.0
    #: A detector finds a row unusual beyond this; several do where the fused score is beyond it.
    detectors: float = 4.0
    #: Below this health a row belongs to an episode.
    health: float = 50.0


USUAL_LIMITS = Thresholds()
