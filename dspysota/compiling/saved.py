"""Compiled programs on disk: JSON in a folder per key, written whole or not at all, and never trusted when read.

<programs>/<key>/program.json   the state that DSPy dumps
<programs>/<key>/meta.json      what the key was made of, and what the compilation took
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dspy
from pydantic import ValidationError

from dspysota import paths
from dspysota.errors import ProgramError
from dspysota.records import CompileInfo

_SHOWN = ("demos", "traces", "train")
"""What a predictor's state holds of examples."""


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the sha256 of what determines a program, 64 hexadecimal digits."""
    return hashlib.sha256(_text(parts).encode()).hexdigest()


def state_of(module: dspy.Module) -> str:
    """Return the program's state as canonical JSON. Language models and their settings are not part of it."""
    return _text(module.dump_state())


def without_demonstrations(state: str, start: str) -> str:
    """Return a state with no demonstrations in it: `start`, the unprepared program's, where nothing else was changed.

    A program made of several, such as an ensemble, keeps the predictors of its parts under longer names; if each is an
    unprepared one, the whole answers as the unprepared program does.
    """
    values, fresh = json.loads(state), json.loads(start)
    bare = {name: _bare(value) for name, value in values.items()}

    def unchanged(name: str, value: Any) -> bool:
        return any(value == kept and f".{name}".endswith(f".{known}") for known, kept in fresh.items())

    return start if bare and all(unchanged(name, value) for name, value in bare.items()) else _text(bare)


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
    """Keep a program; a crash on the way leaves none. Raises ProgramError when it cannot be written."""
    folder = folder_of(key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "program.json", state)
        _write(folder / "meta.json", _text({"key": key, "parts": parts, "info": info.model_dump(mode="json")}))
    except OSError as error:
        raise ProgramError(f"The compiled program cannot be kept in {str(folder)!r}: {error.strerror}.") from error


def load(key: str) -> tuple[str, CompileInfo] | None:
    """Return the state kept for a key and what its compilation took, None where there is none.

    Raises ProgramError when the files are damaged or belong to another program.
    """
    folder = folder_of(key)
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        state = (folder / "program.json").read_text(encoding="utf-8")
        info = CompileInfo.model_validate(meta["info"])
        sound = meta["key"] == key and digest_of(state) == info.program_digest
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
        raise _damaged(folder) from error
    if not sound:
        raise _damaged(folder)
    return state, info


def restore(module: dspy.Module, state: str) -> None:
    """Give a fresh program a state. Raises ProgramError when it is not one of this program."""
    try:
        values = json.loads(state)
        names = {name for name, _ in module.named_parameters()}
        # A language model in the state would be built, with whatever address it names: ours never hold one.
        fits = values.keys() == names and all(values[name].get("lm") is None for name in names)
        if fits:
            module.load_state(values)
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, RecursionError) as error:
        raise _foreign() from error
    if not fits:
        raise _foreign()


def _foreign() -> ProgramError:
    return ProgramError("The stored program does not fit this one; run again with --sota-no-cache to compile it anew.")


def _damaged(folder: Path) -> ProgramError:
    return ProgramError(
        f"The stored program in {str(folder)!r} is damaged; delete the folder, or run with --sota-no-cache."
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
