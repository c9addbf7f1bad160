"""The result as one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape as escape_markup
from pathlib import Path

import acm_dispatch

from .calls import Measured
from .errors import printable
from .examine import Findings
from .plots import figures
from .section import Section, Table
from .sections import sections
from .targets import write_whole

_STYLE = """\
:root { color-scheme: light; --ink: #24323d; --dim: #5d6c77; --line: #d9e0e5; --accent: #1f6f8b; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f6f7; color: var(--ink);
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 32px 20px 48px; }
header { margin-bottom: 20px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
header p { margin: 0; color: var(--dim); }
section { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 18px 22px; margin: 14px 0; }
h2 { font-size: 17px; margin: 0 0 8px; color: var(--accent); }
p { margin: 4px 0; }
.note { color: var(--dim); font-size: 13px; margin-top: 10px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; min-width: 60%; margin-top: 8px; font-size: 13.5px; }
th { text-align: left; font-weight: 600; color: var(--dim); border-bottom: 2px solid var(--line); white-space: nowrap; }
th, td { padding: 5px 22px 5px 0; vertical-align: top; }
td { border-bottom: 1px solid #edf0f2; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.short { white-space: nowrap; }
img { display: block; width: 100%; height: auto; margin: 10px 0 4px; }
@media print { body { background: #fff; } section { break-inside: avoid; border: 0; padding: 0; } }
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p>{subtitle}</p>
</header>
{sections}
</main>
</body>
</html>
"""

#: Sections that say something only with their table have no sparkline in HTML: the figure shows it better.
_FIGURE_INSTEAD = {"health"}
#: Cells of at most so many characters are kept on one line.
_SHORT = 34


def write_findings(path: Path, findings: Findings, measured: Sequence[Measured], warm_up: float) -> None:
    """Write the page on what was found."""
    subtitle = f"acm-dispatch {acm_dispatch.__version__}, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    title = f"Condition monitoring: {findings.recording.source}"
    write_report(path, title, subtitle, sections(findings, measured, warm_up), figures(findings, measured))


def write_report(path: Path, title: str, subtitle: str, parts: Mapping[str, Section], drawn: Mapping[str, str]) -> None:
    """Write the page to `path`, whole or not at all."""
    text = "\n".join(_section(key, section, drawn.get(key)) for key, section in parts.items())
    page = _PAGE.format(title=escape(title), subtitle=escape(subtitle), style=_STYLE, sections=text)
    write_whole(path, "report", lambda unfinished: unfinished.write_text(page, encoding="utf-8"))


def _section(key: str, section: Section, figure: str | None) -> str:
    paragraphs: Sequence[str] = () if key in _FIGURE_INSTEAD else section.paragraphs
    parts = [f'<section id="{key}">', f"<h2>{escape(section.title)}</h2>"]
    parts += [f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs]
    if figure is not None:
        parts.append(_image(figure, section.title))
    if section.table is not None:
        parts.append(_table(section.table))
    parts += [f'<p class="note">{escape(note)}</p>' for note in section.notes]
    return "\n".join([*parts, "</section>"])


def _image(svg: str, title: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="Figure: {escape(title)}" src="data:image/svg+xml;base64,{data}">'


def _table(table: Table) -> str:
    marks = ["number" if name in table.numeric else "text" for name in table.header]
    head = "".join(f'<th class="{mark}">{escape(name)}</th>' for name, mark in zip(table.header, marks, strict=True))
    rows = "\n".join(f"<tr>{''.join(map(_cell, row, marks))}</tr>" for row in table.rows)
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'


def _cell(text: str, mark: str) -> str:
    return f'<td class="{mark}{" short" if len(text) <= _SHORT else ""}">{escape(text)}</td>'


def escape(text: str) -> str:
    """`text` as HTML shows it."""
    return escape_markup(printable(text))
