"""Look in headless Chromium whether every page of the built site fits a telephone: `check_width.py FOLDER`."""

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

WIDTH = 400  # pixels of a small telephone

# Loads each page into a frame of that width and writes down how wide it would like to be.
_LOOKING = """<pre id="found"></pre><script>
const found = {}, pages = PAGES;
function next() {
  const page = pages.shift(), frame = document.createElement("iframe");
  if (!page) { document.getElementById("found").textContent = JSON.stringify(found); return; }
  frame.width = WIDTH; frame.height = 800; frame.style.border = "0"; frame.src = page;
  frame.onload = () => { found[page] = frame.contentDocument.documentElement.scrollWidth; frame.remove(); next(); };
  document.body.append(frame);
}
onload = next;
</script>"""


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


def widths(site: Path, chromium: str) -> dict[str, int]:
    """How many pixels each page takes where it is given `WIDTH`."""
    pages = [str(page.relative_to(site)) for page in sorted(site.rglob("*.html")) if "_static" not in page.parts]
    looking = _LOOKING.replace("PAGES", json.dumps(pages)).replace("WIDTH", str(WIDTH))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(site), looking=looking)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        # The pages are our own, and as root, as in a container, Chromium has no sandbox.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]
        command = [chromium, *options, f"http://127.0.0.1:{server.server_port}/"]
        text = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
        server.shutdown()
    found: dict[str, int] = json.loads(unescape(re.findall(r'<pre id="found">(.*?)</pre>', text, re.DOTALL)[0]))
    if missing := set(pages) - found.keys():
        raise SystemExit(f"not all pages were loaded; missing: {', '.join(sorted(missing))}")
    return found


if __name__ == "__main__":
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        print("The width of the pages is not checked: Chromium is not installed.")
    elif wide := [
        f"{page}: {width} pixels" for page, width in widths(Path(sys.argv[1]), browser).items() if width > WIDTH
    ]:
        sys.exit(f"wider than {WIDTH} pixels:\n" + "\n".join(wide))
