"""Stored cases in the forms that other tools read: Parquet and JSON lines, one row a case, and lm-eval's sample logs.

Nothing is measured or judged here. A file is written whole or not at all, and none that is there is replaced unless
that is asked for. No address and no key gets into them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dspysota.errors import ConfigError
from dspysota.exports import lm_eval, tables
from dspysota.exports.staging import Staging
from dspysota.records import Run

FOLDER = "exports"
"""Where exports go below a run folder, unless another place is named."""

FORMATS: Mapping[str, Callable[[Sequence[Run], Staging], None]] = {
    "parquet": tables.write_parquet,
    "jsonl": tables.write_jsonl,
    "lm-eval": lm_eval.write,
}
"""What can be written, and by what."""

__all__ = ["FOLDER", "FORMATS", "export"]


def export(runs: Sequence[Run], form: str, output: Path, *, source: str, force: bool = False) -> list[Path]:
    """Write the cases of `runs` below `output`; return the files. `source` is the name of their run folder.

    Raises ConfigError for an unknown form, where there is nothing to write, and where a file is there already and
    `force` is not given; RunError where the folder cannot be written.
    """
    if form not in FORMATS:
        raise ConfigError(f"{form!r} is no format; it must be one of {', '.join(FORMATS)}.")
    if not any(run.cases for run in runs):
        raise ConfigError("There is no case to export yet; wait until questions were answered.")
    with Staging(output, source, force=force) as staging:
        FORMATS[form](runs, staging)
        return staging.keep()
