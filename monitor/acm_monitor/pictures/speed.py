"""How much faster than NumPy the dispatched calls were."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Measured
from ..markup import escape
from .chart import legend


def speed_ups(measured: Sequence[Measured]) -> str:
    """A bar per operation, on the shape that cost most; nothing where no call was timed again."""
    costs = sorted(measured, key=lambda row: row.milliseconds * row.calls)
    costliest = {row.operation: row for row in costs if row.speed_up is not None}
    rows = sorted(costliest.values(), key=lambda row: -(row.speed_up or 0.0))
    if not rows:
        return ""
    backends = list(dict.fromkeys(row.backend for row in rows))
    longest = max(row.speed_up or 0.0 for row in rows)
    bars = "".join(
        f"<div><span>{escape(row.operation)} <small>{escape(row.shape)}</small></span>"
        f'<span class="bar k{backends.index(row.backend)}"><b style="width:{(row.speed_up or 0.0) / longest:.1%}"></b>'
        f"{row.speed_up:.1f}x</span></div>"
        for row in rows
    )
    told = legend([(f"k{number}", name) for number, name in enumerate(backends)])
    return f'{told}<div class="bars">{bars}</div><p class="note">Times as fast as the NumPy backend.</p>'
