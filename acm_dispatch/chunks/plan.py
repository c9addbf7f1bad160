"""What a job takes before it runs: readings, bytes, blocks, memory."""

from __future__ import annotations

from typing import NamedTuple


class Plan(NamedTuple):
    """What a job takes.

    Attributes
    ----------
    reads : int or str
        How often the source is read; in words where data decide.
    nbytes : int or None
        Taken from the disk in all; None where that, or the number of readings, is not known.
    rows : int or None
        Of the source.
    rows_of_block : int
        That are in memory at once.
    blocks : int or None
        Of one reading.
    peak : int
        Bytes that blocks take at the most, and the reader of a file as far as its footer tells. What is found (sums, a
        sketch, rows that are drawn) comes on top.

    Examples
    --------
    >>> print(Plan(2, 400_000_000, 2_500_000, 26_214, 96, 8_400_000))
    2 reads of 2,500,000 rows in 96 blocks of 26,214: 400.0 MB from the source, 8.4 MB of memory for blocks
    """

    reads: int | str
    nbytes: int | None
    rows: int | None
    rows_of_block: int
    blocks: int | None
    peak: int

    def __str__(self) -> str:
        reads = self.reads if isinstance(self.reads, str) else f"{self.reads} read{'s' if self.reads != 1 else ''}"
        rows = "rows of unknown number" if self.rows is None else f"{self.rows:,} rows"
        blocks = "" if self.blocks is None else f"{self.blocks:,} "
        nbytes = "" if self.nbytes is None else f"{self.nbytes / 1e6:.1f} MB from the source, "
        memory = f"{nbytes}{self.peak / 1e6:.1f} MB of memory for blocks"
        return f"{reads} of {rows} in {blocks}blocks of {self.rows_of_block:,}: {memory}"


def total_reads(reads: list[int | str]) -> int | str:
    """Of calls that are answered by the same readings."""
    words = [each for each in reads if isinstance(each, str)]
    return words[0] if words else max([0, *(each for each in reads if isinstance(each, int))])
