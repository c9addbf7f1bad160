"""Registers every operation that the compiled library has a function for."""

import numpy as np

from acm_rs import _core, backend

# Public names of the library that are not operations.
_NOT_OPERATIONS = {"build", "isa"}

for _name in sorted(set(_core.__all__) - _NOT_OPERATIONS):
    # Where a contract forbids NaN and infinity, the kernel finds them in the pass that computes.
    backend.kernel(_name, checks_finite=True)(getattr(_core, _name))


def _use_once() -> None:
    """Bring about what PyO3 and NumPy's C interface put off until the first call.

    They let other threads run meanwhile. A fork that came upon it would leave it under way, and its child would wait;
    for this import a fork waits.
    """
    strided = np.ones((4, 4), np.float32)[::2, ::2]
    _core.pairwise_distances_argmin(1, strided, strided)
    _core.assigned_distances(1, np.ones((2, 1)), np.ones((1, 1)), np.zeros(2, np.int64))


_use_once()
