"""The result as one HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import acm_dispatch

from .calls import Measured
from .examine import Findings
from .markup import escape
from .pictures import Room, pictures, rooms_for, traces
from .recording import counted
from .section import Section, Table
from .sections import sections
from .targets import write_whole

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p>{subtitle}</p>
<nav>{links}</nav>
</header>
{sections}
</main>
<script>
{script}</script>
</body>
</html>
"""

#: Bytes that a page may have, so that it can be sent by mail and opened anywhere.
LARGEST = 1_500_000
#: What is drawn around episodes: the first of these with which the page is small enough.
_ROOMS = (
    Room(episodes=1000, sensors=4, points=600),
    Room(episodes=1000, sensors=3, points=300),
    Room(episodes=1000, sensors=3, points=100),
    Room(episodes=1000, sensors=2, points=80),
    Room(episodes=1000, sensors=1, points=60),
    Room(episodes=200, sensors=1, points=60),
    Room(episodes=20, sensors=1, points=60),
)
#: Letters in a table after which it ends.
_LONGEST_TABLE = 150_000

#: Sections that say something only with their table have no sparkline in HTML: the picture shows it better.
_PICTURE_INSTEAD = {"health"}
#: Sections whose table tells what the pictures are.
_TABLE_FIRST = {"episodes"}
#: Cells of at most so many characters are kept on one line.
_SHORT = 34


def write_findings(path: Path, findings: Findings, measured: Sequence[Measured], warm_up: float) -> None:
    """Write the page on what was found."""
    subtitle = f"acm-dispatch {acm_dispatch.__version__}, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    title = f"Condition monitoring: {findings.recording.source}"
    parts, drawn = sections(findings, measured, warm_up), pictures(findings, measured)
    text = b""
    for room in rooms_for(findings.episodes, LARGEST, _ROOMS):
        text = page(title, subtitle, parts, drawn | {"episodes": traces(findings, room)}).encode()
        if len(text) <= LARGEST:
            break
    write_whole(path, "report", lambda unfinished: unfinished.write_bytes(text))


def page(title: str, subtitle: str, parts: Mapping[str, Section], drawn: Mapping[str, str]) -> str:
    """The page: `parts` by their keys, `drawn` is HTML beside them."""
    here = files("acm_monitor")
    return _PAGE.format(
        title=escape(title),
        subtitle=escape(subtitle),
        links=" ".join(f'<a href="#{key}">{escape(part.title)}</a>' for key, part in parts.items()),
        sections="\n".join(_section(key, part, drawn.get(key, "")) for key, part in parts.items()),
        style=here.joinpath("report.css").read_text(encoding="utf-8"),
        script=here.joinpath("report.js").read_text(encoding="utf-8"),
    )


def _section(key: str, section: Section, picture: str) -> str:
    said = (
        "" if key in _PICTURE_INSTEAD else "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs)
    )
    table = "" if section.table is None else _table(section.table)
    notes = "\n".join(f'<p class="note">{escape(note)}</p>' for note in section.notes)
    shown = [table, notes, picture] if key in _TABLE_FIRST else [picture, table, notes]
    heading = f'<section id="{key}">\n<h2>{escape(section.title)}</h2>'
    return "\n".join(filter(None, [heading, said, *shown, "</section>"]))


def _table(table: Table) -> str:
    marks = ["number" if name in table.numeric else "text" for name in table.header]
    head = "".join(f'<th class="{mark}">{escape(name)}</th>' for name, mark in zip(table.header, marks, strict=True))
    rows: list[str] = []
    length = 0
    for row in table.rows:
        rows.append(f"<tr>{''.join(map(_cell, row, marks))}</tr>")
        length += len(rows[-1])
        if length > _LONGEST_TABLE:
            break
    whole = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table>"
    left = len(table.rows) - len(rows)
    more = (
        f'<p class="note">and {counted(left, f"more {table.things}")} for which a page has no room</p>' if left else ""
    )
    return f'<div class="scroll" tabindex="0">{whole}</div>{more}'


def _cell(text: str, mark: str) -> str:
    return f'<td class="{mark}{" short" if len(text) <= _SHORT else ""}">{escape(text)}</td>'
