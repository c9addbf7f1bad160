"""Look, without a network, whether every link within the built site leads to something: `check_links.py FOLDER`."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """The links of a page and the places in it that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {"", "top"}  # which every browser knows
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value or "")
            elif name in ("id", "name"):
                self.anchors.add(value or "")


def dead_links(site: Path) -> list[str]:
    """A line for each link from a page to a file or heading that is not there; links to elsewhere are not followed."""
    site = site.resolve()
    written = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]  # where the theme's are
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in written}
    found: list[str] = []
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            scheme, host, target, _, anchor = urlsplit(link)
            if scheme or host:
                continue
            to = (path.parent / unquote(target)).resolve() if target else path
            if not to.exists() or (to in pages and unquote(anchor) not in pages[to].anchors):
                found.append(f"{path.relative_to(site)}: {link} leads nowhere")
    return found


if __name__ == "__main__":
    if found := dead_links(Path(sys.argv[1])):
        sys.exit("\n".join(found))
