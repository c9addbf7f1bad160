"""Dask arrays for acm_dispatch: every operation on blocks, as its declaration says how their results combine."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from acm_dispatch import Backend


def _unavailable() -> str | None:
    return None if find_spec("dask") else "Dask is not installed"


def _to_dask(array: Any) -> Any:
    import dask.array as da

    return da.from_array(array)


def _to_host(array: Any) -> Any:
    return np.asarray(array.compute())


def _lazy_result(subject: Any, arguments: Mapping[str, Any]) -> Any:
    from .engine import lazy_result

    return lazy_result(subject, arguments)


backend = Backend(
    "dask",
    arrays="dask",
    to_device=_to_dask,
    to_host=_to_host,
    available=_unavailable,
    engine=_lazy_result,
    version="0.1.0",
)
