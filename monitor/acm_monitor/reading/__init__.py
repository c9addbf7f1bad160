"""A recording from a file: Arrow or DuckDB splits a CSV into text cells, the modules here say what each cell means.

`text` (encoding) -> `dialects`, `records`, `layout` (delimiter, rows, header) -> `cells` (a table of text) ->
`time_columns` (with `times`, `epochs`, `clocks`), `number_columns`, `tags`, `labels` (what each is) -> `table` (a
matrix of sensors) -> `load`. Nothing is dropped or guessed without a note that names the line.
"""

from .load import from_frame, load
from .table import Reading

__all__ = ["Reading", "from_frame", "load"]
