"""Every exception and warning of the package, named for who can fix it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


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
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items())
        return f"{self.operation}: no backend can run this call ({reasons or 'none is allowed'})"


class BackendNotFoundError(DispatchError, LookupError):
    """A backend was named that nothing on this machine provides."""

    def __init__(self, name: str, known: tuple[str, ...], hint: str) -> None:
        super().__init__(name, known, hint)
        self.name = name
        self.known = known
        self.hint = hint

    def __str__(self) -> str:
        return f"no backend is called {self.name!r}; installed: {', '.join(self.known)}{self.hint}"


class OperationNotFoundError(DispatchError, LookupError):
    """An operation was named that is not declared."""


class DispatchWarning(UserWarning):
    """Something was left out (a broken plugin, an unknown name in the environment); calls still work."""


def suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """The end of a sentence about an unknown `name`: the nearest known one behind `prefix`, or nothing."""
    from difflib import get_close_matches

    spellings = {word.lower(): word for word in known}
    near = get_close_matches(name.lower(), spellings, 1)
    return f"; did you mean {prefix + spellings[near[0]]!r}?" if near else ""
