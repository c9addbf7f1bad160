"""Columns of text as numbers, with a note on whatever is left out, changed or may be read in two ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..recording import Floats, counted
from .arrow import pa, pc
from .numbers import Numbers, decimal_of, marks_of, numbers, tidy, without_unit

#: A text column is a sensor where so many of its cells are numbers; or fewer, where the others are a few words that
#: tell of a failure again and again.
_MOSTLY_NUMBERS, _SOME_NUMBERS, _FEW_WORDS = 0.5, 0.05, 10
#: Integers of so many digits may be more than a float64 keeps.
_LONG = r"^[-+]?\d{16,}$"

Place = Callable[[Any, Any], tuple[str, str]]


def read_numbers(columns: Mapping[str, Any], decimal: str | None, first: Place, notes: list[str]) -> dict[str, Floats]:
    """The numeric ones of `columns`, by name; notes are added on the others, and on cells that are no numbers.

    Parameters
    ----------
    columns : mapping
        Arrow columns.
    decimal : str, optional
        The decimal sign, where the user says it.
    first : callable
        Gives the cell and the place of the first row of a mask.
    notes : list
        Is added to.
    """
    texts = {name: tidy(column) for name, column in columns.items() if _is_text(column)}
    for name in texts:
        texts[name] = _bare(name, texts[name], notes)
    marks = {name: marks_of(text) for name, text in texts.items()}
    of_file = decimal or decimal_of(list(marks.values()))
    if of_file == ",":
        notes.append("decimal comma")
    kept: dict[str, Floats] = {}
    left_out: list[str] = []
    for name, column in columns.items():
        if name not in texts:
            kept[name] = _floats(name, column, notes)
            continue
        found = numbers(texts[name], marks[name], of_file)
        if not _is_sensor(texts[name], found):
            place, cell = first(found.bad, texts[name])
            left_out.append(f"{name!r} ({cell!r} in {place})")
            continue
        kept[name] = found.values
        notes += _told(name, texts[name], found, of_file, first)
    if left_out:
        more = f" and {len(left_out) - 6} more" if len(left_out) > 6 else ""
        notes.append(f"left out, not numeric: {', '.join(left_out[:6])}{more}")
    return kept


def _bare(name: str, text: Any, notes: list[str]) -> Any:
    """The cells without the unit that follows each number."""
    head = text.drop_null().slice(0, 100)
    if not len(head) or not pc.any(pc.match_substring_regex(head, r"^[-+]?\d.*[^\d\s.,'*!?+-]$")).as_py():
        return text
    bare, unit = without_unit(text)
    if unit:
        notes.append(f"{name}: each number is followed by {unit!r}, which is left out")
    return bare


def _is_sensor(text: Any, found: Numbers) -> bool:
    filled = len(text) - text.null_count
    good = filled - int(found.bad.sum())
    if good >= _MOSTLY_NUMBERS * filled:
        return True
    words = pc.unique(text.filter(pa.array(found.bad)))
    return good >= _SOME_NUMBERS * filled and len(words) <= _FEW_WORDS


def _told(name: str, text: Any, found: Numbers, of_file: str, first: Place) -> list[str]:
    notes: list[str] = []
    if count := int(found.bad.sum()):
        place, cell = first(found.bad, text)
        notes.append(f"{name}: {counted(count, 'cell')} not a number, such as {cell!r} in {place}, taken as gaps")
    if count := int(found.ambiguous.sum()):
        place, cell = first(found.ambiguous, text)
        read = "grouping thousands" if found.decimal != cell[-4] else f"with {cell[-4]!r} as decimal sign"
        read = f"read {read}" if found.decimal else "taken as gaps"
        notes.append(
            f"{name}: {counted(count, 'cell')} such as {cell!r} in {place} may group thousands or be decimal; "
            f"{read}; --decimal settles it"
        )
    if found.decimal and of_file and found.decimal != of_file:
        notes.append(f"{name}: its decimal sign is {found.decimal!r}, unlike the others'")
    if not found.decimal:
        notes.append(f"{name}: point and comma are both decimal signs, each cell is read by its own")
    long = np.asarray(pc.fill_null(pc.match_substring_regex(text, _LONG), False))
    if long.any() and (np.abs(found.values[long]) > 2**53).any():
        place, cell = first(long, text)
        notes.append(f"{name}: integers such as {cell!r} in {place} have more digits than a float64 keeps, rounded")
    return notes


def _is_text(column: Any) -> bool:
    kind = column.type
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_nested(kind)
        or pa.types.is_dictionary(kind)
    )


def _floats(name: str, column: Any, notes: list[str]) -> Floats:
    values = pc.cast(column, pa.float64(), safe=False).to_numpy().astype(np.float64)
    infinite = np.isinf(values)
    if infinite.any():
        values[infinite] = np.nan
        notes.append(f"{name}: {counted(int(infinite.sum()), 'cell')} not finite, taken as gaps")
    return values
