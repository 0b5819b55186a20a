"""Any OpenAI-compatible server by URL: a running vLLM, llama.cpp, Ollama, or a cloud API."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError

from dspysota.errors import ConfigError, NotServedError, ServerError
from dspysota.records import ModelInfo
from dspysota.serving.endpoint import Endpoint
from dspysota.untrusted import Unbounded, quoted, read_within

if TYPE_CHECKING:
    from dspysota.catalog import ModelSpec

TIMEOUT = 15.0
MAX_LIST = 8 * 1024 * 1024
"""Bytes of a list of models that are read at most; one of some hundred models is below 1 MB."""

SHOWN = 10
"""How many served models an error names."""


def connect(
    spec_or_name: ModelSpec | str, base_url: str, api_key_env: str | None = None, *, key_required: bool = True
) -> Endpoint:
    """Check that a server is there and serves the model.

    Args:
        spec_or_name: a catalog entry, or the name under which the server serves the model. An entry is found under its
            own name or its hub repository's.
        base_url: with or without the version (`/v1`) at its end.
        api_key_env: the environment variable that holds the key; None: the server wants none.
        key_required: whether that variable has to be set; where it is not, the server is asked without a key.

    Raises:
        ConfigError: the URL or the variable is not usable.
        ServerError: the server cannot be reached, refuses the key, or (NotServedError) does not serve the model.
    """
    url = normal_url(base_url)
    key = _key(api_key_env, key_required)
    cards = {str(card.get("id")): card for card in _cards(url, key, TIMEOUT, api_key_env)}
    name, names = (spec_or_name, [spec_or_name]) if isinstance(spec_or_name, str) else _names(spec_or_name)
    served = _match(names, list(cards))
    if served is None:
        shown = ", ".join(f"'{quoted(one)}'" for one in list(cards)[:SHOWN]) + (", …" if len(cards) > SHOWN else "")
        raise NotServedError(
            f"The server at {url} does not serve '{name}'; it serves {shown or 'no model'}. "
            "Name one of these, or start it with `--served-model-name`."
        )
    length = cards[served].get("max_model_len")
    spec = None if isinstance(spec_or_name, str) else spec_or_name
    info = ModelInfo(
        name=name,
        digest=None,
        backend="endpoint",
        served_name=served,
        base_url=url,
        context_length=length if isinstance(length, int) else (spec.context_length if spec else None),
        parameters=spec.parameters if spec else None,
    )
    return Endpoint(base_url=url, served_name=served, api_key=key, info=info)


def served_names(base_url: str, api_key: str | None, *, timeout: float = TIMEOUT) -> list[str]:
    """List the names under which a server serves models. Raises ServerError when it does not say."""
    return [str(card.get("id")) for card in _cards(base_url, api_key, timeout, None)]


def normal_url(base_url: str) -> str:
    """Bring a base URL into the form `scheme://host[:port]/…/v1`.

    Raises:
        ConfigError: it is no http(s) URL, or has credentials, a query or a fragment in it.
    """
    try:
        parts = urlsplit(base_url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError("The base URL cannot be read; give it as `http://host:port/v1`.") from None
    if parts.username is not None or parts.password is not None:
        # Not shown: it has a password in it.
        raise ConfigError(
            f"The base URL for host '{host}' has credentials in it; put the key into an environment variable instead "
            "and name that variable."
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(f"The base URL is '{base_url}'; give it as `http://host:port/v1`.")
    if parts.query or parts.fragment:
        raise ConfigError(f"The base URL for host '{host}' has a query in it; give it as `http://host:port/v1`.")
    path = re.sub(r"/(chat/completions|completions|models)$", "", parts.path.rstrip("/"))
    if not re.search(r"/v\d[^/]*(/|$)", path):
        path += "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _key(variable: str | None, required: bool) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key and not required:
        return None
    if not key:
        raise ConfigError(f"The environment variable '{variable}' is to hold an API key but is not set; export it.")
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"The environment variable '{variable}' holds characters that no API key has.")
    return key


def _names(spec: ModelSpec) -> tuple[str, list[str]]:
    repos = [source.repo for source in spec.sources if source.kind == "hub"]
    return spec.name, [spec.name, *repos, *(repo.split("/")[1] for repo in repos)]


def _match(names: list[str], served: list[str]) -> str | None:
    """Find the first of our names that is served: exactly, else whatever the case or the owner before the slash."""
    for name in names:
        if name in served:
            return name
    known = {name.lower() for name in names}
    return next((one for one in served if one.lower() in known or one.lower().rpartition("/")[2] in known), None)


def _cards(url: str, key: str | None, timeout: float, variable: str | None) -> list[dict[str, Any]]:
    status, body = _models(url, key, timeout)
    if status in (401, 403):
        unset = f"its key goes into '{variable}', which is not set"
        named = f"check the key in '{variable}'" if key else unset
        cure = named if variable else "name the environment variable that holds its key"
        raise ServerError(f"The server at {url} refuses us (HTTP {status}); {cure}.")
    if status != 200:
        raise ServerError(f"{url}/models answers with HTTP {status}; is this the base URL of an OpenAI-like API?")
    try:
        cards = json.loads(body)["data"]
        return [card for card in cards if isinstance(card, dict)]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ServerError(f"{url}/models does not answer as an OpenAI-like API does; correct the base URL.") from None


def _models(url: str, key: str | None, timeout: float) -> tuple[int, bytes]:
    """Ask for the list of models; return the status and the body, bounded in size and in time."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    deadline = time.monotonic() + timeout
    try:
        # A redirect is not followed: the key is for this host alone.
        with urllib3.PoolManager(retries=False) as pool:
            reply = pool.request(
                "GET", f"{url}/models", headers=headers, timeout=timeout, redirect=False, preload_content=False
            )
            return reply.status, read_within(reply, MAX_LIST, lambda: time.monotonic() > deadline)
    except Unbounded as error:
        found = f"within {timeout:g} s" if error.late else f"within {MAX_LIST:,} bytes"
        raise ServerError(f"{url}/models does not end {found}; is this the base URL of an OpenAI-like API?") from None
    except HTTPError as error:
        raise ServerError(
            f"No server answers at {url} ({_reason(error)}); start it, or correct the base URL."
        ) from None


def _reason(error: HTTPError) -> str:
    """Say what went wrong in a few words, without the object addresses in urllib3's messages."""
    text = str(error).rpartition(": ")[2]
    return quoted(text, 120) or type(error).__name__
