"""`tune`: measure this machine, so that each call goes to the kernel that is fastest here."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..backends.threads import usable_cores
from ..errors import ConfigurationError, shown
from ..execution.dispatch import declared, find
from ..execution.workload import Workload
from ..policy.scopes import use
from ..selection.keeping import update
from ..selection.profile import Key, user_path
from .called import Called, cells_of_calls, workload_of
from .candidates import usable_backends
from .cells import NUMBERS, cells_of, thread_counts, variant_of_cell
from .measuring import TOO_LONG, Verdict
from .parallelism import achieved_parallelism
from .session import Progress, Session

DTYPES = ("float64", "float32")


class Tuning(NamedTuple):
    """What a run gave: printed, the table of what runs elsewhere from now on.

    Attributes
    ----------
    path : Path
        The profile.
    verdicts : tuple of Verdict
        Of each cell that was measured: `before`, `after`, whether it is decided, seconds by backend.
    wrong : mapping
        Kernels whose results differ from the reference's, with the sentence how; they are not used any more.
    ignored : tuple of str
        Sentences about calls of a workload that could not be measured.
    """

    path: Path
    verdicts: tuple[Verdict, ...]
    wrong: Mapping[Key, str]
    ignored: tuple[str, ...] = ()

    @property
    def changed(self) -> list[Verdict]:
        """The cells that another backend runs from now on."""
        return [verdict for verdict in self.verdicts if verdict.before != verdict.after]

    def __str__(self) -> str:
        undecided = sum(not verdict.decided for verdict in self.verdicts)
        counts = f"{len(self.verdicts):,} cells measured, {len(self.changed):,} changed, {undecided:,} undecided"
        lines = [f"{counts}; {self.path}"]
        if self.changed:
            lines.append(f"{'operation':30} {'rows':>9} {'columns':>7} {'dtype':8} threads  before -> after (gain)")
        for cell, before, after, _, seconds in self.changed:
            gain = f" ({seconds[before] / seconds[after]:.1f} x)" if before in seconds else ""
            size = f"{cell.rows:9,} {cell.width:7,} {cell.dtype:8} {cell.threads:7}"
            task = f"{cell.operation} {variant_of_cell(find(cell.operation), cell)}"
            lines.append(f"{task:30} {size}  {before} -> {after}{gain}")
        lines += [f"WRONG: {key}: {sentence}" for key, sentence in self.wrong.items()]
        lines += [f"ignored: {sentence}" for sentence in self.ignored]
        return "\n".join(lines)


def tune(
    seconds: float = 60.0,
    *,
    operations: Sequence[str] | None = None,
    backends: Sequence[str] | None = None,
    dtypes: Sequence[str] = DTYPES,
    threads: Sequence[int] | None = None,
    sizes: Sequence[int] = NUMBERS,
    workload: str | os.PathLike[str] | Workload | None = None,
    profile: str | os.PathLike[str] | None = None,
    show: Callable[[Progress], None] | None = None,
) -> Tuning:
    """Measure what kernels take on this machine, and keep it for all later calls.

    Kernels run in turns, in random order, on arguments beyond the second-level cache; their results are held against
    the reference first. A kernel takes a cell over from the one that has it if it is faster by 10 % in a sign test.
    Each run goes on where the one before stopped: with what was undecided, then what was not measured yet. A run that
    is interrupted keeps what it has measured.

    Parameters
    ----------
    seconds : float, default 60
        How long it may take; kernels that have to be compiled first take theirs from it.
    operations, backends : sequence of str, optional
        Only these.
    dtypes : sequence of str
        Of "float64" and "float32".
    threads : sequence of int, optional
        Thread budgets; by default one, all, the powers of two between, and as many as are measured to run at once.
    sizes : sequence of int
        Numbers in the first array of the calls that are measured.
    workload : Workload or path, optional
        Measure just these calls, as `record_workload` has noted them, the most work first: dtypes, threads and sizes
        are theirs then, and calls of up to a tenth of `seconds` are measured.
    profile : path, optional
        The file that is written; by default this machine's own.
    show : callable, optional
        Is given a `Progress` before each cell.

    Returns
    -------
    Tuning

    Raises
    ------
    OperationNotFoundError, BackendNotFoundError
        If a name is unknown.
    ConfigurationError
        If a number or a dtype means nothing, or a workload has no calls.

    Examples
    --------
    >>> import acm_dispatch, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asked = {"operations": ["zscore"], "backends": ["numpy"], "sizes": [60]}
    ...     done = acm_dispatch.tune(1, **asked, profile=f"{folder}/profile.json")
    >>> {verdict.after for verdict in done.verdicts}
    {'numpy'}
    """
    cores = usable_cores()
    budgets = tuple(threads) if threads is not None else thread_counts(cores, achieved_parallelism(cores))
    _require(seconds > 0, "seconds", seconds, "a positive number")
    _require(bool(dtypes) and set(dtypes) <= set(DTYPES), "dtypes", dtypes, f"some of {DTYPES}")
    _require(bool(budgets) and all(budget >= 1 for budget in budgets), "threads", threads, "numbers from 1 on")
    _require(bool(sizes) and all(size >= 1 for size in sizes), "sizes", sizes, "numbers from 1 on")
    chosen = [find(name) for name in operations] if operations else declared()
    path = Path(profile) if profile is not None else user_path()
    if workload is None:
        called = Called([cell for each in chosen for cell in cells_of(each, dtypes, budgets, sizes)], [])
        longest = TOO_LONG
    else:
        called = cells_of_calls(workload_of(workload))
        longest = max(TOO_LONG, seconds / 10)
    names = {operation.name for operation in chosen}
    session = Session(path, usable_backends(backends), longest)
    with _ruling(profile):
        session.run([cell for cell in called.cells if cell.operation in names], seconds, show)
    return Tuning(path, tuple(session.verdicts), session.wrong, tuple(called.ignored))


@contextmanager
def _ruling(profile: str | os.PathLike[str] | None) -> Generator[None]:
    """A profile that is written decides who has a cell until now, as it will once the run is over."""
    if profile is None:
        yield
        return
    update(Path(profile), dict)
    with use(profile=profile):
        yield


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ConfigurationError(f"tune: {name} is {shown(value)}; expected {expected}")
