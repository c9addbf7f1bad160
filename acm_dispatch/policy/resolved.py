"""The layers of a policy merged into one answer a setting, and the origin of each."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from . import tables
from .layers import Policy, current_policy
from .settings import Resolved, defaults


def resolved(policy: Policy, operation: str | None = None) -> Resolved:
    """The layers merged: the strongest that says something wins; exclusions add up."""
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    exclude: set[str] = set()
    for origin, settings in policy.layers():
        said = settings.said()
        chosen = dict(settings.per_operation).get(operation or "")
        if chosen is not None:
            said["backends"] = chosen
        if "backends" in said:
            said.setdefault("strict", False)  # a list of backends brings its own strictness
        elif "backends" in found:
            said.pop("strict", None)
        if fresh := set(said.pop("exclude", ())) - exclude:
            exclude |= fresh
            origins["exclude"] = f"{origins['exclude']}, {origin}" if "exclude" in origins else origin
        for name, value in said.items():
            if name not in found:
                found[name], origins[name] = value, origin
    values: dict[str, Any] = {**defaults(), **found, "exclude": frozenset(exclude), "origins": origins}
    return Resolved(**values)


class Config(NamedTuple):
    """Each setting as it stands here, with its origin."""

    rows: tuple[tuple[str, Any, str], ...]

    def __repr__(self) -> str:
        return "\n".join(f"{name:22} {value!s:20} {origin}" for name, value, origin in self.rows)

    def _repr_html_(self) -> str:
        return tables.html("", ("setting", "value", "from"), self.rows)


def config() -> Config:
    """Every setting in force in this context and the layer it comes from.

    Returns
    -------
    Config
        Printed, a table; `rows` holds (name, value, origin) of each.

    Examples
    --------
    >>> import acm_dispatch
    >>> with acm_dispatch.use(accuracy="bitwise"):
    ...     [row for row in acm_dispatch.config().rows if row[0] == "accuracy"]
    [('accuracy', 'bitwise', 'use()')]
    """
    merged = resolved(current_policy())
    values = merged._asdict()
    origins = values.pop("origins")
    rows = [(name, _shown(value), origins.get(name, "default")) for name, value in values.items()]
    seen: set[str] = set()
    for origin, settings in current_policy().layers():
        for name, chosen in settings.per_operation:
            if name not in seen:
                seen.add(name)
                rows.append((f"backends of {name}", _shown(chosen), origin))
    return Config(tuple(rows))


def _shown(value: Any) -> Any:
    if isinstance(value, frozenset):
        value = tuple(sorted(cast("frozenset[str]", value)))
    return ", ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
