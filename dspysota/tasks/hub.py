"""Benchmark files from the Hugging Face hub, at a pinned revision; what is in the hub's cache needs no network."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

PROBE_SECONDS = 3.0
"""How long the hub may take to answer before it counts as unreachable."""


class HubUnavailableError(Exception):
    """The hub cannot deliver; the message says why, to be read after "because". Handled inside `dspysota.tasks`."""


@dataclass(frozen=True)
class HubFiles:
    """A data set's repository at a commit, and the Parquet files in it that hold training and test rows."""

    repository: str
    revision: str
    train: str
    test: str


def fetch(files: HubFiles, *, offline: bool) -> tuple[Any, Any]:
    """Return training and test rows as two `datasets.Dataset`, downloading what the cache lacks.

    With `offline`, only the cache is looked at. Raises HubUnavailableError where the files cannot be had.
    """
    paths = _cached(files)
    if paths is None:
        if offline:
            raise HubUnavailableError("HF_HUB_OFFLINE is set and the hub's cache does not hold the rows")
        _probe()
        paths = _download(files)
    return _table(paths[0]), _table(paths[1])


def _cached(files: HubFiles) -> tuple[str, str] | None:
    from huggingface_hub import try_to_load_from_cache  # imported late: takes a second

    paths = [
        try_to_load_from_cache(files.repository, name, revision=files.revision, repo_type="dataset")
        for name in (files.train, files.test)
    ]
    train, test = paths
    return (train, test) if isinstance(train, str) and isinstance(test, str) else None


def _download(files: HubFiles) -> tuple[str, str]:
    import httpx
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import FileMetadataError

    try:
        train, test = (
            hf_hub_download(files.repository, name, revision=files.revision, repo_type="dataset", etag_timeout=10)
            for name in (files.train, files.test)
        )
    except (httpx.HTTPError, FileMetadataError, OSError) as error:  # the bases of all that the hub's client raises
        reason = " ".join(str(error).split())[:200]
        raise HubUnavailableError(f"the hub did not deliver {files.repository} ({reason})") from error
    return train, test


def _table(path: str) -> Any:
    """Return the rows of a Parquet file, memory-mapped by `datasets`."""
    import datasets

    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        return datasets.Dataset.from_parquet(path)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HubUnavailableError(f"{path!r} from the hub cannot be read ({reason}); delete it") from error
    finally:
        if bars:
            datasets.enable_progress_bars()


def _probe() -> None:
    """Raise HubUnavailableError unless the hub answers within `PROBE_SECONDS`, name resolution included."""
    from huggingface_hub import constants

    answered = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(f"{constants.ENDPOINT}/api/datasets/openai/gsm8k", method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=PROBE_SECONDS).close()
        except urllib.error.HTTPError:
            answered.set()  # an answer, if not the one wanted; the download will say more
        except (OSError, ValueError):
            return
        else:
            answered.set()

    # A thread, because no timeout of a socket covers a resolver that hangs.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    if not answered.is_set():
        raise HubUnavailableError(f"the hub at {constants.ENDPOINT} did not answer within {PROBE_SECONDS:g} s")
