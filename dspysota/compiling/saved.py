"""Compiled programs on disk: JSON in a folder per key, written whole or not at all, and never trusted when read.

<programs>/<key>/program.json   the state that DSPy dumps
<programs>/<key>/meta.json      what the key was made of, what the compilation took, when and with what it was made

Reading them imports no DSPy.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, Field, JsonValue

from dspysota import __version__, paths
from dspysota.compiling import shape
from dspysota.compiling.parts import difference
from dspysota.errors import ProgramError
from dspysota.records import Budget, CompileInfo, Record

if TYPE_CHECKING:
    import dspy

MAX_BYTES = 16 * 1024 * 1024
"""Of one file; a program with a hundred long demonstrations has less than one."""


class Meta(Record):
    """What is known of a stored program besides its state."""

    key: str = Field(pattern="^[0-9a-f]{64}$")
    parts: dict[str, JsonValue]
    """What the key was made of; the budget is in `info`."""
    info: CompileInfo
    made: AwareDatetime | None = None
    """When it was compiled; None in entries older than this field."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Of the packages that compiled it."""


_SHOWN = ("demos", "traces", "train")
"""What a predictor's state holds of examples."""


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the sha256 of what determines a program, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def full_key(parts: Mapping[str, Any], budget: Budget) -> str:
    """Return the key of a program: of its parts and of the budget that it was searched within."""
    return key_of({**parts, "budget": budget.model_dump(mode="json")})


def state_of(module: dspy.Module) -> str:
    """Return the program's state as canonical JSON. Language models and their settings are not part of it."""
    return canonical(module.dump_state())


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, a value a line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)


def without_demonstrations(state: str, start: str) -> str:
    """Return a state with no demonstrations in it: `start`, the unprepared program's, where nothing else was changed.

    A program made of several, such as an ensemble, keeps the predictors of its parts under longer names; if each is an
    unprepared one, the whole answers as the unprepared program does.
    """
    values, fresh = json.loads(state), json.loads(start)
    bare = {name: _bare(value) for name, value in values.items()}

    def unchanged(name: str, value: Any) -> bool:
        # What chooses among demonstrations has nothing to choose among any more.
        return "signature" not in value or any(
            value == kept and f".{name}".endswith(f".{known}") for known, kept in fresh.items()
        )

    return start if bare and all(unchanged(name, value) for name, value in bare.items()) else canonical(bare)


def _bare(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: [] if key in _SHOWN else kept for key, kept in value.items()}


def digest_of(state: str) -> str:
    """Return the sha256 of a state, 64 hexadecimal digits."""
    return hashlib.sha256(state.encode()).hexdigest()


def folder_of(key: str) -> Path:
    """Return where the program of a key is kept."""
    return paths.programs_dir() / key[:32]


def save(key: str, parts: Mapping[str, Any], state: str, info: CompileInfo) -> None:
    """Keep a program compiled just now; a crash on the way leaves none. Raises ProgramError when it cannot be written.

    It bears the time of now and the versions of the packages that are installed.
    """
    versions = {"dspysota": __version__, "dspy": metadata.version("dspy")}
    put(Meta(key=key, parts=dict(parts), info=info, made=datetime.now(UTC), versions=versions), state)


def put(meta: Meta, state: str) -> None:
    """Keep a program with all that is known of it, as `save` does."""
    folder = folder_of(meta.key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "program.json", state)
        write(folder / "meta.json", canonical(meta.model_dump(mode="json")))
    except OSError as error:
        raise ProgramError(f"The compiled program cannot be kept in {str(folder)!r}: {error.strerror}.") from error


def load(parts: Mapping[str, Any], budget: Budget, since: datetime | None = None) -> tuple[str, CompileInfo] | None:
    """Return the state kept for a key's parts and what its compilation took, None where there is none made at `since`
    or later.

    Raises ProgramError when the files are damaged or belong to another program; with `since` they count as older.
    """
    key = full_key(parts, budget)
    try:
        found = _of_parts(key, parts, budget)
    except ProgramError:
        if since is None:
            raise
        return None
    if found is None:
        return None
    meta, state = found
    return (state, meta.info) if since is None or (meta.made is not None and meta.made >= since) else None


def _of_parts(key: str, parts: Mapping[str, Any], budget: Budget) -> tuple[Meta, str] | None:
    """Return what is kept for a key. Raises ProgramError where it was made of other parts: an import is anybody's."""
    found = read(folder_of(key))
    if found is None:
        return None
    meta, _ = found
    if meta.key != key:
        raise damaged(folder_of(key))
    spent = {"budget": meta.info.budget.model_dump(mode="json")} if meta.info.phases else {}
    sought = {"budget": budget.model_dump(mode="json")} if meta.info.phases else {}
    if differs := difference({**meta.parts, **spent}, {**parts, **sought}):
        raise ProgramError(
            f"The stored program {key[:12]!r} is another one than its key says: it has another {differs}. Delete it "
            f"(`dspysota programs rm {key[:12]}`), or run with --sota-no-cache, to have it compiled."
        )
    return found


def read(folder: Path) -> tuple[Meta, str] | None:
    """Return what a folder holds, None where it holds no whole program.

    Raises ProgramError when the files are damaged, or do not belong together or to the folder.
    """
    try:
        meta = Meta.model_validate_json(bounded(folder / "meta.json"))
        state = bounded(folder / "program.json").decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(folder) from error
    if folder_of(meta.key).name != folder.name or digest_of(state) != meta.info.program_digest:
        raise damaged(folder)
    return meta, state


def restore(module: dspy.Module, state: str) -> None:
    """Give a fresh program a state. Raises ProgramError when it is not one of this program."""
    try:
        # DSPy would set whatever attributes a state names, and build the language models in it: neither gets there.
        fits = shape.names(state) == {name for name, _ in module.named_parameters()}
        if fits:
            module.load_state(json.loads(state))
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, RecursionError) as error:
        raise _foreign() from error
    if not fits:
        raise _foreign()


def _foreign() -> ProgramError:
    return ProgramError("The stored program does not fit this one; run again with --sota-no-cache to compile it anew.")


def damaged(folder: Path) -> ProgramError:
    """Return the error of a folder whose files cannot be read, or do not belong together."""
    return ProgramError(
        f"The stored program in {str(folder)!r} is damaged, or of a newer dspysota; delete it (`dspysota programs rm "
        f"{folder.name[:12]}`), or run with --sota-no-cache."
    )


def bounded(path: Path) -> bytes:
    """Return what a file holds. Raises ValueError where that is more than a program has, and OSError."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return data


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
