"""Names of columns: told apart, listed, and what some of them say of their column."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIME_NAMES = re.compile(
    r"(ts|t|time|times|timestamp|date|datetime|zeit|zeitstempel|datum|uhrzeit|index|epoch|ticks)"
    r"|.*(time ?stamp|date ?time|[_ ]time|[_ ]date|time[_ ].*utc)"
    r"|(time|date|datum|zeit|timestamp)\W.*|.*(zeitpunkt|fecha|horodat|時刻|日時|时间|дата).*",
    re.IGNORECASE,
)
_COUNTER_NAMES = re.compile(
    r"row|#|no\.?|nr\.?|n|index|idx|id|rec(ord)?( ?no\.?)?|seq(uence)?|lfd\.? ?nr\.?|unnamed: ?\d+|column 1"
    r"|sample( ?no\.?)?",
    re.IGNORECASE,
)


def is_time(name: str) -> bool:
    """Whether a column of that name may hold the time."""
    return _TIME_NAMES.fullmatch(name.strip()) is not None


def is_counter(name: str) -> bool:
    """Whether a column of that name may count the rows."""
    return _COUNTER_NAMES.fullmatch(name.strip()) is not None


def listed(names: Sequence[str], most: int = 6) -> str:
    """The first few names, quoted, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name[:80]) for name in names[:most]) + more


def distinct(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names that occur once each: the second ``flow`` is ``flow (2)``."""
    seen: dict[str, int] = {}
    distinct: list[str] = []
    written, taken = set(names), set[str]()
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        candidate = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while candidate in taken or (seen[name] > 1 and candidate in written):
            candidate += "'"
        taken.add(candidate)
        distinct.append(candidate)
    renamed = [new for new, old in zip(distinct, names, strict=True) if new != old]
    return distinct, [f"columns of one name are told apart: {listed(renamed)}"] if renamed else []
