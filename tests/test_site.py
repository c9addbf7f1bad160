"""What the pages of the site show is what happens."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
#: docs/plugins.md is a distribution, which test_documents installs; the rest are written by a program or records.
PAGES = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if page.relative_to(DOCS).parts[0] not in {"_build", "adr", "operations", "plugins.md", "reference.md"}
    and ">>>" in page.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_blocks_of_a_page_run_and_print_what_they_show(page):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert all(block.startswith(">>>") for block in blocks), "a block shows its results"
    names = {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    said = []
    for number, block in enumerate(blocks):
        test = doctest.DocTestParser().get_doctest(block, names, f"block {number}", str(page), 0)
        runner.run(test, clear_globs=False, out=said.append)
        names = test.globs
    assert runner.tries, page
    assert not runner.failures, "".join(said)


def test_no_link_of_a_page_is_dead():
    written = {"operations/index", "settings", "reference"}  # by make docs
    for page in DOCS.rglob("*.md"):
        where = page.relative_to(DOCS)
        if where.parts[0] in {"_build", "adr", "operations"}:
            continue
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            name = str(target.relative_to(DOCS)).removesuffix(".md")
            assert target.exists() or name in written, f"{where} links to {link}"
