"""What the pages of the site show is what happens."""

import doctest
import re
import runpy
from pathlib import Path

import acm_monitor
import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import registry
from acm_dispatch.cli.app import app

DOCS = Path(__file__).parent.parent / "docs"
#: docs/plugins.md is a distribution, which test_documents installs; the rest are written by a program or records.
PAGES = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if page.relative_to(DOCS).parts[0] not in {"_build", "adr", "operations", "chunks.md", "plugins.md", "reference.md"}
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
    written = {"operations/index", "chunks", "settings", "reference"}  # by make docs
    for page in DOCS.rglob("*.md"):
        where = page.relative_to(DOCS)
        if where.parts[0] in {"_build", "adr", "operations"}:
            continue
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            name = str(target.relative_to(DOCS)).removesuffix(".md")
            assert target.exists() or name in written, f"{where} links to {link}"


@pytest.mark.skipif(not {"rust", "numba"} <= registry.backends().keys(), reason="the pages name every backend")
def test_every_public_name_is_on_a_page():
    pages = runpy.run_path(str(DOCS / "generate.py"))["pages"]()
    named = re.findall(r"^\.\. auto\w+:: acm_dispatch\.([\w.]+)$", "\n".join(pages.values()), re.MULTILINE)
    checks = {f"options.{name}" for name in acm_dispatch.options.__all__}
    assert {*named} >= {*acm_dispatch.__all__} - {"options"} | checks
    assert len(named) == len({*named})


def test_every_public_name_of_the_monitor_is_on_its_page():
    page = (DOCS / "guide" / "monitoring.md").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. auto\w+:: acm_monitor\.(\w+)$", page, re.MULTILINE)
    assert sorted(named) == sorted(acm_monitor.__all__)


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "one.html").write_text('<a href="two.html#here">', encoding="utf-8")
    (tmp_path / "two.html").write_text('<p id="here"><a href="one.html"><a href="#there"><img src="no.png">')
    dead_links = runpy.run_path(str(DOCS / "check_links.py"))["dead_links"]
    assert dead_links(tmp_path) == ["two.html: #there leads nowhere", "two.html: no.png leads nowhere"]


def test_every_command_of_the_pages_exists():
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    named = {
        word
        for page in DOCS.rglob("*.md")
        if "_build" not in page.parts
        for word in re.findall(r"(?:`|\$ )acm-dispatch (\w+)", page.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= known


COMING_FROM = (DOCS / "coming_from.md").read_text(encoding="utf-8")
ROWS = [
    (heading, *row)
    for heading, table in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", COMING_FROM, re.MULTILINE | re.DOTALL)
    for row in re.findall(r"^\| `(.*?)` \| `(.*?)` \|", table, re.MULTILINE)
]


@pytest.fixture(scope="module")
def shown():
    """What the page of other libraries computes with, and what its calls are made of."""
    names = {}
    for example in doctest.DocTestParser().get_examples(COMING_FROM.partition("## ")[0]):
        exec(example.source, names)
    learned = ["preprocessing", "impute", "cluster", "metrics", "metrics.pairwise", "decomposition", "covariance"]
    for module in learned:
        names |= vars(pytest.importorskip(f"sklearn.{module}"))
    names["forest"] = pytest.importorskip("sklearn.ensemble").IsolationForest(random_state=0).fit(names["x"])
    return names


@pytest.mark.parametrize(("library", "theirs", "ours"), ROWS, ids=lambda text: text.partition("(")[0])
def test_what_other_libraries_call_differently_gives_the_same(library, theirs, ours, shown):
    names = {**shown, "bn": pytest.importorskip("bottleneck")} if library == "bottleneck" else shown
    np.testing.assert_allclose(eval(ours, names), np.asarray(eval(theirs, names)), rtol=1e-7, atol=1e-9)
