"""A failing trial made smaller as long as it still fails: simpler numbers, smaller dimensions, usual options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..execution.composition import Composition
from ..execution.dispatch import Operation
from .drawing import Trial

Subject = Operation | Composition

#: Trials that are made to find a smaller one.
_MOST = 300


def shrunk(subject: Subject, trial: Trial, fails: Callable[[Trial], bool]) -> Trial:
    """The smallest trial found that still fails, one simplification after the other."""
    left = _MOST
    going = True
    while going and left > 0:
        going = False
        for simpler in _simpler(subject, trial):
            left -= 1
            if fails(simpler):
                trial, going = simpler, True
                break
            if left <= 0:
                break
    return trial


def _simpler(subject: Subject, trial: Trial) -> Iterator[Trial]:
    """Trials that are a step simpler, the largest steps first."""
    for change in ({"layout": "contiguous"}, {"scale": 0.0}, {"dtype": "float64"}, {"large": False}):
        if any(getattr(trial, name) != value for name, value in change.items()):
            yield trial._replace(**change)
    for draw in _simpler_draws(subject, trial):
        yield trial._replace(draw=draw)


def _simpler_draws(subject: Subject, trial: Trial) -> Iterator[Any]:
    draw = trial.draw
    for name, size in sorted(draw.dims.items(), key=lambda pair: -pair[1]):
        for less in sorted({1, 2, 3, size // 4, size // 2, size * 3 // 4, size - 1}):
            if 0 < less < size:
                yield draw._replace(dims={**draw.dims, name: less})
    base, *changes = draw.values.split()
    for word in changes:
        yield draw._replace(values=" ".join([base, *(other for other in changes if other != word)]))
    if base != "normal":
        yield draw._replace(values=" ".join(["normal", *changes]))
    for name, value in draw.options.items():
        for other in _simpler_options(subject, name, value):
            yield draw._replace(options={**draw.options, name: other})


def _simpler_options(subject: Subject, name: str, value: Any) -> Iterator[Any]:
    if isinstance(subject, Operation) and name in subject.defaults and value != subject.defaults[name]:
        yield subject.defaults[name]
    if type(value) is int and value > 1:
        yield from sorted({1, 2, value // 2, value - 1} - {value, 0})
