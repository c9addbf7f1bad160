"""How many threads run at once, measured: what a container grants, or cores of two kinds, says no system call."""

from __future__ import annotations

import threading
from statistics import median

import numpy as np

from ..execution.timing import timed

#: Numbers of a thread's array, which its core's cache holds, and passes over it: each takes tenths of a millisecond, in
#: which the interpreter is free.
_NUMBERS, _PASSES = 1 << 16, 8

_ROUNDS = 5


def achieved_parallelism(threads: int) -> float:
    """How many times the work of one thread `threads` of them do in the same time.

    Parameters
    ----------
    threads : int

    Returns
    -------
    float
        About `threads` where each has a core of its own; 1 where they share one.
    """
    arrays = [np.linspace(0.0, 1.0, _NUMBERS) for _ in range(threads)]
    ratios: list[float] = []
    for _ in range(_ROUNDS):
        alone, _ = timed(_work, (arrays[0],))
        together, _ = timed(_in_threads, (arrays,))
        ratios.append(threads * alone / together)
    return median(ratios)


def _work(array: np.ndarray) -> None:
    for _ in range(_PASSES):
        np.sin(array, out=array)


def _in_threads(arrays: list[np.ndarray]) -> None:
    others = [threading.Thread(target=_work, args=(array,)) for array in arrays[1:]]
    for other in others:
        other.start()
    _work(arrays[0])
    for other in others:
        other.join()
