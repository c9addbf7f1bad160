"""From where on something counts: what a user may set, and what everything else is measured by."""

from __future__ import annotations

from typing import NamedTuple


class Thresholds(NamedTuple):
    """The limits of a result."""

    #: ``|z|`` within the regime beyond which a sensor is out of its range.
    sensor: float = 5.0
    #: A detector finds a row unusual beyond this; several do where the fused score is beyond it.
    detectors: float = 4.0
    #: Below this health a row belongs to an episode.
    health: float = 50.0
    #: The median of many rows of a sensor has shifted from here on, in its usual deviations.
    shift: float = 4.0
    #: Fewer rows of low health are no episode; pauses of at most so many rows do not end one.
    episode_rows: int = 4
    pause_rows: int = 6
    #: A run of equal values counts from so many rows on, if it is unusually long for its sensor.
    stuck_rows: int = 24
    #: A sensor that is out of its range in a larger share of the rows is warned of.
    warned_share: float = 0.03
    #: A cluster with a smaller share of the rows is an excursion and no regime.
    regime_share: float = 0.03
    #: A regime is entered so often, or holds such a share of the rows, and is seen before this share of the recording
    #: has passed; any other cluster is a suspect.
    regime_visits: int = 3
    regime_large_share: float = 0.25
    regime_early: float = 0.5


USUAL_LIMITS = Thresholds()
