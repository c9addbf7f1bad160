"""How columns move together. Ranks within common rows, which `spearman` needs, are left to a kernel of its own."""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops.correlation import pairwise_complete


def pearson(xp: Any, x: Any) -> Any:
    return pairwise_complete(xp, x.astype(xp.float64, copy=False)).astype(x.dtype, copy=False)
