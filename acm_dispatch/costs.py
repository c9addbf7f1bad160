"""What running a call somewhere costs: for now the bundled, conservative rules of an unmeasured machine.

Measured cost curves will stand here beside them: a profile answers first, these rules where it is silent.
"""

from __future__ import annotations

from collections.abc import Iterable

from .backend import ONLY_BY_NAME, Backend, Kernel
from .wishes import Wishes

#: Best first. Compiled ahead of time beats compiled on first call; a stranger's backend is unmeasured, so it comes
#: after those that we measure, in alphabetical order; NumPy is the last resort.
_ORDER = {"rust": 0, "numba": 1, "numpy": 3}
_STRANGER = 2

#: A GPU pays for host arrays only where each number that crosses the bus is used many times: distances, not means.
_WORK_PER_NUMBER = 1024


def ranked(backends: Iterable[Backend], wishes: Wishes) -> list[str]:
    """Backend names from the one expected to be fastest to the last resort.

    Where a policy lets NumPy arrays go to a GPU, GPUs come first: whether the copies pay is asked of them alone.
    """

    def rank(backend: Backend) -> tuple[int, str]:
        if wishes.transfer == "auto" and backend.arrays != "numpy":
            return -1, backend.name
        return _ORDER.get(backend.name, _STRANGER), backend.name

    return [backend.name for backend in sorted(backends, key=rank)]


def too_small(kernel: Kernel, work: int) -> str | None:
    """Why so little work does not pay for this kernel's start-up, or None."""
    if work >= kernel.min_work:
        return None
    if kernel.min_work >= ONLY_BY_NAME:
        return "runs only where it is named: NumPy is as fast"
    return f"{work:,} units of work do not pay for its start-up (from {kernel.min_work:,} on)"


def not_worth_copying(work: int, numbers: int) -> str | None:
    """Why arrays of `numbers` elements should not cross to a GPU and back for `work`, or None."""
    if work >= _WORK_PER_NUMBER * numbers:
        return None
    return f"copying {numbers:,} numbers to the GPU and back costs more than {work:,} units of work there save"
