"""What all figures share: colours that follow light and dark, logarithmic axes, SVG text and PNG files.

Figures are drawn in the colours for paper. In SVG each of them becomes a variable of the style sheet, which has another
value where the reader's screen is dark.
"""

from __future__ import annotations

import re
from io import BytesIO, StringIO
from typing import Any, NamedTuple

from ..errors import ConfigurationError


class Shade(NamedTuple):
    """A colour by its meaning: the variable, and its value on a light and on a dark ground."""

    name: str
    light: str
    dark: str


INK = Shade("ink", "#24323d", "#dde5ea")
DIM = Shade("dim", "#5f6e79", "#9fb0bb")
LINE = Shade("line", "#d8dfe5", "#3a4751")
GROUND = Shade("ground", "#fffffe", "#14191d")

_BACKENDS = {
    "numpy": Shade("numpy", "#6f7d88", "#a3b1bb"),
    "rust": Shade("rust", "#c8501e", "#f08a54"),
    "numba": Shade("numba", "#1f6f9b", "#5bb0dd"),
    "cupy": Shade("cupy", "#4c8a2f", "#8cc96b"),
}
#: Of what has no colour of its own: third-party backends, other libraries.
OTHERS = (
    Shade("other-1", "#8a5fb4", "#bd99e0"),
    Shade("other-2", "#a8861a", "#d9bb57"),
    Shade("other-3", "#b23f5e", "#e5839c"),
    Shade("other-4", "#2b8a6f", "#68c8ab"),
    Shade("other-5", "#4a5fb0", "#92a4ec"),
)

#: Of ratios, from "no gain" on; `STEPS` says where each begins.
RAMP = (
    Shade("gain-0", "#eef1f3", "#232b31"),
    Shade("gain-1", "#d6e9ec", "#1f3b42"),
    Shade("gain-2", "#a9d3d9", "#1d545e"),
    Shade("gain-3", "#6bb3be", "#1d6d78"),
    Shade("gain-4", "#267a87", "#39a0ad"),
    Shade("gain-5", "#125e6b", "#7ccfd8"),
)
STEPS = (1.1, 2.0, 5.0, 20.0, 100.0)
#: Of text on the steps above.
ON_RAMP = (INK, INK, INK, INK, GROUND, GROUND)

#: Of curves and bars.
LINES = (*_BACKENDS.values(), *OTHERS)

SHADES = (INK, DIM, LINE, GROUND, *LINES, *RAMP)

#: Pixels of a figure that a telephone shows whole, and of one for a page's width.
NARROW, WIDE = 368, 760

_PIXELS_PER_INCH = 96
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.parse_math": False,
    "text.color": INK.light,
    "axes.edgecolor": DIM.light,
    "axes.labelcolor": INK.light,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE.light,
    "grid.linewidth": 0.6,
    "xtick.color": DIM.light,
    "xtick.labelcolor": INK.light,
    "ytick.color": DIM.light,
    "ytick.labelcolor": INK.light,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "acm-dispatch",
}


def colour_of(backend: str, known: tuple[str, ...] = ()) -> str:
    """A backend's colour on paper; those without one of their own go by their place among `known`."""
    if backend in _BACKENDS:
        return _BACKENDS[backend].light
    others = [name for name in known if name not in _BACKENDS]
    return OTHERS[(others.index(backend) if backend in others else 0) % len(OTHERS)].light


def step_of(ratio: float) -> int:
    """Which step of `RAMP` a ratio belongs to."""
    return sum(ratio >= step for step in STEPS)


def drawing() -> Any:
    """A context in which figures look alike; a sentence where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        raise ConfigurationError(
            'report: figures are drawn by matplotlib, which is not installed: `pip install "acm-dispatch[report]"`'
        ) from None
    return matplotlib.rc_context(_STYLE)


def figure_of(
    width: float, height: float, margins: tuple[float, float, float, float] | None = None, **options: Any
) -> tuple[Any, Any]:
    """A figure of so many pixels, without a ground of its own, and its axes.

    `margins` are pixels on the left, right, top and bottom; they are worked out, for twice the time, where none are
    given.
    """
    from matplotlib.figure import Figure

    size = width / _PIXELS_PER_INCH, height / _PIXELS_PER_INCH
    figure = Figure(figsize=size, layout=None if margins else "constrained")
    if margins:
        left, right, top, bottom = margins
        figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
    figure.patch.set_alpha(0.0)
    axes = figure.subplots(**options)
    for each in getattr(axes, "flat", [axes]):
        each.patch.set_alpha(0.0)
    return figure, axes


def logarithmic(axis: Any, told: Any) -> None:
    """A logarithmic axis with a tick at powers of ten only, each labelled by `told`."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_major_locator(LogLocator(numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: told(value)))


def seconds_told(seconds: float) -> str:
    """A time in the unit that one would say it in: ``2 ms``."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size * 0.9995:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def count_told(count: float) -> str:
    """A number in few characters: ``60k``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:.3g}"


def ratio_told(ratio: float) -> str:
    """Two or three digits, whatever the size."""
    return f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}"


def as_png(figure: Any) -> bytes:
    """The figure on white, at twice the pixels."""
    content = BytesIO()
    figure.savefig(content, format="png", dpi=2 * _PIXELS_PER_INCH, facecolor=GROUND.light, metadata={"Software": None})
    return content.getvalue()


def as_svg(figure: Any, name: str, title: str, *, alone: bool = False) -> str:
    """The figure as an SVG element, the same for the same figure.

    Parameters
    ----------
    figure : matplotlib figure
    name : str
        Unique among the figures of a page: prefix of all ids.
    title : str
        What it shows, for those who do not see it.
    alone : bool
        Whether it is to bring the style sheet, as a file of its own does; a page has it once.
    """
    from html import escape

    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    body = text.getvalue().partition("<svg")[2].partition(">")[2]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    width, height = (round(float(inches) * _PIXELS_PER_INCH) for inches in figure.get_size_inches())
    points = " ".join(f"{float(inches) * 72:g}" for inches in figure.get_size_inches())
    body = _by_variables(_with_own_ids(body, name))
    style = f"<style>{style_sheet(body)}</style>" if alone else ""
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="figure shades" '
        f'role="img" width="{width}" height="{height}" viewBox="0 0 {points}"><title>{escape(title)}</title>{style}'
    )
    return head + body


def _with_own_ids(body: str, name: str) -> str:
    """Only the ids that something refers to, each with `name` before it."""
    used = {*re.findall(r'(?:url\(|href=")#([^)"]+)', body)}
    body = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body)
    return re.sub(r'(url\(|href=")#', rf"\1#{name}-", body)


def _by_variables(body: str) -> str:
    """Colours as variables, fonts as the page has them."""
    body = re.sub(r"font-family: [^;\"]*;? ?", "", re.sub(r"font: (?:\w+ )*?([\d.]+px)[^;\"]*", r"font-size: \1", body))
    values = {shade.light: f"var(--{shade.name})" for shade in SHADES}
    body = re.sub("|".join(values), lambda found: values[found[0]], body)
    return re.sub(r"(\d\.\d{2})\d+", r"\1", re.sub(r"\n\s*", "\n", body)).strip()


def style_sheet(body: str | None = None) -> str:
    """Both sets of colours: as the reader's system wants them, unless the page says so itself by `data-theme`.

    Where the `body` of a single figure is given, only of those colours that are in it.
    """
    used = [shade for shade in SHADES if body is None or f"--{shade.name})" in body]
    light = "".join(f"--{shade.name}:{shade.light};" for shade in used)
    dark = "".join(f"--{shade.name}:{shade.dark};" for shade in used)
    return (
        f".shades{{{light}}}@media(prefers-color-scheme:dark){{.shades{{{dark}}}}}"
        f'[data-theme="light"] .shades{{{light}}}[data-theme="dark"] .shades{{{dark}}}'
        ".figure{max-width:100%;height:auto}"
        ".figure text{font-family:system-ui,'DejaVu Sans',sans-serif}"
    )
