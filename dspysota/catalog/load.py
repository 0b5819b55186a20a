"""Reads the shipped catalog and the user's own file, which adds entries or changes fields of shipped ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dspysota import paths
from dspysota.catalog.spec import ModelSpec
from dspysota.errors import ConfigError

SHIPPED = Path(__file__).with_name("models.yaml")
TEMPLATES = Path(__file__).with_name("templates")
USER_FILE = "dspysota-models.yaml"
FIELDS = tuple(field for field in ModelSpec.model_fields if field != "name")


def catalog() -> dict[str, ModelSpec]:
    """Every model that can be named, shipped ones first.

    Raises ConfigError when the user's file cannot be read; the message names file, entry, field and valid values.
    """
    models = dict(_shipped())
    path = user_file()
    if path is None:
        return models
    for name, fields in _entries(path).items():
        shipped = models[name].model_dump() if name in models else {}
        models[name] = _spec(path, name, {**shipped, **_resolved(fields, path)})
    return models


def find(name: str) -> ModelSpec:
    """The entry called `name`. Raises ConfigError with near matches when there is none."""
    models = catalog()
    if name in models:
        return models[name]
    near = get_close_matches(name, models, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(n) for n in near)}?" if near else f"There are {', '.join(models)}."
    raise ConfigError(f"No model is called {name!r}. {hint} A model of your own goes into {USER_FILE}.")


def template_path(spec: ModelSpec) -> Path | None:
    """The chat template to serve the model with, or None when its tokenizer brings one."""
    return TEMPLATES / spec.chat_template if spec.chat_template else None


def user_file() -> Path | None:
    """The user's catalog: `DSPYSOTA_MODELS`, else `dspysota-models.yaml` here, else in the user's config folder.

    Raises ConfigError when `DSPYSOTA_MODELS` names no file.
    """
    named = os.environ.get("DSPYSOTA_MODELS")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(f"DSPYSOTA_MODELS names {named!r}, which is no file; name a catalog file or unset it.")
        return path
    return next((path for path in (Path(USER_FILE), paths.config_dir() / USER_FILE) if path.is_file()), None)


@cache
def _shipped() -> Mapping[str, ModelSpec]:
    return {name: _spec(SHIPPED, name, fields) for name, fields in _entries(SHIPPED).items()}


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}.") from error
    models = content.get("models") if isinstance(content, dict) else None
    if not isinstance(models, dict):
        raise ConfigError(
            f"{path} has no mapping `models:` at its top; its entries go below it, as `models: {{NAME: …}}`."
        )
    for name, fields in models.items():
        if not isinstance(fields, dict):
            raise ConfigError(
                f"{path}: entry {name!r} is {fields!r}; it must map fields to values: {', '.join(FIELDS)}."
            )
        if "name" in fields:
            raise ConfigError(f"{path}: entry {name!r} has a field 'name'; the key above it is the name already.")
    return {str(name): fields for name, fields in models.items()}


def _resolved(fields: dict[str, Any], path: Path) -> dict[str, Any]:
    """A user's chat template is a file beside the user's catalog, or one of the shipped ones."""
    template = fields.get("chat_template")
    if isinstance(template, str) and (own := path.absolute().parent / template).is_file():
        return {**fields, "chat_template": str(own)}
    return fields


def _spec(path: Path, name: str, fields: Mapping[str, Any]) -> ModelSpec:
    try:
        spec = ModelSpec.model_validate({**fields, "name": name})
    except ValidationError as error:
        raise ConfigError(f"{path}: entry {name!r}: {_first(error)}") from error
    template = template_path(spec)
    if template is not None and not template.is_file():
        shipped = ", ".join(sorted(file.name for file in TEMPLATES.glob("*.jinja")))
        raise ConfigError(
            f"{path}: entry {name!r}: field 'chat_template' names {spec.chat_template!r}, which is neither a file "
            f"beside the catalog nor one of {shipped}."
        )
    return spec


def _first(error: ValidationError) -> str:
    """The first fault in one sentence, with the field, the value and what would be right."""
    # A misspelt field is also a missing one; the misspelling is what helps.
    fault = min(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    field = ".".join(str(part) for part in fault["loc"]) or "sources"
    match fault["type"]:
        case "extra_forbidden":
            return f"there is no field {field!r}; the fields are {', '.join(FIELDS)}."
        case "missing":
            return f"field {field!r} is missing."
        case _:
            shown = repr(fault["input"])
            reason = fault["msg"].removeprefix("Value error, ")
            return f"field {field!r} is {shown if len(shown) <= 80 else shown[:79] + '…'}: {reason}."
