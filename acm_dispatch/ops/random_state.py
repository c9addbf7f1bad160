"""Random states, as scikit-learn takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.options import whole
from ..errors import InvalidInput, shown


def random_source(random_state: int | np.random.RandomState | None, operation: str = "silhouette_score") -> Any:
    """scikit-learn's `check_random_state`; None means NumPy's global state, which the module's functions draw from."""
    if random_state is None:
        return np.random
    if isinstance(random_state, np.random.RandomState):
        return random_state
    seed = whole(random_state)
    if seed is not None and 0 <= seed < 2**32:
        return np.random.RandomState(seed)
    problem = f"is {shown(random_state)}; expected an integer from 0 to 2**32 - 1, a numpy.random.RandomState or None"
    raise InvalidInput(operation, "random_state", problem)
