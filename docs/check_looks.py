"""Look in headless Chromium at every page of the built site, narrow and wide, light and dark: `check_looks.py FOLDER`.

No page may be wider than the screen, and text and figures have to stand out from the ground in both themes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

#: Pixels of a small telephone and of a laptop.
WIDTHS = (400, 1280)

#: Of luminances, by the accessibility guidelines (WCAG) for text of the usual size.
_LEAST_CONTRAST = 4.5

# Loads each page into frames of these widths and writes down, for both themes, how wide it would like to be and the
# least contrast of a paragraph or a figure's ink against what is behind it.
_LOOKING = """<pre id="found"></pre><script>
const found = [], looks = [];
for (const page of PAGES) for (const width of WIDTHS) looks.push([page, width]);
const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function rgba(colour) {
  probe.clearRect(0, 0, 1, 1); probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
  return probe.getImageData(0, 0, 1, 1).data;
}
function luminance(colour) {
  const [r, g, b] = [...rgba(colour)].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ground(view, element) {
  for (; element; element = element.parentElement) {
    const colour = view.getComputedStyle(element).backgroundColor;
    if (rgba(colour)[3] == 255) return colour;
  }
  return "white";
}
function contrast(view, element) {
  const style = view.getComputedStyle(element), ink = style.getPropertyValue("--ink").trim();
  const colour = element.matches("svg.figure") ? ink || "currentColor" : style.color;
  const [dark, light] = [luminance(colour), luminance(ground(view, element))].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
function next() {
  const look = looks.shift(), frame = document.createElement("iframe");
  if (!look) { document.getElementById("found").textContent = JSON.stringify(found); return; }
  const [page, width] = look;
  frame.width = width; frame.height = 800; frame.style.border = "0"; frame.src = page;
  frame.onload = () => {
    const view = frame.contentWindow, root = frame.contentDocument.documentElement;
    for (const theme of ["light", "dark"]) {
      root.dataset.theme = theme;
      const seen = [...root.querySelectorAll("p, h1, td, svg.figure")].map(element => contrast(view, element));
      found.push([page, width, theme, root.scrollWidth, Math.min(21, ...seen)]);
    }
    frame.remove(); next();
  };
  document.body.append(frame);
}
onload = next;
</script>"""


class Look(NamedTuple):
    """How a page looks on a screen of so many pixels in a theme: how wide it is, and its least contrast."""

    page: str
    screen: int
    theme: str
    width: int
    contrast: float

    @property
    def fault(self) -> str | None:
        """What is wrong with it, as a sentence, or None."""
        where = f"{self.page} at {self.screen} pixels, {self.theme}"
        if self.width > self.screen:
            return f"{where}: is {self.width} pixels wide"
        if self.contrast < _LEAST_CONTRAST:
            return f"{where}: something has a contrast of {self.contrast:.1f} with its ground"
        return None


class _Site(SimpleHTTPRequestHandler):
    """The site and, at its root, the page that looks at all others."""

    def __init__(self, *arguments: object, looking: str, **options: object) -> None:
        self.looking = looking.encode()
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.looking)

    def log_message(self, *arguments: object) -> None:
        """Nothing: a line for each file would hide what is found."""


def looks_of(site: Path, chromium: str) -> list[Look]:
    """How each page looks on each screen, in each theme."""
    pages = [str(page.relative_to(site)) for page in sorted(site.rglob("*.html")) if "_static" not in page.parts]
    looking = _LOOKING.replace("PAGES", json.dumps(pages)).replace("WIDTHS", json.dumps(WIDTHS))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(site), looking=looking)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        # The pages are our own, and as root, as in a container, Chromium has no sandbox.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=120000", "--dump-dom"]
        command = [chromium, *options, f"http://127.0.0.1:{server.server_port}/"]
        text = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
        server.shutdown()
    told = json.loads(unescape(re.findall(r'<pre id="found">(.*?)</pre>', text, re.DOTALL)[0] or "[]"))
    found = [Look(*look) for look in told]
    if missing := set(pages) - {look.page for look in found}:
        raise SystemExit(f"not all pages were loaded; missing: {', '.join(sorted(missing))}")
    return found


def browser() -> str | None:
    """The first Chromium that is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


if __name__ == "__main__":
    chromium = browser()
    if chromium is None:
        print("The looks of the pages are not checked: Chromium is not installed.")
    elif faults := [fault for look in looks_of(Path(sys.argv[1]), chromium) if (fault := look.fault)]:
        sys.exit("\n".join(faults))
