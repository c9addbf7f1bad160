"""`freeze`: the choices of a program's calls, written down so that other runs make the same ones."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..backends import registry
from ..errors import ConfigurationError, DispatchError, shown
from ..execution.dispatch import Operation
from ..execution.recording import open_workload
from ..execution.workload import Recorded, Workload
from ..policy.layers import current_policy
from ..policy.scopes import use
from ..selection.choose import requested, select
from ..selection.keeping import rewrite
from ..selection.locked import decision_of
from ..selection.locks import Decision
from ..selection.profile import FORMAT
from ..selection.sources import read_again
from .called import workload_of


class Frozen(NamedTuple):
    """What a lock has: printed, how many calls run where.

    Attributes
    ----------
    path : Path
    decisions : tuple of Decision
        For each kind of call the backend and the kernel that run it.
    ignored : tuple of str
        Sentences about calls that are not in it.
    """

    path: Path
    decisions: tuple[Decision, ...]
    ignored: tuple[str, ...]

    def __str__(self) -> str:
        counts = Counter(decision.backend for decision in self.decisions).most_common()
        told = ", ".join(f"{count:,} on {backend}" for backend, count in counts)
        lines = [f"{len(self.decisions):,} decisions ({told}); {self.path}"]
        return "\n".join([*lines, *(f"ignored: {sentence}" for sentence in self.ignored)])


def freeze(path: str | os.PathLike[str], workload: str | os.PathLike[str] | Workload | None = None) -> Frozen:
    """Write which kernel runs each call of a workload here and now, as a lock that ``use(profile=path)`` repeats.

    Kernels that are compiled in their first calls count as if they had been. What is in no lock is up to
    ``use(on_missing=)``.

    Parameters
    ----------
    path : path
        The file that is written, in place of the one that is there.
    workload : Workload or path, optional
        The calls, as `record_workload` has noted them; by default those of the block that records here, or of the
        process (``ACM_DISPATCH_WORKLOAD``), so far.

    Returns
    -------
    Frozen

    Raises
    ------
    ConfigurationError
        If there are no calls.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import acm_dispatch, numpy, tempfile
    >>> x = numpy.ones((1000, 5))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with acm_dispatch.record_workload() as calls:
    ...         _ = acm_dispatch.zscore(x)
    ...     with acm_dispatch.use("numpy"):
    ...         frozen = acm_dispatch.freeze(f"{folder}/lock.json", calls)
    ...     with acm_dispatch.use(profile=frozen.path, on_missing="error"):
    ...         acm_dispatch.explain("zscore", x).chosen
    'numpy'
    """
    recorded = open_workload() if workload is None else workload_of(workload)
    if recorded is None:
        raise ConfigurationError("freeze: nothing records here; expected a workload, or a block of `record_workload`")
    ignored = list(recorded.ignored)
    decisions = tuple(sorted(_decisions(recorded, ignored), key=lambda decision: (decision.kind, str(decision))))
    if not decisions:
        raise ConfigurationError(f"freeze: workload is {shown(workload)}; expected one with calls in it")
    rewrite(Path(path), lambda: _text_of(decisions))
    read_again()
    return Frozen(Path(path), decisions, tuple(ignored))


def _decisions(workload: Workload, ignored: list[str]) -> Iterator[Decision]:
    """The decision on each kind of call that has one of its own."""
    seen: list[Decision] = []
    for call in list(workload.calls):
        operation = registry.operations.get(call.operation)
        try:
            if not isinstance(operation, Operation):
                raise ConfigurationError("there is no such operation")
            decision = _decision(operation, call)
        except (DispatchError, TypeError) as error:
            ignored.append(f"{call}: {error}")
            continue
        if decision not in seen:
            seen.append(decision)
            yield decision


def _decision(operation: Operation, call: Recorded) -> Decision:
    """Who runs such a call: no choice looks at what arrays hold, so that they need no numbers."""
    arrays = {name: np.zeros(shape, dtype) for name, dtype, shape in call.arrays}
    with use(threads=call.threads):
        bound = operation.bound(*operation.bind(**arrays, **dict(call.options)))
        request = requested(bound, current_policy())._replace(warm=True)
        choice = select(request)
        return decision_of(request, choice.backend.name, choice.kernel.name)


def _text_of(decisions: tuple[Decision, ...]) -> str:
    rows = ",\n".join(json.dumps(decision._asdict(), default=str) for decision in decisions)
    return f'{{"format": {FORMAT},\n"entries": [],\n"decisions": [\n{rows}\n]}}\n'
