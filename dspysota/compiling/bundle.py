"""A compiled program as one JSON file that can be moved: written without what is this machine's alone, and read warily.

{"dspysota_program": 1, "key", "parts", "info", "made", "versions", "state": {…}, "digest": sha256 of all the rest}

Imports no DSPy.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dspysota.compiling import parts, saved, shape
from dspysota.compiling.library import Stored, read
from dspysota.compiling.saved import Meta
from dspysota.errors import ConfigError, ProgramError

FORMAT = 1
"""Version of the file; a reader refuses a newer one."""


def text_of(entry: Stored) -> str:
    """Return a program as the text of one file, without addresses, folders of this machine, or keys.

    The state goes as it is: whatever its demonstrations say, the model is shown it.
    """
    _check_portable(entry.meta)
    known = parts.portable(entry.meta.model_dump(mode="json"))
    body = {"dspysota_program": FORMAT, **known, "state": json.loads(entry.state)}
    return saved.canonical({**body, "digest": saved.digest_of(saved.canonical(body))}) + "\n"


def export(entry: Stored, path: Path, *, force: bool = False) -> None:
    """Write a program to a file. Raises ConfigError when there is one and not `force`, ProgramError when it cannot.

    ProgramError also for a program whose weights were trained: no JSON file holds these.
    """
    if path.exists() and not force:
        raise ConfigError(f"{str(path)!r} is there already; name another file, or say --force to replace it.")
    try:
        saved.write(path, text_of(entry))
    except OSError as error:
        raise ProgramError(f"The program cannot be written to {str(path)!r}: {error.strerror}.") from error


def open_file(path: Path) -> Stored:
    """Return the program in an exported file, or in a `program.json` with its `meta.json` beside it.

    Raises ProgramError where there is none, it is damaged, or it holds what no program of ours has.
    """
    if path.name == "program.json" and (path.parent / "meta.json").is_file():
        return read(path.parent)
    try:
        values, written = _object(saved.bounded(path)), path.stat().st_mtime
    except OSError as error:
        raise ProgramError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"{str(path)!r} is no exported program: {_first(error)}.") from error
    form = values.pop("dspysota_program", None)
    if type(form) is not int:
        raise ProgramError(f"{str(path)!r} is no exported program; make one with `dspysota programs export KEY FILE`.")
    if form > FORMAT:
        raise ProgramError(f"{str(path)!r} has format {form}, and this dspysota reads up to {FORMAT}; upgrade it.")
    return _checked(path, values, datetime.fromtimestamp(written, UTC))


def keep(entry: Stored, *, force: bool = False) -> bool:
    """Store a program under its key; return False where the same one is there already.

    Raises ConfigError where a different one is there and not `force`, ProgramError when it cannot be written, or the
    key is not that of its parts; where some were left out of them, that is seen when it is loaded.
    """
    _check_portable(entry.meta)
    _check_key(entry.meta)
    folder = saved.folder_of(entry.meta.key)
    try:
        there = read(folder)
    except ProgramError:
        there = None  # none, or one that can only be replaced
    if there is not None and text_of(there) == text_of(entry):
        return False
    if there is not None and not force:
        raise ConfigError(
            f"A different program is stored as {folder.name[:12]!r}; look at it with `dspysota programs show "
            f"{folder.name[:12]}`, or say --force to replace it."
        )
    saved.put(entry.meta, entry.state)
    return True


def _check_portable(meta: Meta) -> None:
    if meta.info.training is not None:
        raise ProgramError(
            f"The program {meta.key[:12]!r} is of weights that were trained for it, which no such file holds; have it "
            "compiled where it is needed."
        )


def _check_key(meta: Meta) -> None:
    # Where no request was made, the budget that belongs to the key was not noted.
    if parts.lacks(meta.parts) or not meta.info.phases:
        return
    if saved.full_key(meta.parts, meta.info.budget) != meta.key:
        raise ProgramError(
            f"The key {meta.key[:12]!r} is not that of this program, so another program would be taken for it; "
            "export it again where it was compiled."
        )


def _checked(path: Path, values: dict[str, Any], written: datetime) -> Stored:
    claimed = values.pop("digest", None)
    try:
        whole = saved.digest_of(saved.canonical({"dspysota_program": FORMAT, **values})) == claimed
        state = saved.canonical(values.pop("state", None))
        meta = Meta.model_validate(values)
        predictors = shape.read(state)
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"{str(path)!r} holds no program that could be taken: {_first(error)}.") from error
    if not whole or saved.digest_of(state) != meta.info.program_digest:
        raise ProgramError(f"{str(path)!r} was changed after it was exported, or cut off; export it again.")
    return Stored(meta=meta, state=state, predictors=predictors, written=written)


def _object(data: bytes) -> dict[str, Any]:
    values = json.loads(data)
    if not isinstance(values, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  one kind of error for all that is wrong with a file
    return values


def _first(error: Exception) -> str:
    """Return the first thing wrong with a file, without what the file says."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return "it is not JSON" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)[:100]
    first = errors(include_url=False, include_input=False, include_context=False)[0]
    # Names in it are the file's own, and any text.
    where = ".".join(repr(part)[1:-1] if isinstance(part, str) else str(part) for part in first["loc"])
    return f"{where[:100]}: {first['msg'][:100]}"
