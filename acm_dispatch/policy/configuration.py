"""Settings from outside the program: the environment variables and the config file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ..errors import ConfigurationError, shortened, suggestion, warn
from .settings import SETTINGS, Settings, names

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "ACM_DISPATCH_"

#: Names in the config file, and in the environment, of each setting.
_ENTRIES = {setting.entry: name for name, setting in SETTINGS.items()}
_VARIABLES = {setting.variable: name for name, setting in SETTINGS.items()}
_READ_ELSEWHERE = ("CONFIG", "TRACE_FILE", "CACHE_DIR")


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """What the ``ACM_DISPATCH_*`` variables say; what means nothing is one warning each, never an error."""
    said: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for variable, value in (os.environ if environ is None else environ).items():
        name = variable.removeprefix(PREFIX)
        if name == variable or not value.strip():  # empty is as good as not set
            continue
        if name in _VARIABLES:
            said[_VARIABLES[name]] = value
        elif name.startswith("BACKEND_"):
            operations[name.removeprefix("BACKEND_").lower()] = value
        elif name == "TRACE_FILE":  # asks for what it is to hold; read where it is written
            said.setdefault("trace", "time")
        elif name not in _READ_ELSEWHERE:
            _warn_unknown("environment", name, [*_VARIABLES, *_READ_ELSEWHERE], PREFIX)
    return _settings("environment", said, operations)


def from_file(path: Path | None) -> Settings:
    """What a TOML file says: an entry for each setting, and a table ``[operations]`` of backends by operation."""
    if path is None or str(path) == os.devnull:
        return Settings()
    import tomllib

    try:
        entries = tomllib.loads(_text(path))
    except (OSError, ValueError, RecursionError) as error:
        warn(f"{path}: ignored, it cannot be read ({shortened(str(error))})")
        return Settings()
    operations = entries.pop("operations", {})
    if not isinstance(operations, dict):
        warn(f"{path}: operations is ignored: expected a table of backends")
        operations = {}
    unknown = [name for name in entries if name not in _ENTRIES]
    for name in unknown[:_MOST_WARNINGS]:
        _warn_unknown(str(path), name, list(_ENTRIES))
    if more := unknown[_MOST_WARNINGS:]:
        warn(f"{path}: {len(more):,} more entries are no settings")
    said = {_ENTRIES[name]: value for name, value in entries.items() if name in _ENTRIES}
    return _settings(str(path), said, cast("dict[str, Any]", operations))


#: Bytes that a config file may have: many times what it takes to name every operation.
MOST_BYTES = 1 << 16

#: Unknown entries that are warned of one by one.
_MOST_WARNINGS = 5


def _text(path: Path) -> str:
    """What the file says; it is opened only if it is one, since a pipe would wait and a device has no end."""
    nonblocking = getattr(os, "O_NONBLOCK", 0)  # should it become a pipe between the look and the opening
    if not path.is_file():
        path.stat()  # the system's own words where there is nothing, or nothing that may be looked at
        raise ValueError("it is no regular file")
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | nonblocking)) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    return content.decode("utf-8-sig")  # some editors begin with a mark


def config_path() -> Path | None:
    """The config file: what ``ACM_DISPATCH_CONFIG`` names, else the one in the user's config folder if it is there."""
    from pathlib import Path

    if named := os.environ.get(PREFIX + "CONFIG"):
        try:
            return Path(named).expanduser()
        except RuntimeError:  # there is no such home directory: reading the path as it is will say so
            return Path(named)
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", "~/AppData/Roaming"))
    elif sys.platform == "darwin":
        folder = Path("~/Library/Application Support")
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    try:
        path = folder.expanduser() / "acm_dispatch" / "config.toml"
        return path if path.is_file() else None
    except (OSError, RuntimeError):  # no home directory, or one that may not be looked into
        return None


def _settings(source: str, said: Mapping[str, Any], operations: Mapping[str, Any]) -> Settings:
    fields: dict[str, Any] = {}
    for name, value in said.items():
        _store(source, SETTINGS[name].entry, fields, name, SETTINGS[name].parse, value)
    chosen: dict[str, Any] = {}
    for operation, value in operations.items():
        _store(source, f"backend of {operation}", chosen, operation, names, value)
    return Settings(**fields, per_operation=tuple(sorted(chosen.items())))


def _store(source: str, name: str, target: dict[str, Any], key: str, parse: Callable[[Any], Any], value: Any) -> None:
    try:
        parsed = parse(value)
    except ConfigurationError as error:
        warn(f"{source}: {name} is ignored: {error}")
        return
    if parsed != ():
        target[key] = parsed


def _warn_unknown(source: str, name: str, known: list[str], prefix: str = "") -> None:
    advice = suggestion(name, known, prefix)  # a prefix that all of them share would make them all alike
    warn(f"{source}: {prefix}{shortened(name)} is not a setting{advice}")
