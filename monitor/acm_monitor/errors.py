"""What the monitor raises itself."""

from __future__ import annotations

from acm_dispatch import DispatchError


class UnusableData(DispatchError, ValueError):
    """The job cannot go on; the message tells the user what to change."""
