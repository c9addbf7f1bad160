"""The operations on a Dask frame's columns, as ``frame.acm``; results with as many columns keep index and names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import dask.array as da
import dask.dataframe as dd
from dask.dataframe.extensions import register_dataframe_accessor

import acm_dispatch
from acm_dispatch import registry


@register_dataframe_accessor("acm")
class Columns:
    """Operations that take a matrix first: ``frame.acm.zscore(method="robust")``."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in registry.operations and name not in registry.compositions:
            raise AttributeError(f"acm_dispatch has no operation {name!r}")
        return partial(self._call, getattr(acm_dispatch, name))

    def _call(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = operation(self._frame.to_dask_array(), *args, **kwargs)
        names = self._frame.columns
        if not isinstance(result, da.Array) or result.shape[1:] != (len(names),):
            return result
        if result.numblocks[0] != self._frame.npartitions:
            return result
        return dd.from_dask_array(result, columns=names, index=self._frame.index)
