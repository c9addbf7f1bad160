"""Where wishes come from: one `Settings` per layer (a `use` block, the process, the environment, the config file)."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

from .backend import ACCURACIES, Accuracy
from .errors import ConfigurationError, DispatchWarning, shortened, shown, suggestion

if TYPE_CHECKING:
    from pathlib import Path

Transfer = Literal["never", "auto"]
Tracing = Literal["off", "time", "compare"]
Fallback = Literal["warn", "error", "silent"]

PREFIX = "ACM_DISPATCH_"


class Settings(NamedTuple):
    """What one layer wishes; None (or nothing) where it does not say."""

    backends: tuple[str, ...] | None = None
    strict: bool | None = None
    exclude: tuple[str, ...] = ()
    threads: int | None = None
    accuracy: Accuracy | None = None
    transfer: Transfer | None = None
    fallback: Fallback | None = None
    disable: bool | None = None
    trace: Tracing | None = None
    per_operation: tuple[tuple[str, tuple[str, ...]], ...] = ()


def names(value: Any) -> tuple[str, ...]:
    """Backend names from ``"rust,numba"`` or a list of them."""
    parts: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in cast("list[Any]", parts)):
        raise ConfigurationError(f"{shown(value)} is not a backend name or a list of them")
    parts = cast("list[str]", parts)
    return tuple(part.strip() for part in parts if part.strip())


def boolean(value: Any) -> bool:
    """The one parser of yes and no."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    word = str(value).strip().lower() or "off"
    if word not in words:
        raise ConfigurationError(f"{shown(value)} is neither yes nor no (1, true, yes, on; 0, false, no, off)")
    return words[word]


#: More threads than any machine has processors; backends hand the number to C.
MOST_THREADS = 4096


def thread_count(value: Any) -> int:
    """A number of threads, from 1 to `MOST_THREADS`."""
    try:
        count = int(value)
        if count != float(value) or isinstance(value, bool):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(f"threads is {shown(value)}; expected a whole number") from None
    if count < 1:
        raise ConfigurationError(f"threads is {shown(count)}; expected at least 1")
    if count > MOST_THREADS:
        raise ConfigurationError(f"threads is {shown(count)}; expected at most {MOST_THREADS:,}")
    return count


def accuracy_class(value: Any) -> Accuracy:
    """One of `ACCURACIES`."""
    return _word(value, "accuracy", ACCURACIES)


def transfer_rule(value: Any) -> Transfer:
    """Whether arrays may go to a GPU unasked: "never" or "auto"."""
    return _word(value, "transfer", get_args(Transfer))


def fallback_rule(value: Any) -> Fallback:
    """What follows an unexpected error of a kernel: the next one with a warning, the error, or the next in silence."""
    return _word(value, "fallback", get_args(Fallback))


def tracing_level(value: Any) -> Tracing:
    """A level of tracing; yes means "time"."""
    if str(value).strip().lower() in get_args(Tracing):
        return _word(value, "trace", get_args(Tracing))
    return "time" if boolean(value) else "off"


def _word(value: Any, setting: str, choices: tuple[Any, ...]) -> Any:
    word = str(value).strip().lower()
    if word not in choices:
        raise ConfigurationError(f"{setting} is {shown(value)}; expected one of {', '.join(map(repr, choices))}")
    return word


#: Entry of the config file -> field of `Settings` and its parser.
_FILE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "backend": ("backends", names),
    "strict": ("strict", boolean),
    "exclude": ("exclude", names),
    "threads": ("threads", thread_count),
    "accuracy": ("accuracy", accuracy_class),
    "transfer": ("transfer", transfer_rule),
    "fallback": ("fallback", fallback_rule),
    "disable": ("disable", boolean),
    "trace": ("trace", tracing_level),
}

#: Environment variable without its prefix -> entry of the config file that means the same.
_ENVIRONMENT = {name.upper(): name for name in _FILE} | {"NUM_THREADS": "threads"}
del _ENVIRONMENT["THREADS"]
_READ_ELSEWHERE = ("CONFIG", "TRACE_FILE")


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """The wishes of the ``ACM_DISPATCH_*`` variables; what means nothing is one warning each, never an error."""
    entries: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for variable, value in (os.environ if environ is None else environ).items():
        name = variable.removeprefix(PREFIX)
        if name == variable or not value.strip():  # empty is as good as not set
            continue
        if name in _ENVIRONMENT:
            entries[_ENVIRONMENT[name]] = value
        elif name.startswith("BACKEND_"):
            operations[name.removeprefix("BACKEND_").lower()] = value
        elif name == "TRACE_FILE":  # asks for what it is to hold; read where it is written
            entries.setdefault("trace", "time")
        elif name not in _READ_ELSEWHERE:
            _warn_unknown("environment", name, [*_ENVIRONMENT, *_READ_ELSEWHERE], PREFIX)
    return _settings("environment", entries, operations)


def from_file(path: Path | None) -> Settings:
    """The wishes of a TOML file: the entries of `_FILE`, and a table ``[operations]`` of backends by operation."""
    if path is None or str(path) == os.devnull:
        return Settings()
    import tomllib

    try:
        entries = tomllib.loads(_text(path))
    except (OSError, ValueError, RecursionError) as error:
        warnings.warn(f"{path}: ignored, it cannot be read ({shortened(str(error))})", DispatchWarning, stacklevel=2)
        return Settings()
    operations = entries.pop("operations", {})
    if not isinstance(operations, dict):
        warnings.warn(f"{path}: operations is ignored: expected a table of backends", DispatchWarning, stacklevel=2)
        operations = {}
    unknown = [name for name in entries if name not in _FILE]
    for name in unknown[:_MOST_WARNINGS]:
        _warn_unknown(str(path), name, list(_FILE))
    if more := unknown[_MOST_WARNINGS:]:
        warnings.warn(f"{path}: {len(more):,} more entries are no settings", DispatchWarning, stacklevel=2)
    known = {name: value for name, value in entries.items() if name in _FILE}
    return _settings(str(path), known, cast("dict[str, Any]", operations))


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
        except RuntimeError:  # nobody has that home directory: reading the path as it is will say so
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


def _settings(source: str, entries: Mapping[str, Any], operations: Mapping[str, Any]) -> Settings:
    fields: dict[str, Any] = {}
    for name, value in entries.items():
        field, parse = _FILE[name]
        _store(source, name, fields, field, parse, value)
    chosen: dict[str, Any] = {}
    for operation, value in operations.items():
        _store(source, f"backend of {operation}", chosen, operation, names, value)
    return Settings(**fields, per_operation=tuple(sorted(chosen.items())))


def _store(source: str, name: str, target: dict[str, Any], key: str, parse: Callable[[Any], Any], value: Any) -> None:
    try:
        parsed = parse(value)
    except ConfigurationError as error:
        warnings.warn(f"{source}: {name} is ignored: {error}", DispatchWarning, stacklevel=2)
        return
    if parsed != ():
        target[key] = parsed


def _warn_unknown(source: str, name: str, known: list[str], prefix: str = "") -> None:
    advice = suggestion(name, known, prefix)  # a prefix that all of them share would make them all alike
    warnings.warn(f"{source}: {prefix}{shortened(name)} is not a setting{advice}", DispatchWarning, stacklevel=2)
