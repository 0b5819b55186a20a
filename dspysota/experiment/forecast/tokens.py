"""How many tokens a prompt is: by the model's own tokenizer where its weights are here, else by its characters."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dspysota.catalog import ModelSpec
from dspysota.catalog.load import template_path
from dspysota.models import Weights
from dspysota.records import Message

CHARACTERS = 3.5
"""Characters of a prompt for one token."""

FRAME = 5.0
"""Tokens that a chat template puts around a message.

With both, the mean prompts of ten runs of Qwen2.5-Coder on GSM8K and HotpotQA (zero_shot, few_shot and bootstrap; plain
and chat) come out between 20% too low and 19% too high (benchmarks/prompt_tokens.py).
"""

Text = Sequence[Message] | str


@dataclass(frozen=True)
class Counter:
    """Counts the tokens of many prompts or texts at once."""

    count: Callable[[Sequence[Text]], list[float]]
    exact: bool
    """Whether by the model's own tokenizer."""


def counter(spec: ModelSpec | None, weights: Weights | None) -> Counter:
    """The counter of a model."""
    found = _by_tokenizer(spec, weights.path) if spec is not None and weights is not None else None
    return Counter(found, True) if found is not None else Counter(_by_characters, False)


def _by_characters(texts: Sequence[Text]) -> list[float]:
    return [len(_plain(text)) / CHARACTERS + (0.0 if isinstance(text, str) else FRAME * len(text)) for text in texts]


def _plain(text: Text) -> str:
    return text if isinstance(text, str) else "\n".join(message.content for message in text)


def _by_tokenizer(spec: ModelSpec, folder: Path) -> Callable[[Sequence[Text]], list[float]] | None:
    try:
        from tokenizers import Tokenizer  # comes with the model server; late, for it takes a moment

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # noqa: BLE001  it is a Rust library's, which raises the bare class
        return None
    written = _template(spec, folder)

    def count(texts: Sequence[Text]) -> list[float]:
        sent = [text if isinstance(text, str) else written(text) for text in texts]
        return [float(len(found.ids)) for found in tokenizer.encode_batch(sent, add_special_tokens=False)]

    return count


def _template(spec: ModelSpec, folder: Path) -> Callable[[Sequence[Message]], str]:
    """What the server makes of chat turns; the turns themselves where there is no template, or it refuses them."""
    settings = _settings(folder)
    own = template_path(spec)
    path = own if own is not None else folder / "chat_template.jinja"
    text = path.read_text(encoding="utf-8") if path.is_file() else settings.get("chat_template")
    if not isinstance(text, str):
        return _plain
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = _refuse
    names = {name: _said(settings.get(name)) for name in ("bos_token", "eos_token")}

    def written(messages: Sequence[Message]) -> str:
        turns = [message.model_dump() for message in messages]
        if [turn["role"] for turn in turns] == ["prompt"]:  # a text to be continued has no template
            return _plain(messages)
        try:
            return environment.from_string(text).render(messages=turns, add_generation_prompt=True, **names)
        except Exception:  # noqa: BLE001  whatever a template raises, the words are the most of it
            return _plain(messages)

    return written


def _settings(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "tokenizer_config.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _said(token: Any) -> str:
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _refuse(message: str) -> None:
    raise ValueError(message)
