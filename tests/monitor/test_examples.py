"""The example notebook shows what its cells give."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "monitor" / "examples" / "analyse.ipynb"


def told(output):
    """What an output of the notebook's file shows in a terminal."""
    return "".join(output.get("text") or output["data"]["text/plain"]).strip()


@pytest.mark.filterwarnings("ignore")  # IPython's own
def test_the_notebook_shows_what_its_cells_give():
    interactive = pytest.importorskip("IPython.core.interactiveshell", reason="needs IPython").InteractiveShell
    from IPython.utils.capture import capture_output

    shell = interactive.instance()
    try:
        cells = [
            cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"
        ]
        for cell in cells:
            with capture_output() as captured:
                result = shell.run_cell("".join(cell["source"]))
            result.raise_error()
            seen = [captured.stdout.strip().partition("Out[")[0].strip()]
            if result.result is not None:
                seen.append(shell.display_formatter.format(result.result)[0]["text/plain"].strip())
            assert list(filter(None, seen)) == list(map(told, cell["outputs"]))
        assert len(cells) > 5
    finally:
        interactive.clear_instance()
