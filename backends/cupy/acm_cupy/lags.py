"""Each row next to those before it."""

from __future__ import annotations

from typing import Any

from .declared import kernel


@kernel("lagged_features")
def lagged_features(xp: Any, x: Any, max_lag: int, include_current: bool, order: str) -> Any:
    n, d = x.shape
    lags = range(0 if include_current else 1, max_lag + 1)
    features = xp.full((n, d, len(lags)) if order == "column" else (n, len(lags), d), xp.nan, x.dtype)
    for i, lag in enumerate(lags[:n]):
        place = features[:, :, i] if order == "column" else features[:, i]
        place[lag:] = x[: n - lag]
    return features.reshape(n, d * len(lags))
