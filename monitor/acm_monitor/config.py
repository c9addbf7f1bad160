"""Everything that a user may set, in one place: a TOML file holds it, and the options of the command override it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from acm_dispatch import ConfigurationError

from .errors import printable
from .reading import Reading
from .thresholds import Thresholds

Period = tuple[np.datetime64, np.datetime64]

_DECIMAL = {"point": ".", ".": ".", "comma": ",", ",": ","}


class Config(NamedTuple):
    """How a recording is read, what is learnt of it, and from where on something counts."""

    #: How a file or frame is read.
    reading: Reading = Reading()
    #: Least and most operating regimes to look for.
    clusters: tuple[int, int] = (2, 8)
    #: First and last time of the rows of which the usual is learnt, all of them healthy; None: all rows.
    train: Period | None = None
    #: Backends to prefer.
    backends: tuple[str, ...] = ()
    #: From where on something counts.
    thresholds: Thresholds = Thresholds()


#: What stands in the file: section, key, what is expected of the value.
_KEYS: dict[str, dict[str, str]] = {
    "reading": {
        "time_column": "text",
        "time_format": "text",
        "day_first": "true or false",
        "decimal": "point or comma",
        "labels": "texts",
        "columns": "texts",
        "exclude": "texts",
    },
    "analysis": {"clusters": "two whole numbers", "train": "two times", "backends": "texts"},
    "thresholds": {
        "sensor": "a number",
        "detectors": "a number",
        "health": "a number",
        "shift": "a number",
        "episode_rows": "a whole number",
        "pause_rows": "a whole number",
        "stuck_rows": "a whole number",
        "warned_share": "a share",
        "regime_share": "a share",
        "regime_visits": "a whole number",
        "regime_large_share": "a share",
        "regime_early": "a share",
    },
}


_MEANT = {"a share": "a share of 1, such as 0.05", "a whole number": "a whole number from 1 on"}


def read_config(path: Path) -> Config:
    """The settings in a TOML file; what it does not name stays as it is by default.

    Raises
    ------
    ConfigurationError
        If the file is missing or no TOML, or a name or a value in it is unknown.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(printable(f"--config {path} cannot be read: {error.strerror}")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(printable(f"--config {path} is no TOML: {error}")) from error
    return made(content, printable(f"--config {path}"))


def made(content: Mapping[str, Any], source: str, base: Config | None = None) -> Config:
    """`base` with the sections and keys of `content`, checked; `source` names it in errors."""
    given: dict[str, Any] = {}
    for section, keys in content.items():
        if section not in _KEYS or not isinstance(keys, Mapping):
            raise ConfigurationError(f"{source} has {section!r}; expected the sections {', '.join(_KEYS)}")
        for key, value in keys.items():
            if key not in _KEYS[section]:
                raise ConfigurationError(f"{source} has {section}.{key!r}; expected {', '.join(_KEYS[section])}")
            given[key] = _checked(value, _KEYS[section][key], f"{source}: {section}.{key}")
    base = base or Config()
    reading = {key: value for key, value in given.items() if key in _KEYS["reading"]}
    thresholds = {key: value for key, value in given.items() if key in _KEYS["thresholds"]}
    analysis = {key: value for key, value in given.items() if key in _KEYS["analysis"]}
    changed = base._replace(
        reading=base.reading._replace(**reading), thresholds=base.thresholds._replace(**thresholds), **analysis
    )
    least, most = changed.clusters
    if not 2 <= least <= most:
        raise ConfigurationError(f"{source}: clusters are {least}..{most}; expected a range such as 2..8, from 2 on")
    return changed


def written(config: Config) -> str:
    """The settings as TOML, each with a line of its own; those that are not set are commented out."""
    reading, thresholds = config.reading._asdict(), config.thresholds._asdict()
    reading["decimal"] = {".": "point", ",": "comma", None: None}[config.reading.decimal]
    train = None if config.train is None else [str(time) for time in config.train]
    analysis = {"clusters": list(config.clusters), "train": train, "backends": list(config.backends)}
    lines: list[str] = []
    for section, values in (("reading", reading), ("analysis", analysis), ("thresholds", thresholds)):
        lines.append(f"[{section}]")
        for key, expected in _KEYS[section].items():
            unset = values[key] is None
            lines.append(f"# {key} =  # {expected}" if unset else f"{key} = {_toml(values[key])}")
        lines.append("")
    return "\n".join(lines)


def period(text: str, source: str) -> Period:
    """``FROM..TO`` as two times, each of them as exact as it is written: ``2024-03..2024-04`` ends with April."""
    first, dots, last = text.partition("..")
    if not dots:
        raise ConfigurationError(f"{source} is {text!r}; expected FROM..TO, such as 2024-01-01..2024-03-31")
    return _period((first, last), source)


def _period(ends: Any, source: str) -> Period:
    try:
        first, last = (np.datetime64(str(end).strip().replace(" ", "T")) for end in ends)
        start, stop = first.astype("datetime64[us]"), (last + 1).astype("datetime64[us]") - np.timedelta64(1, "us")
        sound = bool(start <= stop)  # False of what is no time, too
    except (ValueError, TypeError, OverflowError):
        sound, start, stop = False, np.datetime64("NaT"), np.datetime64("NaT")
    if not sound:
        told = "..".join(str(end) for end in ends)
        raise ConfigurationError(f"{source} is {told!r}; expected two times, the earlier first: 2024-01-01, 2024-03-31")
    return start, stop


def _checked(value: Any, expected: str, source: str) -> Any:
    """The value as the program holds it."""
    match expected, value:
        case "text", str():
            return value
        case "true or false", bool():
            return value
        case "texts", [*texts] if all(isinstance(text, str) for text in texts):
            return tuple(texts)
        case "point or comma", str() if value.lower() in _DECIMAL:
            return _DECIMAL[value.lower()]
        case "two whole numbers", [int(), int()]:
            return tuple(value)
        case "two times", [_, _]:
            return _period(value, source)
        case "a number", int() | float() if not isinstance(value, bool) and 0 < value < np.inf:
            return float(value)
        case "a share", int() | float() if not isinstance(value, bool) and 0 < value <= 1:
            return float(value)
        case "a whole number", int() if not isinstance(value, bool) and value > 0:
            return value
    raise ConfigurationError(f"{source} is {value!r}; expected {_MEANT.get(expected, expected)}")


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)
