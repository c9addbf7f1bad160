"""Whether rows are in the order of their times: by statistics before anything is read, by the times as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .source import refused


def require_order(parts: Sequence[tuple[str, list[tuple[Any, Any]]]]) -> None:
    """Each stretch of rows of each part, by its least and greatest time, begins when the one before has ended."""
    last, of = None, ""
    for label, spans in parts:
        for least, greatest in spans:
            if last is not None and least < last:
                raise _disorder(label, least, of, last)
            last, of = greatest, label


class InOrder:
    """The order of times that come batch by batch."""

    def __init__(self) -> None:
        self._last: Any = None
        self._of = ""

    def follow(self, label: str, times: Any) -> None:
        """Take the next times, an Arrow array, of the part called `label`."""
        if len(times) == 0:
            return
        if times.null_count:
            raise refused(f"has a row without a time in {label}; expected one in each row")
        numbers = _numbers(times)
        if self._last is not None and numbers[0] < self._last[0]:
            raise _disorder(label, times[0].as_py(), self._of, self._last[1].as_py())
        earlier = numbers[1:] < numbers[:-1]
        if earlier.any():
            place = int(earlier.argmax())
            raise _disorder(label, times[place + 1].as_py(), label, times[place].as_py())
        self._last, self._of = (numbers[-1], times[len(times) - 1]), label


def _numbers(times: Any) -> np.ndarray[Any, Any]:
    """Times as numbers, or texts, that are compared as they are."""
    from pyarrow import types

    if types.is_temporal(times.type):
        times = times.view(f"int{times.type.bit_width}")
    return times.to_numpy(zero_copy_only=False)


def _disorder(label: str, least: Any, of: str, last: Any) -> Exception:
    where = f"after {last} in the same file" if of == label else f"which {of} ends after, at {last}"
    return refused(f"is not in the order of time: {label} has {least}, {where}")
