"""Weights from the Hugging Face hub: safetensors, config and tokenizer only. Pickled weights are never fetched."""

from __future__ import annotations

import os
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from dspysota.catalog import HubSource, ModelSpec
from dspysota.errors import ModelError
from dspysota.models.disk import require_space
from dspysota.models.progress import Reporter, human
from dspysota.models.weights import file_digest

DEFAULT_ENDPOINT = "https://huggingface.co"
PROBE_SECONDS = 3.0
WANTED = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "chat_template*",
)
# Folders hold other formats of the same weights (original/, onnx/); consolidated.safetensors is Mistral's second copy.
UNWANTED = ("*/*", "consolidated*")


def unreachable() -> str | None:
    """Why the hub cannot be used now, or None when it can. Takes at most 3 seconds."""
    if os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}:
        return "HF_HUB_OFFLINE is set"
    answers: list[str | None] = []
    probe = threading.Thread(target=lambda: answers.append(_probe()), daemon=True)
    probe.start()
    # In a thread, because resolving a host name ignores every timeout.
    probe.join(PROBE_SECONDS)
    return answers[0] if answers else f"{_endpoint()} does not answer within {PROBE_SECONDS:.0f} s"


def fetch(source: HubSource, folder: Path, *, spec: ModelSpec, reporter: Reporter) -> str:
    """Bring the repository's weights into `folder`, and return the commit that they are of.

    An interrupted download continues where it stopped. Every file that the hub declares a sha256 for is checked.
    Raises ModelError when the hub is unreachable, refuses, has no safetensors, or sends what it did not declare.
    """
    token = _token(spec, source)
    reason = unreachable()
    if reason:
        raise ModelError(
            f"the hub cannot be reached: {reason}; cure that, name a mirror in HF_ENDPOINT, "
            "or take a model that `dspysota models list` calls small."
        )
    with _explained(source, token):
        commit, files = _files(source, token)
        total = sum(size for size, _ in files.values())
        here = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
        require_space(folder, total - here, f"{spec.name!r} from the hub")
        text = f"{spec.name}: downloading {source.repo} ({human(total)})"
        with reporter.task(text, folder=folder, total=total), _no_other_bars():
            _snapshot(source, commit, folder, token, files)
    with reporter.task(f"{spec.name}: verifying {len(files)} files"):
        _verify(source, folder, files)
    _tidy(folder, files)
    return commit


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


def _probe() -> str | None:
    try:
        with urllib.request.urlopen(urllib.request.Request(_endpoint(), method="HEAD"), timeout=PROBE_SECONDS):
            return None
    except urllib.error.HTTPError:
        return None  # It answers, if not to this.
    except (OSError, ValueError) as error:
        return f"{_endpoint()}: {getattr(error, 'reason', error)}"


def _token(spec: ModelSpec, source: HubSource) -> str | None:
    from huggingface_hub import get_token

    token = os.environ.get("HF_TOKEN") or get_token()
    if spec.gated and not token:
        raise ModelError(_gate(source, "needs an account that has accepted its license"))
    return token


def _gate(source: HubSource, why: str) -> str:
    return (
        f"{source.repo} is gated and {why}: accept it at {DEFAULT_ENDPOINT}/{source.repo}, "
        "then set HF_TOKEN to a token of that account."
    )


def _files(source: HubSource, token: str | None) -> tuple[str, dict[str, tuple[int, str | None]]]:
    """The commit, and size and declared sha256 of every wanted file."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=_endpoint(), token=token or False)
    info = api.model_info(source.repo, revision=source.revision, files_metadata=True, timeout=30)
    siblings = {file.rfilename: file for file in info.siblings or ()}
    wanted = [name for name in siblings if _matches(name, WANTED) and not _matches(name, UNWANTED)]
    files = {n: (siblings[n].size or 0, lfs.sha256 if (lfs := siblings[n].lfs) else None) for n in wanted}
    if not any(name.endswith(".safetensors") for name in files):
        raise ModelError(f"{source.origin} has no safetensors; weights in pickled form are never loaded.")
    return info.sha or source.revision, files


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _snapshot(source: HubSource, commit: str, folder: Path, token: str | None, names: Iterable[str]) -> None:
    from huggingface_hub import snapshot_download

    snapshot_download(
        source.repo,
        revision=commit,
        local_dir=folder,
        allow_patterns=list(names),
        max_workers=4,
        endpoint=_endpoint(),
        token=token or False,
    )


def _verify(source: HubSource, folder: Path, files: Mapping[str, tuple[int, str | None]]) -> None:
    for name, (_, sha256) in files.items():
        if sha256 and file_digest(folder / name) != sha256:
            (folder / name).unlink()
            raise ModelError(f"{name!r} of {source.origin} is not what the hub declares; it was deleted, pull again.")


def _tidy(folder: Path, names: Container[str]) -> None:
    """Leave nothing but the repository's files: an interrupted pull of another revision may have brought others."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in names:
            path.unlink()


@contextmanager
def _no_other_bars() -> Iterator[None]:
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


@contextmanager
def _explained(source: HubSource, token: str | None) -> Iterator[None]:
    """Turn what the hub's client raises into one sentence each."""
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        why = "the account of HF_TOKEN has no access yet" if token else "HF_TOKEN is not set"
        raise ModelError(_gate(source, why)) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(f"the hub has no repository {source.repo!r}, or HF_TOKEN may not see it.") from error
    except errors.RevisionNotFoundError as error:
        raise ModelError(f"{source.repo} has no revision {source.revision!r}.") from error
    except (errors.HfHubHTTPError, httpx.HTTPError, OSError) as error:
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"the download of {source.repo} broke off ({words[0]}); pull again to continue it.") from error
