"""Whether a profile still says what this machine does: one of its points, measured again in a few milliseconds."""

from __future__ import annotations

import random

import numpy as np

from ..execution.dispatch import declared
from ..selection.profile import Profile
from .candidates import candidates_of, usable_backends
from .racing import race

#: The point that is measured: columns and rows that nearly every run has, and the rows of a call of some ten
#: microseconds, so that neither the clock nor a pause of the system tells.
_OPERATION, _ROWS, _COLUMNS = "zscore", 400, 5

#: By how much the measured time may differ from the stored one, either way.
_FACTOR = 2.0

#: Seconds for the rounds.
_BUDGET = 0.002


def staleness(profile: Profile) -> str | None:
    """The sentence that the profile's figures are not this machine's any more, or None."""
    stored = _stored(profile)
    operation = next((each for each in declared() if each.name == _OPERATION), None)
    if stored is None or operation is None:
        return None
    x = np.random.default_rng(0).normal(size=(_ROWS, _COLUMNS))
    call = operation.bound(*operation.bind(x))
    threads, seconds = stored
    (candidate,) = candidates_of(call, usable_backends(["numpy"]), threads)
    candidate.racer.warm_up(call.values)
    race([candidate.racer], [call.values], _BUDGET, random.Random(0))
    ratio = candidate.racer.seconds / seconds
    if 1 / _FACTOR < ratio < _FACTOR:
        return None
    change = f"takes {ratio:.1f} times as long" if ratio > 1 else f"takes {ratio:.2f} of the time"
    return f"stale: {_OPERATION} on NumPy {change} as when it was measured; `acm-dispatch tune` measures anew"


def _stored(profile: Profile) -> tuple[int, float] | None:
    """Threads and seconds of the point, as the profile has it."""
    for entry in profile.of(_OPERATION):
        if (entry.key.backend, entry.key.dtype, entry.key.variant) == ("numpy", "float64", ""):
            for work, width, seconds in entry.points:
                if (work, width) == (_ROWS * _COLUMNS, _COLUMNS):
                    return entry.key.threads, seconds
    return None
