"""Stored runs in, files for people and CI out: HTML, Markdown, JUnit, terminal lines, the results document.

Every report is a pure function of records: nothing is measured, asked or looked up here, and the same records give the
same bytes, so a report can be rebuilt anywhere from its run folder.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dspysota.errors import RunError
from dspysota.records import Run
from dspysota.report import html, junit, markdown
from dspysota.report.meta import FILE, Outcome, ReportMeta, load_meta

__all__ = ["Outcome", "ReportMeta", "load_meta", "write_all"]


def write_all(folder: Path, runs: Sequence[Run], meta: ReportMeta) -> dict[str, Path]:
    """Write `report.html`, `summary.md`, `junit.xml` and `outcomes.json` into `folder`, each whole or not at all.

    Returns their paths by those names. Raises RunError where the folder cannot be written.
    """
    contents = {
        "report.html": html.render(runs, meta),
        "summary.md": markdown.summary(runs, meta),
        "junit.xml": junit.render(runs, meta),
        FILE: meta.model_dump_json(indent=1) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write(folder / name, content)
    except OSError as error:
        raise RunError(f"The report cannot be written to {str(folder)!r}: {error.strerror}.") from error
    return {name: folder / name for name in contents}


def write(path: Path, content: str) -> None:
    """Replace a file in one step, so that nobody ever reads half of it."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(content)
        os.chmod(beside, 0o644)  # mkstemp makes files that nobody else may read; a report is for others
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
