"""What stands around a time and says nothing of it: brackets, weekdays, zones told twice, other marks in its clock."""

from __future__ import annotations

from typing import Any

from .arrow import pc

_DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}"
_CLOCK = r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?"

#: In this order: what is found, and what stands for it.
_REWRITTEN = (
    (r"[\x{a0}\x{2009}\x{202f}]", " "),
    ("\u2212", "-"),
    (r" \(.*\)$|\[[A-Za-z_/+-]+\]$", ""),  # a zone's long name
    (r"^(?:=\"|[\[\"'#(])+|(?:[\]\"'#)]| ?Uhr)+$", ""),
    ("[年月]", "-"),
    ("日", " "),
    (r"時(\d)分", r"時0\1分"),
    (r"[時分]", ":"),
    (r"秒|:$", ""),
    (r"(\d)h(\d{2})", r"\1:\2"),
    (r"\. +(\d)", r".\1"),
    (r"^(\d{4}\.\d{1,2}\.\d{1,2})\.(\d)", r"\1 \2"),
    (r"^(\d{1,2}-[A-Za-z]{3}-\d{2} \d{1,2})\.(\d{2})\.(\d{2})", r"\1:\2:\3"),
    (r"\\", "/"),
    (r"^(\d{4})[:_ ](\d{1,2})[:_ ](\d{1,2})\b", r"\1-\2-\3"),
    (r"^[A-Za-z\x{c0}-\x{52f}]{2,}\.?,? +(\d)", r"\1"),  # a weekday
    (rf"^({_CLOCK})( ?[AaPp]\.?[Mm]\.?)?[ ,T]+({_DATE})$", r"\3 \1\2"),
    (rf"^({_DATE})[ T_-]+(\d{{2}})[-_. ](\d{{2}})$", r"\1 \2:\3"),
    (rf"^({_DATE})[ T_-]+(\d{{2}})[-_. ](\d{{2}})[-_. ](\d{{2}})([.,]\d+)?$", r"\1 \2:\3:\4\5"),
    (r"(?:UTC|GMT) ?([+-]\d{1,2}(?::?\d{2})?)$", r"\1"),
    (r"(:\d{2}[ .\d]*[+-])(\d)$", r"\10\2"),
    (r"([+-]\d{2}:?\d{2}) [A-Z]{3,5}$", r"\1"),
)
_ZONE_LETTERS = r"(\d) ?[A-Z]{3,5}$"


def unadorned(column: Any) -> tuple[Any, list[str]]:
    """The texts with nothing around the times, as the patterns have them; a note if that leaves something out."""
    for pattern, plain in _REWRITTEN:
        column = pc.replace_substring_regex(column, pattern, plain)
    column = pc.utf8_trim_whitespace(column)
    lettered = pc.match_substring_regex(column, _ZONE_LETTERS)
    if not pc.any(lettered).as_py():
        return column, []
    example = column.filter(lettered)[0].as_py()
    column = pc.replace_substring_regex(column, _ZONE_LETTERS, r"\1")
    return column, [f"zones in letters are left out ({example!r}): times are as they are written"]
