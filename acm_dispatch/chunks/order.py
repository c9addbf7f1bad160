"""Whether rows are in the order of their times: by statistics before anything is read, by the times as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
        import pyarrow.compute

        compute: Any = pyarrow.compute  # whose functions are made at run time
        if len(times) == 0:
            return
        if times.null_count:
            raise refused(f"has a row without a time in {label}; expected one in each row")
        if self._last is not None and times[0].as_py() < self._last:
            raise _disorder(label, times[0].as_py(), self._of, self._last)
        later = compute.greater_equal(times.slice(1), times.slice(0, len(times) - 1))
        if compute.all(later, min_count=0).as_py() is False:
            place = later.index(False).as_py()
            raise _disorder(label, times[place + 1].as_py(), label, times[place].as_py())
        self._last, self._of = times[len(times) - 1].as_py(), label


def _disorder(label: str, least: Any, of: str, last: Any) -> Exception:
    where = f"after {last} in the same file" if of == label else f"which {of} ends after, at {last}"
    return refused(f"is not in the order of time: {label} has {least}, {where}")
