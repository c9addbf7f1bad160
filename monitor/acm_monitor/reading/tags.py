"""Files with one value a row: the column that names the sensor of each row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrow import pc
from .numbers import tidy

_TAG_NAMES = re.compile(
    r"(tag|point|sensor|variable|signal|channel|parameter|measurement|item|metric|name)([_ ]?(name|id|no))?",
    re.IGNORECASE,
)
_MOST_LOOKED_AT = 500
_MOST_TAGS = 10_000


def tag_of(names: Sequence[str], columns: Sequence[Any], times: Any) -> int | None:
    """The column that names the sensor of each row, in a file with one value a row; None in any other.

    It is named like a tag, or its texts tell apart rows of one time.
    """
    for i, name in enumerate(names):
        text = tidy(columns[i]).combine_chunks()
        if text.null_count or _are_digits(text.slice(0, _MOST_LOOKED_AT)):
            continue
        tags = text.dictionary_encode()
        if not 2 <= len(tags.dictionary) <= min(_MOST_TAGS, len(text) // 2):
            continue
        if _TAG_NAMES.fullmatch(name) or _tells_apart(times, tags.indices.to_numpy()):
            return i
    return None


def _tells_apart(times: Any, tags: Any) -> bool:
    """Whether most times occur more than once, and hardly any of them twice with one tag."""
    distinct = len(np.unique(times))
    if distinct > 0.6 * len(times):
        return False
    keys = np.stack([times.astype(np.int64), tags.astype(np.int64)])
    return np.unique(keys, axis=1).shape[1] > 0.95 * len(times)


def _are_digits(head: Any) -> bool:
    return (pc.sum(pc.match_substring_regex(head, r"^\d+(?:\.\d*)?$")).as_py() or 0) > 0.8 * len(head)
