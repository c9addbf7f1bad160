"""``acm-dispatch report``: a profile, and what a trace recorded, as a page of figures."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError
from ..reporting.calls import by_backend, read_trace, shares
from ..reporting.drawing import as_png, drawing
from ..reporting.measured import Measured
from ..reporting.page import page
from ..reporting.plots import cost_curves, heat_map, time_shares
from ..tuning.tune import DTYPES
from .console import say
from .profile import in_force


def write_report(profile: Path | None, trace: Path | None, output: Path, figures: Path | None, dtype: str) -> None:
    """Write the page, and each of its figures as PNG where a folder is named."""
    if dtype not in DTYPES:
        raise ConfigurationError(f"--dtype is {dtype!r}; expected one of {', '.join(DTYPES)}")
    path = profile or _strongest()
    if not path.is_file():
        raise ConfigurationError(f"report: there is no profile {path}; `acm-dispatch tune` writes this machine's")
    measured = Measured(path, dtype)
    if not measured.costs:
        told = "; ".join(measured.profile.ignored) or f"it has no entries of {dtype}"
        raise ConfigurationError(f"report: the profile {path} has nothing to show: {told}")
    calls = None if trace is None else read_trace(trace)
    _written(output, page(measured, calls).encode())
    say(f"the report of {path} is written to {output}")
    if figures is not None:
        count = _write_figures(figures, measured, None if calls is None else by_backend(shares(calls)))
        say(f"{count} figures are written to {figures}")


def _strongest() -> Path:
    """The profile of this machine, else the environment's, else the bundled one."""
    known = in_force()
    found = next((source for source in known if source.of_this_machine), known[-1] if known else None)
    if found is None:
        raise ConfigurationError("report: there is no profile; `acm-dispatch tune` writes this machine's")
    return found.path


def _write_figures(folder: Path, measured: Measured, seconds: dict[str, float] | None) -> int:
    with drawing():
        drawn = {"gains": heat_map(measured)}
        if seconds:
            drawn["shares"] = time_shares(seconds, tuple(seconds))
        for costs in measured.costs:
            for width in costs.widths:
                name = f"{costs.operation.name}-{width}"
                drawn[name] = cost_curves(costs, width, measured.backends)
        for name, figure in drawn.items():
            _written(folder / f"{name}.png", as_png(figure))
    return len(drawn)


def _written(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"report: {path} cannot be written ({error.strerror})") from None
