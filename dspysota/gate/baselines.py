"""Baselines: runs kept small enough for git, and found again by name, folder or file.

`<out>/baselines/<NAME>/` is a finished run folder (`dspysota.store`) and `baseline.json`. Kept are scores, seconds,
tokens and ids of every example; left out are questions, prompts, outputs and messages of errors, addresses, and the
folders of paths. Runs stand in the order of their identities and cases in their own, so that the same runs give the
same bytes and a change is a small one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dspysota.errors import ConfigError, RunError
from dspysota.gate.identity import Asked, Identity
from dspysota.records import Call, Case, Record, Run, RunInfo
from dspysota.store import load_runs, resolved, write_finished
from dspysota.store.lines import parse, write_whole
from dspysota.store.reading import CASES_FILE, RUN_FILE, read_saved

FOLDER = "baselines"
FILE = "baseline.json"
MOST_TOKENS = 10**12
"""Of one call; whatever has more was not counted by a server."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Profile(Record):
    """`baseline.json`: the profile that the runs were saved under, and its cells."""

    profile: str
    cells: tuple[Asked, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Runs to compare with. `name` is how the user named them; `profile` is None where they were not saved as one."""

    name: str
    path: Path
    runs: tuple[Run, ...]
    profile: Profile | None = None


def check_name(name: str) -> str:
    """The name, where it can be one. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be the name of a baseline; use letters, digits, '.', '_' and '-', such as main."
        )
    return name


def available(out: Path) -> list[str]:
    """Names of the baselines saved below `out`."""
    folder = out / FOLDER
    return sorted(path.name for path in folder.iterdir() if (path / RUN_FILE).is_file()) if folder.is_dir() else []


def find(text: str, *, out: Path, base: Path) -> Path:
    """The run folder, or the file of a saved run, that `text` names: a baseline's name first, then a path from `base`.

    Raises ConfigError naming the baselines that there are.
    """
    if text in available(out):
        return out / FOLDER / text
    path = base / Path(text).expanduser()
    if path.name in (RUN_FILE, CASES_FILE):
        path = path.parent
    if path.is_file() and path.suffix == ".jsonl":
        return path
    if path.exists():
        path = resolved(path)
    if not (path / RUN_FILE).is_file():
        names = available(out)
        there = f"saved are {', '.join(names)}" if names else "none is saved yet: --sota-save NAME does it"
        raise ConfigError(f"{text!r} is neither a baseline nor a folder or file with runs; {there}.")
    return path


def load(path: Path, name: str) -> Baseline:
    """The runs of what `find` found. Raises RunError where they cannot be read, or there is none."""
    runs = [read_saved(path)] if path.is_file() else load_runs(path)
    if not runs:
        raise RunError(f"{name!r} holds no runs to compare with.")
    for run in runs:
        _check_numbers(run, name)
    about = path / FILE
    profile = parse(Profile, about.read_bytes(), about, 1) if about.is_file() else None
    return Baseline(name=name, path=path, runs=tuple(runs), profile=profile)


def _check_numbers(run: Run, name: str) -> None:
    """Raise RunError for numbers that no measurement can have: the files can be edited by hand."""
    for case in run.cases:
        tokens = [count for call in case.calls for count in (call.usage.prompt_tokens, call.usage.completion_tokens)]
        wrong = [f"score {one!r}" for one in case.scores.values() if not 0 <= one <= 1]
        wrong += [f"{one!r} seconds" for one in (case.seconds,) if not 0 <= one < math.inf]
        wrong += ["a number of tokens" for one in tokens if one is not None and not 0 <= one < MOST_TOKENS]
        if wrong:
            raise RunError(f"{name!r} has {wrong[0]} in case {case.case_id!r} of {run.name}, which cannot be.")


def save(
    out: Path, name: str, runs: Iterable[Run], *, profile: Profile, drop: Collection[Identity] = ()
) -> tuple[Path, int]:
    """Keep `runs` as baseline `name`; return its folder and how many runs of an earlier one were left in it.

    Runs of the same identity are replaced, those in `drop` taken out; what else the baseline holds stays, so that a
    session of one task does not lose another's. Raises ConfigError or RunError.
    """
    path = out / FOLDER / check_name(name)
    new = [slim(run) for run in runs]
    taken = {*drop, *(Identity.of(run.info) for run in new)}
    old = load_runs(path) if (path / RUN_FILE).is_file() else []
    kept = [run for run in old if Identity.of(run.info) not in taken]
    path.mkdir(parents=True, exist_ok=True)
    write_finished(path, sorted([*kept, *new], key=_order))
    write_whole(path / FILE, profile.model_dump_json(indent=1).encode() + b"\n")
    return path, len(kept)


def slim(run: Run) -> Run:
    """The run without what a comparison does not need, and without what should not be in a repository."""
    return Run(info=_info(run.info), cases=tuple(map(_case, run.cases)))


def _order(run: Run) -> tuple[str, ...]:
    return (*map(str, Identity.of(run.info)), run.info.data.digest, run.info.key)


def _info(info: RunInfo) -> RunInfo:
    model = info.model.model_copy(
        update={
            "base_url": "",
            "served_name": info.model.name,
            "server_flags": tuple(map(_placeless, info.model.server_flags)),
            "server_env": {name: _placeless(value) for name, value in sorted(info.model.server_env.items())},
        }
    )
    data = info.data.model_copy(update={"origin": _placeless(info.data.origin)})
    compiled = info.compile.model_copy(update={"notes": ()})
    return info.model_copy(update={"model": model, "data": data, "compile": compiled})


def _case(case: Case) -> Case:
    return case.model_copy(
        update={
            "question": "",
            "gold": "",
            "prediction": None,
            "error": None if case.error is None else str(case.failure),
            "calls": tuple(map(_call, case.calls)),
            "seconds": round(case.seconds, 4),
            "details": {},
        }
    )


def _call(call: Call) -> Call:
    first, queue = (None if each is None else round(each, 4) for each in (call.first_token_seconds, call.queue_seconds))
    return call.model_copy(
        update={
            "messages": (),
            "output": "",
            "seconds": round(call.seconds, 4),
            "retry_seconds": round(call.retry_seconds, 4),
            "first_token_seconds": first,
            "queue_seconds": queue,
            "error": None if call.error is None else "error",
        }
    )


def _placeless(text: str) -> str:
    """Words without the folders of absolute paths, and without addresses."""
    return " ".join(map(_word, text.split(" ")))


def _word(word: str) -> str:
    name, by, value = word.rpartition("=")
    if "://" in value:
        return f"{name}{by}URL"
    return f"{name}{by}{PurePosixPath(value).name}" if value.startswith(("/", "~")) else word
