"""What counts as missing."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_missing(x: Any, missing: str) -> Any:
    """Mask of NaN, of infinities too unless `missing` is "nan"."""
    return np.isnan(x) if missing == "nan" else ~np.isfinite(x)
