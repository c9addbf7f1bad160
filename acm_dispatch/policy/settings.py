"""The settings: one table, of which layers, merging, environment, config file, `config()` and docs are made.

A setting is one field of `Resolved`: its name and type, and with them its parser, its default, its line in the docs,
and its names in the file and the environment where they are not its own.
"""

import os
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, cast, get_args

from ..backends.backend import ACCURACIES, Accuracy
from ..backends.threads import usable_cores
from ..errors import ConfigurationError, shown

Transfer = Literal["never", "auto"]
Tracing = Literal["off", "time", "compare"]
Fallback = Literal["warn", "error", "silent"]
Tune = Literal["off", "auto"]
OnMissing = Literal["predict", "error"]


#: What the setting `profile` names besides files: what this machine and environment have, and what the package has.
OWN, BUNDLED = "own", "bundled"


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


#: One call in a million is the rarest that is verified.
LEAST_SHARE = 1e-6

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


def tuning_rule(value: Any) -> Tune:
    """Whether calls of which nothing was measured are tried on other kernels as they come."""
    return _word(value, "tune", get_args(Tune))


def missing_rule(value: Any) -> OnMissing:
    """What a call becomes that is not in the lock: a matter of predicted costs, or an error."""
    return _word(value, "on_missing", get_args(OnMissing))


def profile_name(value: Any) -> str:
    """Where costs are read: "own", "bundled", or the path of a file."""
    try:
        name: object = os.fspath(cast("str", value))
    except TypeError:
        name = None
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError(f"profile is {shown(value)}; expected 'own', 'bundled' or the path of a profile")
    return name


def file_name(value: Any) -> str:
    """The path of a file to write."""
    try:
        return os.fspath(cast("str", value))
    except TypeError:
        raise ConfigurationError(f"workload is {shown(value)}; expected the path of a file") from None


def share(value: Any) -> float:
    """A part of all calls: none (0), all (1), or between."""
    try:
        part = float(value)
    except (TypeError, ValueError, OverflowError):
        part = -1.0
    if isinstance(value, bool) or not 0 <= part <= 1 or 0 < part < LEAST_SHARE:
        raise ConfigurationError(f"verify is {shown(value)}; expected 0, or a share of all calls from 1e-6 to 1")
    return part


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


class Setting(NamedTuple):
    """What there is to know of a setting besides its name and type.

    `default` is a value or gives one; `entry` and `variable` are its names in the file and, behind ``ACM_DISPATCH_``,
    in the environment.
    """

    parse: Callable[[Any], Any]
    default: Any
    text: str
    entry: str = ""
    variable: str = ""


class Resolved(NamedTuple):
    """The table: what the layers together ask for one operation, and the origin of each answer that is no default."""

    backends: Annotated[tuple[str, ...], Setting(names, (), "preferred, in order", entry="backend")]
    strict: Annotated[bool, Setting(boolean, False, "only these backends, instead of these first")]
    exclude: Annotated[frozenset[str], Setting(names, frozenset(), "backends never used; those of all layers")]
    threads: Annotated[int, Setting(thread_count, usable_cores, "of every call", variable="NUM_THREADS")]
    accuracy: Annotated[Accuracy, Setting(accuracy_class, "tolerance", "the loosest class of kernel that may run")]
    transfer: Annotated[Transfer, Setting(transfer_rule, "never", "whether host arrays may go to a GPU unasked")]
    fallback: Annotated[Fallback, Setting(fallback_rule, "warn", "what follows an error of a kernel that is its own")]
    profile: Annotated[str, Setting(profile_name, OWN, "what kernels cost: this machine's, or a file")]
    tune: Annotated[Tune, Setting(tuning_rule, "off", "whether calls are tried on other kernels, too")]
    on_missing: Annotated[OnMissing, Setting(missing_rule, "predict", "what a call becomes that a lock does not have")]
    verify: Annotated[float, Setting(share, 0.0, "the share of calls that the reference computes, too")]
    workload: Annotated[str, Setting(file_name, "", "the file to which calls are added, to be tuned")]
    disable: Annotated[bool, Setting(boolean, False, "every call runs the NumPy reference")]
    trace: Annotated[Tracing, Setting(tracing_level, "off", "calls are recorded and shown at the end of the process")]
    origins: dict[str, str]


def _complete(name: str, setting: Setting) -> Setting:
    entry = setting.entry or name
    return setting._replace(entry=entry, variable=setting.variable or entry.upper())


#: Each setting by its name, in the order of `config()`.
SETTINGS = {
    name: _complete(name, kind.__metadata__[0])
    for name, kind in Resolved.__annotations__.items()
    if hasattr(kind, "__metadata__")
}


def defaults() -> dict[str, Any]:
    """What holds where no layer says anything."""
    return {name: s.default() if callable(s.default) else s.default for name, s in SETTINGS.items()}


class Settings:
    """What one layer says: the values of some settings, and backends of some operations."""

    __slots__ = ("_said", "per_operation")

    def __init__(self, *, per_operation: tuple[tuple[str, tuple[str, ...]], ...] = (), **said: Any) -> None:
        if strange := said.keys() - SETTINGS.keys():
            raise TypeError(f"{', '.join(sorted(strange))}: no such setting")
        self._said = tuple((name, said[name]) for name in SETTINGS if said.get(name) not in (None, ()))
        self.per_operation = per_operation

    def said(self) -> dict[str, Any]:
        """The settings that have a value here."""
        return dict(self._said)

    def changed(self, **said: Any) -> "Settings":
        """The same but for these; None for what is to say nothing."""
        values: dict[str, Any] = {"per_operation": self.per_operation, **self.said(), **said}
        return Settings(**values)

    def __repr__(self) -> str:
        said = {**self.said(), **({"per_operation": self.per_operation} if self.per_operation else {})}
        return ", ".join(f"{name}={value!r}" for name, value in said.items()) or "nothing"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and (self._said, self.per_operation) == (other._said, other.per_operation)

    def __hash__(self) -> int:
        return hash((self._said, self.per_operation))

    def __reduce__(self) -> tuple[Any, ...]:
        return _settings, (self.said(), self.per_operation)


def _settings(said: dict[str, Any], per_operation: tuple[tuple[str, tuple[str, ...]], ...]) -> Settings:
    return Settings(**said, per_operation=per_operation)


def parsed(said: dict[str, Any]) -> Settings:
    """The settings with these values, each as its parser reads it; None says nothing.

    Raises
    ------
    ConfigurationError
        If one means nothing.
    """
    values: dict[str, Any] = {n: None if value is None else SETTINGS[n].parse(value) for n, value in said.items()}
    return Settings(**values)
