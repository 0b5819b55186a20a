"""The folder of one command: created or continued, written by several processes, closed with its results."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import JsonValue

from dspysota.errors import RunError
from dspysota.records import Run, RunInfo
from dspysota.store.journal import Journal
from dspysota.store.lines import read_lines, write_whole
from dspysota.store.reading import (
    AGAIN,
    AGAIN_FILE,
    CASES_FILE,
    JOURNALS,
    RUN_FILE,
    SAVED,
    CaseLine,
    Manifest,
    load_runs,
    read_again,
    read_info,
    read_manifest,
    read_saved,
    started,
)

LATEST = "latest"
OWNER = ".owner"
"""The file whose lock the owner of a folder holds."""
NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
"""What run folders are called: when they began, UTC, and four random digits."""
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def command_key(command: Mapping[str, JsonValue]) -> str:
    """Digest of everything that makes two commands the same: 16 hexadecimal digits of the sha256 of canonical JSON."""
    text = json.dumps(command, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def finished(out: Path) -> Iterator[tuple[Path, tuple[RunInfo, ...]]]:
    """The finished run folders of a reports folder, the newest first, each with what its runs were.

    What cannot be read is left out.
    """
    names = [path for path in out.iterdir() if NAME.fullmatch(path.name)] if out.is_dir() else []
    for path in sorted(names, reverse=True):
        try:
            manifest = read_manifest(path)
        except RunError:
            continue
        if manifest.status == "finished":
            yield path, manifest.runs


class RunFolder:
    """`<out>/<UTC stamp>-<4 hex>/`, owned by one living process, joined by its helpers.

    `path` is the folder; `continued` says whether an interrupted command left it. Ownership is a file lock, which the
    system takes back however the owner dies.
    """

    def __init__(self, path: Path, owner: FileLock | None, *, continued: bool) -> None:
        self.path = path
        self.continued = continued
        self._owner = owner

    @classmethod
    def open(cls, out: Path, command_key: str, *, fresh: bool = False, command: str = "") -> RunFolder:
        """Continues the newest unfinished folder of the same command whose process is dead, else creates one.

        A folder in use by a living process is left alone, and so are those older than a finished one of the same
        command. `fresh` always creates. `command` is kept for the reader. Raises RunError when `out` is not writable.
        """
        try:
            out.mkdir(parents=True, exist_ok=True)
            if not fresh:
                for path in _unfinished(out, command_key):
                    if (owner := _claim(path)) is not None:
                        return cls(path, owner, continued=True)
            return cls._create(out, command_key, command)
        except OSError as wrong:
            raise RunError(f'No run folder can be made in "{out}": {wrong.strerror}; name another one.') from None

    @classmethod
    def join(cls, path: Path) -> RunFolder:
        """The folder that another process has opened: journals and runs may be added, only the owner finishes it."""
        read_manifest(path)
        return cls(path, None, continued=False)

    @classmethod
    def claim(cls, path: Path) -> RunFolder:
        """The unfinished folder of an owner that has ended, to be finished by this process.

        Raises RunError when a living process owns it, or it is finished.
        """
        if (owner := _claim(path)) is None:
            raise RunError(f'"{path.name}" belongs to a living process or is finished; it cannot be taken over.')
        return cls(path, owner, continued=False)

    @classmethod
    def _create(cls, out: Path, command_key: str, command: str) -> RunFolder:
        now = datetime.now(UTC)
        while True:
            path = out / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
            try:
                path.mkdir()
                break
            except FileExistsError:
                continue
        owner = _claim(path)
        assert owner is not None, "a folder that was made just now has no other owner"
        _write_manifest(path, Manifest(status="running", command_key=command_key, command=command, started=_iso(now)))
        return cls(path, owner, continued=False)

    @property
    def started(self) -> datetime:
        """When the command began, UTC; of a continued one, its first session. Raises RunError."""
        return datetime.fromisoformat(read_manifest(self.path).started)

    def drop(self, run_key: str) -> None:
        """Forgets the journal of a run that nobody will go on with."""
        for part in (JOURNALS, AGAIN):
            self._file(part, run_key).unlink(missing_ok=True)

    def journal(self, run_key: str, info: RunInfo | None = None) -> Journal:
        """The journal of a run, with what earlier sessions left in it; `info` lets `load_runs` read it half-done.

        Raises RunError when the key cannot be a file name, or as `Journal` does.
        """
        return Journal(self._file(JOURNALS, run_key), run_key, info)

    def again(self, run_key: str) -> Journal:
        """The journal of second answers to questions of a run. Raises RunError as `journal` does."""
        return Journal(self._file(AGAIN, run_key), run_key)

    def turn(self, key: str) -> FileLock:
        """Lock under which one of several processes makes a run, so that the others find it made."""
        path = self._file(JOURNALS, key).with_suffix(".turn")
        path.parent.mkdir(exist_ok=True)
        return FileLock(path)

    def save_run(self, run: Run) -> None:
        """Stores a run whose cases are complete; a second run of the same key replaces the first. Raises RunError."""
        lines = [run.info.model_dump_json()]
        lines += [CaseLine(run=run.info.key, case=case).model_dump_json() for case in run.cases]
        path = self._file(SAVED, run.info.key)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, ("\n".join(lines) + "\n").encode())

    def saved(self, run_key: str) -> Run | None:
        """The run of this key, when it is complete already."""
        path = self._file(SAVED, run_key)
        return read_saved(path) if path.exists() else None

    def runs(self) -> list[Run]:
        """The runs so far, by the time they started; see `load_runs`. Raises RunError."""
        return load_runs(self.path)

    def unfinished(self) -> list[str]:
        """Keys of runs that have a journal but were not saved."""
        saved = {path.stem for path in (self.path / SAVED).glob("*.jsonl")}
        return sorted(path.stem for path in (self.path / JOURNALS).glob("*.jsonl") if path.stem not in saved)

    def finish(self) -> None:
        """Writes `run.json` and `cases.jsonl`, removes the journals, and points `latest` here.

        A folder that was only joined is left for its owner to finish. Call `close` instead while `unfinished()` names
        runs that the same command should go on with: their journals would be removed. Each step leaves a
        folder that can be read, so that a kill in between loses nothing.
        """
        if self._owner is None:
            return
        infos = sorted(map(read_info, (self.path / SAVED).glob("*.jsonl")), key=started)
        parts = [islice(read_lines(self._file(SAVED, info.key)), 1, None) for info in infos]
        write_whole(self.path / CASES_FILE, b"".join(line for _, line in chain.from_iterable(parts)))
        again = [line for info in infos for line in read_again(self._file(AGAIN, info.key))]
        if again:
            text = "".join(line.model_dump_json() + "\n" for line in again)
            write_whole(self.path / AGAIN_FILE, text.encode())
        manifest = read_manifest(self.path)
        done = {"status": "finished", "finished": _iso(datetime.now(UTC)), "runs": tuple(infos)}
        _write_manifest(self.path, manifest.model_copy(update=done))
        for part in (JOURNALS, AGAIN, SAVED):
            shutil.rmtree(self.path / part, ignore_errors=True)
        (self.path / OWNER).unlink(missing_ok=True)  # whoever waits for it finds the folder finished
        self.close()

    def close(self) -> None:
        """Gives the folder back, finished or not, and points `latest` here. Harmless to repeat."""
        if self._owner is not None:
            point_latest(self.path)
            self._owner.release()
            self._owner = None

    def _file(self, part: str, run_key: str) -> Path:
        if not _KEY.fullmatch(run_key):
            raise RunError(f"{run_key!r} cannot be a run key; use letters, digits, '.', '_' and '-'.")
        return self.path / part / f"{run_key}.jsonl"


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def _write_manifest(path: Path, manifest: Manifest) -> None:
    write_whole(path / RUN_FILE, manifest.model_dump_json(by_alias=True, indent=1).encode() + b"\n")


def _unfinished(out: Path, command_key: str) -> Iterator[Path]:
    """Folders of this command without an end, newest first, down to the newest finished one."""
    for path in sorted((path for path in out.iterdir() if NAME.fullmatch(path.name)), reverse=True):
        try:
            manifest = read_manifest(path)
        except RunError:  # killed before it was written, or a newer format: not ours to continue
            continue
        if manifest.command_key == command_key:
            if manifest.status == "finished":
                return
            yield path


def _claim(path: Path) -> FileLock | None:
    """The lock of a folder; None when a living process has it or has finished the folder meanwhile."""
    owner = FileLock(path / OWNER, thread_local=False)
    try:
        owner.acquire(timeout=0)
    except Timeout:
        return None
    if (path / RUN_FILE).exists() and read_manifest(path).status == "finished":
        owner.release()
        return None
    return owner


def point_latest(path: Path) -> None:
    """`latest` beside the folder: a relative link, or a text file with its name where links are not allowed."""
    latest = path.parent / LATEST
    beside = path.parent / f".{LATEST}.{os.getpid()}"
    try:
        beside.unlink(missing_ok=True)
        beside.symlink_to(path.name, target_is_directory=True)
        beside.replace(latest)
    except OSError:
        beside.unlink(missing_ok=True)
        write_whole(latest, f"{path.name}\n".encode())
