"""What running a call somewhere costs: for now by the bundled, conservative rules of an unmeasured machine.

The rules are data, in `costs.txt`. Measured cost curves of the machine will stand before them: a profile answers first,
the rules where it is silent.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ..backends.backend import Backend
from .request import Request

#: Rules know relations only: a unit of work on NumPy's kernel counts as so many seconds.
_UNIT = 1e-9

#: A GPU pays for host arrays only where each number that crosses the bus is used many times: distances, not means.
_WORK_PER_NUMBER = 1024


class Rule(NamedTuple):
    """One line of the table."""

    relative: float
    pays_from: int


def seconds(request: Request, backend: Backend, kernel: str = "*") -> float:
    """About how long the call takes on a kernel of `backend` (its best, where none is named), to compare kernels by."""
    rule = _rule(request.call.contract.name, backend.name, backend.arrays, kernel)
    # The start-up, which comes once, counts where it is never paid back.
    return _UNIT * (rule.relative * request.work if request.work >= rule.pays_from else rule.pays_from)


def start_up(request: Request, backend: Backend, kernel: str = "*") -> str | None:
    """The sentence that so little work does not pay for the kernel's start-up, or None where it does."""
    rule = _rule(request.call.contract.name, backend.name, backend.arrays, kernel)
    if request.work >= rule.pays_from:
        return None
    return f"{request.work:,} units of work do not pay for its start-up (from {rule.pays_from:,} on)"


def not_worth_copying(work: int, numbers: int) -> str | None:
    """Why arrays of `numbers` elements should not cross to a GPU and back for `work`, or None."""
    if work >= _WORK_PER_NUMBER * numbers:
        return None
    return f"copying {numbers:,} numbers to the GPU and back costs more than {work:,} units of work there save"


@cache
def _rule(operation: str, backend: str, arrays: str, kernel: str) -> Rule:
    """The line that says most of a kernel: its own, its operation's, its backend's, that of all such backends."""
    rules = _rules()
    unknown = "<other>" if arrays == "numpy" else "<device>"
    places = [(backend, operation, kernel), (backend, operation, "*"), (backend, "*", "*"), (unknown, "*", "*")]
    if kernel == "*":
        lines = [rule for (at, of, _), rule in rules.items() if (at, of) == (backend, operation)]
        if lines:
            return min(lines)
    return next(rules[place] for place in places if place in rules)


@cache
def _rules() -> dict[tuple[str, str, str], Rule]:
    with open(__file__.removesuffix("py") + "txt", encoding="utf-8") as file:
        lines = [line.partition("#")[0].split() for line in file]
    return {(line[0], line[1], line[2]): Rule(float(line[3]), int(line[4])) for line in lines if line}
