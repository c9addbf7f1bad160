"""Files with rows of several sensors or machines at one time: the columns that name whose row it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from ..recording import Floats, Integers, Times, counted
from .arrow import pa, pc
from .numbers import tidy

_TAG_NAMES = re.compile(
    r"(tag|point|sensor|variable|signal|channel|parameter|measurement|item|metric|name|messstelle|kanal)"
    r"([_ ]?(name|id|no|nr)\.?)?",
    re.IGNORECASE,
)
#: Numbers name a sensor or a machine only in a column of such a name.
_NUMBERED = re.compile(
    r"((tag|point|sensor|variable|signal|channel|device|machine|unit|asset|node|station|pump|motor|turbine|engine)"
    r"([_ ]?(id|no|nr)\.?)?|id)",
    re.IGNORECASE,
)
_MOST_TAGS = 10_000
_MOST_COLUMNS = 8


class Tags(NamedTuple):
    """The columns that name whose row it is, the names, and each row's."""

    names: tuple[str, ...]
    tags: list[str]
    of_row: Integers


def tags_of(columns: Mapping[str, Any], numeric: Sequence[str], times: Times) -> Tags | None:
    """The columns that name the sensor or the machine of each row; None in a file with one row a time.

    One is named like a tag and stands beside a single column of values, or its texts (or two columns' together) tell
    apart rows of one time.
    """
    texts = {name: text for name in columns if name not in numeric and (text := _words(columns[name])) is not None}
    numbered = {
        name: text
        for name in numeric
        if len(numeric) > 1 and _NUMBERED.fullmatch(name) and (text := _whole(columns[name])) is not None
    }
    found = [_encoded((name,), text) for name, text in [*texts.items(), *numbered.items()]]
    for tags in found:
        if _tells_apart(times, tags):
            return tags
    for one, other in combinations(list(texts)[:_MOST_COLUMNS], 2):
        joined = pc.binary_join_element_wise(texts[one], texts[other], " ")
        if _tells_apart(times, tags := _encoded((one, other), joined)):
            return tags
    if len(numeric) == 1:
        for tags in found:
            if _TAG_NAMES.fullmatch(tags.names[0]):
                return tags
    return None


def pivoted(
    times: Times, values: Mapping[str, Floats], tags: Tags, notes: list[str]
) -> tuple[Times, dict[str, Floats]]:
    """A sensor for each tag and column of values."""
    stamps, row = np.unique(times, return_inverse=True)
    sensors: dict[str, Floats] = {}
    for name, column in values.items():
        matrix = np.full((len(tags.tags), len(stamps)), np.nan)
        matrix[tags.of_row, row] = column
        told = {tag: tag if len(values) == 1 else f"{tag} {name}" for tag in tags.tags}
        sensors |= {told[tag]: matrix[i] for i, tag in enumerate(tags.tags)}
    repeated = len(times) - len(np.unique(row * len(tags.tags) + tags.of_row))
    who, what = " and ".join(map(repr, tags.names)), ", ".join(map(repr, values))
    if len(values) == 1:
        notes.append(f"one value a row: {who} names the sensor, {what} holds its value")
    else:
        notes.append(f"several rows a time: {who} tells them apart, each has sensors of its own for {what}")
    if repeated:
        notes.append(f"{counted(repeated, 'row')} with the time and the tag of another, the last one counts")
    return stamps, sensors


def counts_rows(text: Any) -> bool:
    """Whether a column is 0, 1, 2 and so on."""
    if text.null_count or not pc.all(pc.match_substring_regex(text, r"^\d{1,15}$")).as_py():
        return False
    return bool((np.diff(pc.cast(text, pa.int64()).to_numpy()) == 1).all())


def _words(column: Any) -> Any:
    """A column of words that name something, each more than once; else None."""
    text = tidy(column)
    if text.null_count or pc.all(pc.match_substring_regex(text.slice(0, 500), r"^\d+(?:\.\d*)?$")).as_py():
        return None
    return text if 2 <= len(pc.unique(text)) <= min(_MOST_TAGS, len(text) // 2) else None


def _whole(column: Any) -> Any:
    """A column of whole numbers that occur more than once, as texts; else None."""
    text = tidy(column)
    if text.null_count or not pc.all(pc.match_substring_regex(text, r"^\d{1,15}(?:\.0)?$")).as_py():
        return None
    text = pc.replace_substring_regex(text, r"\.0$", "")
    return text if 2 <= len(pc.unique(text)) <= min(_MOST_TAGS, len(text) // 2) else None


def _encoded(names: tuple[str, ...], text: Any) -> Tags:
    codes = (text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text).dictionary_encode()
    return Tags(names, codes.dictionary.to_pylist(), codes.indices.to_numpy())


def _tells_apart(times: Times, tags: Tags) -> bool:
    """Whether most times occur more than once, and hardly any of them twice with one tag."""
    stamps, row = np.unique(times, return_inverse=True)
    if len(stamps) > 0.6 * len(times):
        return False
    return len(np.unique(row * len(tags.tags) + tags.of_row)) > 0.95 * len(times)
