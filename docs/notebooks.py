"""Run the example notebooks and keep what they show: `notebooks.py` rewrites docs/examples/*.ipynb.

They run in a shell of IPython, without the machinery of kernels. `make docs` makes pages of them; a test holds what
they keep against what they give. A cell that shows times has the tag `times`, since these are others every time.
"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent / "examples"

#: What is kept of an output, and in which order a page prefers it.
_KINDS = ("text/html", "text/plain")


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs of its cells; the error of a cell ends it."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for count, cell in enumerate(code, 1):
            cell |= {"execution_count": count, "outputs": _outputs(shell, "".join(cell["source"]), count)}
    finally:
        InteractiveShell.clear_instance()
    return notebook


def _outputs(shell: Any, source: str, count: int) -> list[dict[str, Any]]:
    """What the cell prints, and its value in the forms that notebooks show."""
    from IPython.core.displayhook import CapturingDisplayHook

    shell.display_trap.hook = values = CapturingDisplayHook(shell)
    with redirect_stdout(StringIO()) as printed:
        shell.run_cell(source).raise_error()
    found: list[dict[str, Any]] = []
    if text := printed.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)})
    for value in values.outputs:
        data = {kind: value["data"][kind].splitlines(keepends=True) for kind in _KINDS if kind in value["data"]}
        found.append({"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data})
    return found


def shows_times(cell: dict[str, Any]) -> bool:
    """Whether the cell's outputs are others every time."""
    return "times" in cell["metadata"].get("tags", ())


def as_page(notebook: dict[str, Any]) -> str:
    """The notebook as a page of the site, with the outputs that it keeps."""
    parts: list[str] = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```{'ipython' if source.startswith('%') else 'python'}\n{source}\n```")
        parts += map(_shown, cell["outputs"])
    return "\n\n".join(parts) + "\n"


def _shown(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return f"```text\n{''.join(output['text']).rstrip()}\n```"
    kind = next(kind for kind in _KINDS if kind in output["data"])
    text = "".join(output["data"][kind])
    return f"```{{raw}} html\n{text}\n```" if kind == "text/html" else f"```text\n{text}\n```"


def read(path: Path) -> dict[str, Any]:
    """A notebook as it is kept."""
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for path in sorted(EXAMPLES.glob("*.ipynb")):
        path.write_text(json.dumps(run(read(path)), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(path.name)
