"""Labels: columns that say what was found out later, and are no sensors."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..recording import Floats
from .arrow import pa, pc
from .numbers import marks_of, numbers, tidy

_WORDS = r"anomal(y|ies|ous)|abnormal(ity)?|outliers?|fault(y|s)?|failures?|labels?|labelled|ground[_ ]?truth|attacks?"
_SUFFIX = r"([_ ]?(flag|label|type|class|code|state|ground[_ ]?truth))?\W*(\(.*\)|\[.*\])?"
_SURE = re.compile(
    rf"(is[_ ]?)?({_WORDS}|change[_ ]?points?|target|class|att[_ ]?flag|y[_ ]true|defect(s|ive)?|novelty|störung)"
    rf"{_SUFFIX}",
    re.IGNORECASE,
)
#: Names that say so only where the column holds a few values.
_PROBABLE = re.compile(rf"(.*[_ /-])?({_WORDS}|gt|truth|event|malfunction|breakdown){_SUFFIX}", re.IGNORECASE)
_FEW_VALUES = 12
_HEALTHY = ("normal", "ok", "good", "healthy", "no", "none", "false", "0", "-", "off", "benign")


def is_label(name: str, column: Any) -> bool:
    """Whether a column is a label by its name, and by its values where the name alone does not say so."""
    if _SURE.fullmatch(name.strip()):
        return True
    if not _PROBABLE.fullmatch(name.strip()):
        return False
    return len(pc.unique(column.drop_null())) <= _FEW_VALUES


def flags_of(column: Any) -> Floats:
    """A label as numbers; words are 0 where they mean that all is well, else 1."""
    if pa.types.is_boolean(column.type):
        return np.asarray(pc.cast(column, pa.float64()), np.float64)
    text = tidy(column)
    found = numbers(text, marks_of(text), "")
    if found.bad.sum() <= 0.5 * (len(text) - text.null_count):
        return found.values
    well = pc.is_in(pc.utf8_lower(text), value_set=pa.array(_HEALTHY))
    return np.asarray(pc.cast(pc.and_(pc.is_valid(text), pc.invert(well)), pa.float64()), np.float64)
