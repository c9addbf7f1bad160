"""``python -m benchmarks.regret``: how much longer the chosen kernel takes than the best one, over random calls.

Operation, rows, columns, other sizes, dtype and threads are drawn at random, apart from the grid that tuning measures.
Every kernel that takes the call and has a chance runs it in turns; the regret of the cell is the time of the one that
dispatch chooses over the time of the fastest.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from math import exp, inf, log
from typing import Any, NamedTuple

import numpy as np

import acm_dispatch
from acm_dispatch.backends.backend import Backend
from acm_dispatch.execution.dispatch import Operation, declared, find
from acm_dispatch.execution.timing import wait_for_idle_threads
from acm_dispatch.selection.bound import BoundCall
from acm_dispatch.tuning.candidates import Candidate, candidates_of, incumbent_of, predicted, rotated, usable_backends
from acm_dispatch.tuning.cells import Cell, drawn, variant_of_cell, variants_of
from acm_dispatch.tuning.racing import race

from .process import load_average

_ROWS, _COLUMNS, _OTHERS = (5, 500_000), (1, 500), (2, 200)

#: Numbers in the first array, and seconds of the fastest kernel, that a cell may take.
_MOST_NUMBERS, _MOST_SECONDS = 5_000_000, 0.1

#: A kernel that is predicted to take so many times longer than the best one is not even tried on a long call.
_BEYOND = 20.0

#: A kernel whose first warm call takes so many times longer than the best one's is not asked again.
_HOPELESS = 3.0


class Regret(NamedTuple):
    """One cell: who was chosen, who was the fastest, and seconds by backend."""

    cell: Cell
    chosen: str
    best: str
    seconds: dict[str, float]

    @property
    def ratio(self) -> float:
        """Time of the chosen one over that of the best."""
        return self.seconds[self.chosen] / self.seconds[self.best]


def random_cell(
    rng: random.Random, operations: Sequence[Operation], rows_between: tuple[int, int] = _ROWS
) -> tuple[Operation, Cell, dict[str, int]]:
    """A call at random: sizes by their logarithms, so that small ones are as frequent as large ones."""
    operation = rng.choice(operations)
    while True:
        rows, columns = _size(rng, rows_between), _size(rng, _COLUMNS) if operation.width else 1
        if rows * columns <= _MOST_NUMBERS:
            break
    cell = Cell(operation.name, rows, columns, rng.choice(["float64", "float32"]), rng.choice([1, 2]))
    return operation, cell, {name: _size(rng, _OTHERS) for name in ("m", "k", "t", "c")}


def a_variant(rng: random.Random, operation: Operation, cell: Cell) -> Cell:
    """The cell with one word, switch or optional array other than in the typical call, where the operation has any."""
    found = list(variants_of(operation))
    if not found:
        return cell
    options, given = rng.choice(found)
    return cell._replace(options=options, given=given)


def _size(rng: random.Random, limits: tuple[int, int]) -> int:
    return round(exp(rng.uniform(log(limits[0]), log(limits[1]))))


def measure(
    operation: Operation, cell: Cell, others: dict[str, int], backends: Sequence[Backend], rng: random.Random
) -> Regret | None:
    """The regret of one call; None where the contract refuses it, or it takes too long."""
    with suppress(acm_dispatch.InvalidInput):
        arguments, nbytes = drawn(operation, cell, rng.randrange(1000), others)
        call = operation.bound(*operation.bind(**arguments))
        if not call.work:
            return None
        able = _warmed_up(candidates_of(call, backends, cell.threads), call, predicted(call, cell.threads))
        chosen = incumbent_of(call, cell.threads, {each.backend.name for each in able})
        playing = _with_a_chance(able, chosen)
        if chosen is None or len(able) < 2 or not playing:
            return None
        wait_for_idle_threads()
        race([each.racer for each in playing], rotated(call.values, nbytes), 0.3, rng)
        seconds = {each.backend.name: each.racer.seconds for each in playing}
        return Regret(cell, chosen, min(seconds, key=lambda name: seconds[name]), seconds)
    return None


def _warmed_up(candidates: list[Candidate], call: BoundCall, guesses: dict[str, float]) -> list[Candidate]:
    """Those that do not decline the call when they see it, and will not take beyond all bounds."""
    able: list[Candidate] = []
    best = min(guesses.values())
    for each in candidates if best < _MOST_SECONDS else ():
        if guesses[each.backend.name] > max(_BEYOND * best, _MOST_SECONDS):
            continue
        with suppress(acm_dispatch.Unsupported):
            for _ in range(2):  # of which the first may compile
                each.racer.warm_up(call.values)
            able.append(each)
    return able


def _with_a_chance(able: list[Candidate], chosen: str | None) -> list[Candidate]:
    """All but those that are far behind; none where even the best takes too long."""
    times = {each.backend.name: each.racer.first_seconds for each in able}
    best = min(times.values(), default=0.0)
    if best > _MOST_SECONDS:
        return []
    return [each for each in able if each.backend.name == chosen or times[each.backend.name] < _HOPELESS * best]


def summary(regrets: Sequence[Regret]) -> dict[str, Any]:
    """Mean, percentiles and how often the best was chosen."""
    ratios = np.array([regret.ratio for regret in regrets])
    over_numpy = [regret.seconds[regret.chosen] / regret.seconds.get("numpy", inf) for regret in regrets]
    return {
        "cells": len(regrets),
        "mean": round(float(ratios.mean()), 4),
        "median": round(float(np.median(ratios)), 4),
        "p95": round(float(np.quantile(ratios, 0.95)), 4),
        "worst": round(float(ratios.max()), 3),
        "best chosen": round(float(np.mean(ratios == 1)), 3),
        "slower than NumPy by a tenth": sum(ratio > 1.1 for ratio in over_numpy),
        "load average": load_average(),
    }


def main() -> None:
    """Print the worst cells and the summary; with ``--json`` the summary alone, as one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret", description=__doc__)
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, nargs=2, default=_ROWS, metavar=("LEAST", "MOST"))
    parser.add_argument("--profile", default="own", help="'own', 'bundled' or the path of a profile")
    parser.add_argument("--without", nargs="*", default=[], help="backends to leave out")
    parser.add_argument("--variants", action="store_true", help="calls that are not as usual, wherever there are some")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rng, of_variants = random.Random(asked.seed), random.Random(asked.seed)
    backends = [backend for backend in usable_backends() if backend.name not in asked.without]
    regrets: list[Regret] = []
    with acm_dispatch.use(exclude=asked.without, profile=asked.profile):
        operations = declared()
        while len(regrets) < asked.cells:
            operation, cell, others = random_cell(rng, operations, tuple(asked.rows))
            if asked.variants:
                cell = a_variant(of_variants, operation, cell)
            found = measure(operation, cell, others, backends, rng)
            if found is not None:
                regrets.append(found)
                if sys.stderr.isatty():
                    print(f"\r{len(regrets)} of {asked.cells}", end="", file=sys.stderr)
    if not asked.json:
        for regret in sorted(regrets, key=lambda regret: -regret.ratio)[:30]:
            times = ", ".join(f"{name} {seconds * 1e6:,.1f}" for name, seconds in sorted(regret.seconds.items()))
            cell = f"{regret.cell[:5]} {variant_of_cell(find(regret.cell.operation), regret.cell)}"
            print(f"{regret.ratio:6.2f}  {regret.chosen:8} {cell}  microseconds: {times}")
    print(json.dumps(summary(regrets)))


if __name__ == "__main__":
    main()
