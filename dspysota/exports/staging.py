"""Several files that appear together, each of them whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from types import TracebackType

from dspysota.errors import ConfigError, RunError


class Staging:
    """A folder beside the place to be, in which files are written first. Left without `keep`, it leaves nothing.

    Raises RunError where nothing can be written.
    """

    def __init__(self, output: Path, source: str, *, force: bool) -> None:
        self.source = source
        """Name of the run folder that is exported."""
        self._output = output
        self._force = force
        self._made: list[PurePosixPath] = []
        try:
            output.mkdir(parents=True, exist_ok=True)
            self._beside = Path(tempfile.mkdtemp(dir=output, prefix=".export-"))
        except OSError as wrong:
            raise RunError(f'"{output.name}" cannot be written: {wrong.strerror}; name another --output.') from None

    def file(self, *parts: str) -> Path:
        """Where to write the file that is to be `parts` below the output. Raises ConfigError where there is one."""
        place = PurePosixPath(*parts)
        if os.path.lexists(self._output / place) and not self._force:
            raise ConfigError(f"{str(self._output / place)!r} is there already; add --force to replace it.")
        path = self._beside / place
        path.parent.mkdir(parents=True, exist_ok=True)
        self._made.append(place)
        return path

    def keep(self) -> list[Path]:
        """Move every file to its place, in the order in which they were asked for; return them."""
        kept = []
        try:
            for place in self._made:
                final = self._output / place
                final.parent.mkdir(parents=True, exist_ok=True)
                (self._beside / place).chmod(0o644)  # mkdtemp is for its owner alone; an export is for others
                os.replace(self._beside / place, final)
                kept.append(final)
        except OSError as wrong:
            raise RunError(f'"{self._output.name}" cannot be written: {wrong.strerror}.') from None
        return kept

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._beside, ignore_errors=True)
