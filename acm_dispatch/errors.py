"""Every exception and warning of the package, named for its cause: the call, a setting, a declaration, a backend."""

from __future__ import annotations

import reprlib
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import FrameType


class DispatchError(Exception):
    """Base of all errors that `acm_dispatch` raises itself."""


class InvalidInput(DispatchError, ValueError):
    """The caller's data or option breaks the operation's contract.

    Parameters
    ----------
    operation, argument : str
        What was called, and which of its arguments is wrong.
    problem : str
        The rest of the sentence: what was found and what was expected.
    """

    def __init__(self, operation: str, argument: str, problem: str) -> None:
        super().__init__(operation, argument, problem)
        self.operation = operation
        self.argument = argument
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.operation}: `{self.argument}` {self.problem}"


class Unsupported(DispatchError):
    """A kernel declines this call before it has written anything; the next candidate runs it."""


class ConfigurationError(DispatchError, ValueError):
    """A setting (keyword, environment variable or file entry) has a value that means nothing."""


class DeclarationError(DispatchError, TypeError):
    """An operation, a sample or a kernel is declared wrongly: its author can fix it."""


class BackendError(DispatchError, RuntimeError):
    """No backend that the policy allows can run the call; says why for each of them."""

    def __init__(self, operation: str, reasons: Mapping[str, str]) -> None:
        super().__init__(operation, dict(reasons))
        self.operation = operation
        self.reasons = dict(reasons)

    def __str__(self) -> str:
        names: dict[str, list[str]] = {}
        for name, reason in self.reasons.items():
            names.setdefault(reason, []).append(name)
        reasons = "; ".join(f"{', '.join(own)}: {reason}" for reason, own in names.items())
        return f"{self.operation}: no backend can run this call ({reasons or 'none is allowed'})"


class BackendNotFoundError(DispatchError, LookupError):
    """A backend was named that nothing on this machine provides."""

    def __init__(self, name: str, known: tuple[str, ...], hint: str) -> None:
        super().__init__(name, known, hint)
        self.name = name
        self.known = known
        self.hint = hint

    def __str__(self) -> str:
        return f"no backend is called {shown(self.name)}; installed: {', '.join(self.known)}{self.hint}"


class OperationNotFoundError(DispatchError, LookupError):
    """An operation was named that is not declared."""


class DispatchWarning(UserWarning):
    """Something was left out (a broken plugin, an unknown name in the environment); calls still work."""


#: Where the code of this package comes from: its folder, and the wrappers that it generates.
_OURS = (__file__.rpartition("errors.py")[0], "<acm_dispatch ")
#: Frames between a line of the caller's and this package that are not the caller's either.
_IMPORTS = "<frozen importlib"


def warn(sentence: str) -> None:
    """Give a `DispatchWarning` that points at the line that called this package, however deep inside it this is."""
    here = sys._getframe(1)  # type: ignore[reportPrivateUsage] - `warnings` itself finds the caller by it
    within = _skip(here, lambda file: not file.startswith(_OURS)) or here  # a backend warns from further inside
    caller = _skip(within, lambda file: file.startswith((*_OURS, _IMPORTS))) or within
    names = caller.f_globals
    kept = names.setdefault("__warningregistry__", {})
    file, line = caller.f_code.co_filename, caller.f_lineno
    warnings.warn_explicit(sentence, DispatchWarning, file, line, names.get("__name__"), kept)


def _skip(frame: FrameType | None, passed: Callable[[str], bool]) -> FrameType | None:
    """The first frame, from this one outwards, whose file is not `passed` by."""
    while frame is not None and passed(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


class _Short(reprlib.Repr):
    """Text that fits a sentence, made without writing the whole value down."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = SHOWN

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if x.bit_length() <= SHOWN else f"an integer of {x.bit_length():,} bits"


#: Characters of a value that an error message repeats.
SHOWN = 80

_short = _Short()


def shown(value: object) -> str:
    """`value` as messages show it: its `repr`, shortened to one line; its type where it has none."""
    try:
        text = _short.repr(value)
    except Exception:  # a `repr` of the caller's
        text = f"a {type(value).__name__}"
    return shortened(text)


def shortened(text: str) -> str:
    """`text` in one line that fits into a sentence: what other libraries say can be as long as the data."""
    line = " ".join(text[: 4 * SHOWN].split())
    return line if len(line) <= 2 * SHOWN and len(text) <= 4 * SHOWN else f"{line[: 2 * SHOWN]}..."


def described(error: BaseException) -> str:
    """The type of `error` and what it says, also where saying so fails: it may come from any plugin."""
    try:
        return f"{type(error).__name__}: {shortened(str(error))}"
    except KeyboardInterrupt:
        raise
    except BaseException:
        return type(error).__name__


def suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """The end of a sentence about an unknown `name`: the nearest known one behind `prefix`, or nothing."""
    from difflib import get_close_matches

    if len(name) > SHOWN:
        return ""
    spellings = {word.lower(): word for word in known}
    near = get_close_matches(name.lower(), spellings, 1)
    return f"; did you mean {prefix + spellings[near[0]]!r}?" if near else ""
