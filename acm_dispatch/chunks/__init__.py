"""Operations on recordings larger than memory, read in order; it stands above the public API."""

from .deferred import Deferred, compute, plan
from .plan import Plan
from .recording import Chunks, scan

__all__ = ["Chunks", "Deferred", "Plan", "compute", "plan", "scan"]
