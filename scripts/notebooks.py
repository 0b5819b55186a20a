"""Execute the notebooks on their stored runs and keep the outputs: `python -m scripts.notebooks`.

What is kept is the same wherever and whenever it was made, except for the pixels of plots: no times, no counters of the
kernel's, no paths. So a test can tell whether what is committed is what the cells say.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
SECONDS = 600
"""A cell may take so long, on the slowest of machines or measuring live."""


def names() -> list[str]:
    """The notebooks, by file name."""
    return sorted(path.name for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> Any:
    """A notebook as it is committed."""
    import nbformat

    return nbformat.read(FOLDER / name, as_version=4)


def executed(notebook: Any, environment: dict[str, str] | None = None) -> Any:
    """The notebook with the outputs of a fresh kernel. Raises CellExecutionError where a cell fails."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        record_timing=False,
        coalesce_streams=True,  # what one cell prints is one output, however it came
    )
    # The tree that the notebooks belong to goes before one that is installed.
    env = {**os.environ, **(environment or {})}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), env.get("PYTHONPATH"))))
    client.execute(env=env)
    return tidied(notebook)


def tidied(notebook: Any) -> Any:
    """The notebook without what differs from one execution to the next."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for place, cell in enumerate(notebook.cells):
        cell.metadata = {}
        cell.id = f"cell-{place:02d}"
    return notebook


def texts(notebook: Any) -> list[str]:
    """What each code cell printed or returned, pictures left out."""
    return ["".join(map(_text, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"]


def pictures(notebook: Any) -> list[bytes]:
    """The plots, as PNG."""
    import base64

    found = [
        output.data["image/png"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    return [base64.b64decode(one) for one in found]


def _text(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    # A figure's text is its size in pixels, which the fonts at hand decide.
    return "" if "image/png" in output.data else str(output.data.get("text/plain", ""))


def main() -> int:
    """Execute all notebooks; return the exit status."""
    import nbformat

    for name in names():
        began = time.perf_counter()
        nbformat.write(executed(read(name)), FOLDER / name)
        print(f"{name}: executed in {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
