"""The caller's settings, layer over layer, and where each of them came from.

One `ContextVar` holds an immutable, interned `Policy`: the innermost `use` block, linked to those around it. It is
right under asyncio, nesting and exceptions, because leaving a block takes its own settings out of the chain and no
state is kept anywhere else. Below the blocks lie the process (`set_backend`), the environment and the config file.

Policies live as long as something refers to them; the latest are kept, with their plans, for the next block that asks
for the same.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar, Token
from typing import Any

from ..backends import forksafe, registry
from ..errors import BackendNotFoundError, OperationNotFoundError, warn
from . import blocks
from .configuration import config_path, from_environment, from_file
from .settings import Settings


class Policy:
    """The settings of one `use` block and the policy around it; made by `Policy.child` only, so equal is identical."""

    __slots__ = ("__weakref__", "_children", "lineups", "parent", "plans", "settings")

    def __init__(self, settings: Settings, parent: Policy | None) -> None:
        self.settings = settings
        self.parent = parent
        #: Resolved calls under this policy, by operation and `wrapper.plan_key`; the hot path reads it.
        self.plans: dict[str, dict[Any, Any]] = {}
        #: What this policy says of each operation; selection writes and reads it.
        self.lineups: dict[str, Any] = {}
        self._children: dict[Settings, weakref.ref[Policy]] = {}

    def __repr__(self) -> str:
        return f"<Policy {' > '.join(repr(settings) for settings in self.chain()) or 'default'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has not heard of this one's set_backend(), so it travels along as the outermost block.
        outermost = () if _process == Settings() else (_process,)
        return _restore, ((*outermost, *reversed(tuple(self.chain()))),)

    def child(self, settings: Settings) -> Policy:
        """The policy of a block with `settings` inside this one."""
        known = self._children.get(settings)
        return (known and known()) or self._new_child(settings)

    def _new_child(self, settings: Settings) -> Policy:
        children = self._children

        def forget(dead: weakref.ref[Policy]) -> None:
            if children.get(settings) is dead:
                del children[settings]

        fresh = Policy(settings, self)
        with _interning:
            known = children.get(settings)
            if known is not None and (policy := known()) is not None:
                return policy
            children[settings] = weakref.ref(fresh, forget)
        _kept.append(fresh)
        return fresh

    def layers(self) -> Iterator[tuple[str, Settings]]:
        """Every layer with its origin, strongest first."""
        if self is OUTSIDE:
            blocks.look_elsewhere()
        for settings in self.chain():
            yield "use()", settings
        yield "set_backend()", _process
        yield from _outer_layers()

    def forget(self) -> None:
        """Drop all plans below; new dicts, so that a plan made under the old settings cannot slip in late."""
        waiting = [self]
        while waiting:
            policy = waiting.pop()
            policy.plans = {}
            policy.lineups = {}
            waiting += [child for known in list(policy._children.values()) if (child := known()) is not None]

    def chain(self) -> Iterator[Settings]:
        """The settings of each block, the innermost first."""
        policy = self
        while policy.parent is not None:
            yield policy.settings
            policy = policy.parent


#: Policies that are kept although no block has them: as many as a program may well alternate between.
_KEPT = 256
_kept: deque[Policy] = deque(maxlen=_KEPT)
_interning = forksafe.Lock()

ROOT = Policy(Settings(), None)
#: The same to a context that never had a block: its own plans, so that such a context is told when a block is open
#: elsewhere, and nothing is asked on the way of a call.
OUTSIDE = Policy(Settings(), None)
_current: ContextVar[Policy] = ContextVar("acm_dispatch_policy", default=OUTSIDE)
#: How often plans made outside are dropped since a block begins, if there was no warning: they cost as much anew.
_looks_left = 64
_process = Settings()
_updating = forksafe.Lock()
#: Of the environment and the config file: what they say, and what of it names something that is there.
_read: tuple[tuple[str, Settings], ...] | None = None
_outer: tuple[tuple[str, Settings], ...] | None = None
_warned: set[str] = set()
_reading = forksafe.Lock()

#: What `current_policy` does, without the call around it: for the hot path.
running_policy = _current.get


def current_policy() -> Policy:
    """The policy of the running context: what `use` blocks around this line ask for.

    It can be pickled, and given to `propagate` for functions that run in other threads or processes.

    Examples
    --------
    >>> import acm_dispatch
    >>> with acm_dispatch.use("numpy", threads=1):
    ...     acm_dispatch.current_policy()
    <Policy backends=('numpy',), threads=1>
    """
    policy = _current.get()
    return ROOT if policy is OUTSIDE else policy


def _restore(chain: tuple[Settings, ...]) -> Policy:
    policy = ROOT
    for settings in chain:
        policy = policy.child(settings)
    return policy


def _outer_layers() -> tuple[tuple[str, Settings], ...]:
    """Environment and file, read at the first need and again after `reload_config`."""
    global _outer, _read
    found = _outer
    if found is None:
        registry.backends()  # outside the lock, since a manifest that it imports may come here, too
        with _reading:
            if _read is None:
                path = config_path()
                _read = ("environment", from_environment()), (str(path or "config file"), from_file(path))
            found = _outer = tuple((origin, _only_known(origin, settings)) for origin, settings in _read)
    return found


def _reconsider() -> None:
    """What was unknown may be known now, and the reverse."""
    global _outer
    with _reading:
        _outer = None
    ROOT.forget()
    OUTSIDE.forget()


registry.on_change(_reconsider)
forksafe.in_child(lambda: blocks.begin_again(sum(1 for _ in current_policy().chain())))


def _only_known(origin: str, settings: Settings) -> Settings:
    """`settings` without backends that are not here: one warning each, since a stale variable may not stop a job."""

    def known(chosen: Iterable[str]) -> tuple[str, ...]:
        kept: list[str] = []
        for name in chosen:
            try:
                kept.append(registry.find_backend(name).name)
            except BackendNotFoundError as error:
                _warn_once(f"{origin}: {error}")
        return tuple(kept)

    said = settings.said()
    chosen: list[tuple[str, tuple[str, ...]]] = []
    for name, value in settings.per_operation:
        try:
            chosen.append((registry.find_operation(name).name, known(value)))
        except OperationNotFoundError as error:
            _warn_once(f"{origin}: a backend is set for {name}: {error}")
    return settings.changed(
        backends=known(said.get("backends", ())) or None,
        exclude=known(said.get("exclude", ())),
        per_operation=tuple((name, value) for name, value in chosen if value),
    )


def _warn_once(sentence: str) -> None:
    if registry.is_complete() and sentence not in _warned:
        _warned.add(sentence)
        warn(sentence)


def enter(settings: Settings) -> Policy:
    """Make a block of `settings` inside the current policy the current one."""
    global _looks_left
    policy = current_policy().child(settings)
    _current.set(policy)
    blocks.opened(_describe_current)
    if (OUTSIDE.plans or OUTSIDE.lineups) and _looks_left and not blocks.is_told():
        _looks_left -= 1
        OUTSIDE.plans, OUTSIDE.lineups = {}, {}
    return policy


def _describe_current() -> str:
    policy = current_policy()
    return "" if policy is ROOT else repr(policy)


def leave(settings: Settings) -> None:
    """Take the innermost block of `settings` out of the current policy.

    That is nearly always the current block itself. A generator that is closed late leaves after blocks that began
    later, which stay; in a context that never entered, nothing happens.
    """
    blocks.closed()
    policy = _current.get()
    inner: list[Settings] = []
    while policy.parent is not None and policy.settings != settings:
        inner.append(policy.settings)
        policy = policy.parent
    if policy.parent is not None:
        policy = policy.parent
        for other in reversed(inner):
            policy = policy.child(other)
        _current.set(policy)


def swap(policy: Policy) -> Token[Policy]:
    """Make `policy` the current one whatever was before; give the token to `restore`."""
    return _current.set(policy)


def restore(token: Token[Policy]) -> None:
    """Undo a `swap`."""
    _current.reset(token)


def update_process(change: Callable[[Settings], Settings]) -> None:
    """Change what the process as a whole asks for; every thread sees it at its next call."""
    global _process
    with _updating:
        while True:
            before = _process
            after = change(before)
            if _process is before:  # else a signal handler has changed it meanwhile
                _process = after
                break
    registry.changed()


def reload_config() -> None:
    """Read the environment variables and the config file again."""
    global _read
    with _reading:
        _read = None
        _warned.clear()
    registry.changed()
