"""What --sota-mlflow does when a session ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dspysota.errors import SotaError

if TYPE_CHECKING:
    from dspysota.plugin.session import SotaSession
    from dspysota.records import Run
    from dspysota.report import ReportMeta


@dataclass(frozen=True)
class Logged:
    """What came of it, in a sentence; empty where nobody asked."""

    said: str = ""
    trouble: bool = False
    """It is then said under -q, too. It changes no exit code: the runs are stored, and the tests judged them."""


def store(session: SotaSession) -> str | None:
    """The URI of the store, or None where nobody named one. Raises pytest.UsageError."""
    given = session.given("--sota-mlflow")
    if given.value is None:
        return None
    from dspysota.tracking.address import address, secret

    if given.origin == "option" and secret(given.value):
        raise pytest.UsageError(
            f"{given.name} holds a password, and the command is kept in reports; put it into {given.option.env}."
        )
    try:
        return address(given.value, session.base(given))
    except SotaError as error:
        raise pytest.UsageError(f"{given.name}: {error}") from error


def log(session: SotaSession, folder: Path, runs: Sequence[Run], meta: ReportMeta | None, *, open_end: bool) -> Logged:
    """Log a session's runs where that was asked for; those of an interrupted one wait for its end."""
    try:
        uri = store(session)
        if uri is None or meta is None:
            return Logged()
        if open_end:
            return Logged("nothing was logged to MLflow yet: the command is not finished.")
        from dspysota.tracking import log as logged

        return Logged(logged(uri, folder, runs, meta))
    except (SotaError, pytest.UsageError) as error:
        later = f"dspysota export {folder.name} --format mlflow --output URI"
        return Logged(f"{error} The runs are stored; `{later}` logs them later.", trouble=True)
