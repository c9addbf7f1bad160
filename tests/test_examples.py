"""The example notebooks run, and keep what they show; the pages made of them say the same."""

import runpy
from copy import deepcopy
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="a shell of IPython runs the notebooks")

NOTEBOOKS = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "notebooks.py"))
FOUND = sorted(NOTEBOOKS["EXAMPLES"].glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore")  # IPython's own
@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_a_notebook_gives_what_it_keeps(path):
    kept = NOTEBOOKS["read"](path)
    given = NOTEBOOKS["run"](deepcopy(kept))
    code = [(old, new) for old, new in zip(kept["cells"], given["cells"], strict=True) if old["cell_type"] == "code"]
    assert code
    for old, new in code:
        if NOTEBOOKS["shows_times"](old):
            assert [{*output["data"]} for output in old["outputs"]] == [{*output["data"]} for output in new["outputs"]]
        else:
            assert old["outputs"] == new["outputs"], "".join(old["source"])


@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_the_page_of_a_notebook_holds_its_cells_and_outputs(path):
    notebook = NOTEBOOKS["read"](path)
    page = NOTEBOOKS["as_page"](notebook)
    assert page.startswith("# ")
    for cell in notebook["cells"]:
        assert "".join(cell["source"]) in page
        for output in cell.get("outputs", []):
            shown = output.get("text") or output["data"].get("text/html") or output["data"]["text/plain"]
            assert "".join(shown).strip() in page


def test_the_error_of_a_cell_ends_a_notebook():
    cell = {"cell_type": "code", "metadata": {}, "source": ["1 / 0"], "outputs": []}
    with pytest.raises(ZeroDivisionError):
        NOTEBOOKS["run"]({"cells": [cell]})
